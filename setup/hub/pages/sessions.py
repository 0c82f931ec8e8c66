"""Signing in and out, signing up, access tokens, and letting a program sign in."""

import re

from starlette.requests import Request
from starlette.responses import Response

from setup.hub import access
from setup.hub.accounts import COOKIE, SESSION, Account
from setup.hub.errors import BadRequest, Conflict, Forbidden, NotFound
from setup.hub.pages import forms, rendering
from setup.hub.pages.forms import Form
from setup.hub.signing import Devices

MAX_TITLE = 100  # characters of a token's name
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]*")  # an address on this Hub, not on another


def login(request: Request) -> Response:
    """GET /login."""
    return _login(request, request.query_params.get("next", "/"))


def sign_in(request: Request, sent: Form) -> Response:
    """POST /login: open a session with a token."""
    goal = sent.get("next", "/")
    key = rendering.accounts(request).start_session(sent.get("token", "").strip())
    if key is None:
        problem = "This Hub does not know that token. It starts with hf_ and has 43 characters."
        return _login(request, goal, problem, 401)
    rendering.accounts(request).end_session(request.cookies.get(COOKIE, ""))
    return with_session(request, rendering.redirect(local(goal)), key)


def sign_out(request: Request, sent: Form) -> Response:
    """POST /logout."""
    rendering.accounts(request).end_session(request.cookies.get(COOKIE, ""))
    answer = rendering.redirect("/")
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


def join(request: Request) -> Response:
    """GET /join; raises Forbidden where signing up is closed."""
    _require_sign_up(request)
    return rendering.page(request, "join.html", name="", problem="")


def sign_up(request: Request, sent: Form) -> Response:
    """POST /join: make an account, sign in, and show its token this once."""
    _require_sign_up(request)
    name = sent.get("name", "").strip()
    try:
        token = rendering.accounts(request).sign_up(name)
    except (BadRequest, Conflict) as err:
        return rendering.page(request, "join.html", err.status, name=name, problem=err.message)
    answer = rendering.page(request, "welcome.html", name=name, token=token)
    answer.headers["Cache-Control"] = "no-store"
    key = rendering.accounts(request).start_session(token)
    return with_session(request, answer, key or "")


def tokens(request: Request) -> Response:
    """GET /settings/tokens."""
    return forms.to_sign_in(request) or _tokens(request, access.known(request))


def make_token(request: Request, sent: Form) -> Response:
    """POST /settings/tokens: make one, and show it this once."""
    account = _trusted(request)
    name = sent.get("name", "").strip()
    if not 0 < len(name) <= MAX_TITLE:
        problem = f"Give the token a name of at most {MAX_TITLE} characters, to know it by."
        return _tokens(request, account, problem=problem, status=400)
    made = rendering.accounts(request).issue(account.name, name, sent.get("role", "read"))
    answer = _tokens(request, account, made=made)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def revoke_token(request: Request, sent: Form) -> Response:
    """POST /settings/tokens/revoke; a session that the token opened ends with it."""
    account = _trusted(request)
    rendering.accounts(request).revoke(account.name, sent.get("key", ""))
    return rendering.redirect("/settings/tokens")


def device(request: Request) -> Response:
    """GET /oauth/device[?user_code=...]: may the program that shows this code sign in?"""
    return forms.to_sign_in(request) or _device(request, request.query_params.get("user_code", ""))


def answer_device(request: Request, sent: Form) -> Response:
    """POST /oauth/device/answer: authorize the program, or deny it."""
    account = _trusted(request)
    code, allowed = sent.get("user_code", "").strip(), sent.get("answer") == "authorize"
    try:
        _devices(request).answer(code, account if allowed else None)
    except NotFound as err:
        return _device(request, code, err.message, 404)
    return rendering.page(request, "device_done.html", allowed=allowed)


def local(goal: str) -> str:
    """Give an address to go on to, if it is one of this Hub's own, else the front page.

    >>> local("/new"), local("//elsewhere.org"), local("https://elsewhere.org")
    ('/new', '/', '/')
    """
    return goal if _LOCAL.fullmatch(goal) else "/"


def with_session(request: Request, answer: Response, key: str) -> Response:
    """Give a session's key to the browser, out of the reach of scripts and of other sites."""
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, key, SESSION, httponly=True, samesite="lax", secure=secure)
    return answer


def _login(request: Request, goal: str, problem: str = "", status: int = 200) -> Response:
    return rendering.page(request, "login.html", status, next=local(goal), problem=problem)


def _require_sign_up(request: Request) -> None:
    if not rendering.accounts(request).sign_up_allowed:
        raise Forbidden("Signing up is closed: whoever runs this Hub opens it with --sign-up.")


def _trusted(request: Request) -> Account:
    """Give the account that may make and revoke tokens; raises Forbidden for a reading one."""
    account = access.known(request)
    if account.role != "write":
        raise Forbidden("You signed in with a token that only allows reading.")
    return account


def _tokens(
    request: Request, account: Account, *, made: str = "", problem: str = "", status: int = 200
) -> Response:
    listed = rendering.accounts(request).tokens(account.name)
    return rendering.page(request, "tokens.html", status, listed=listed, made=made, problem=problem)


def _devices(request: Request) -> Devices:
    found: Devices = request.app.state.devices
    return found


def _device(request: Request, code: str, problem: str = "", status: int = 200) -> Response:
    waits = code.isascii() and bool(code) and _devices(request).pending(code) is not None
    if code and not waits and not problem:
        problem, status = "No sign-in waits under this code. It may have run out.", 404
    return rendering.page(
        request, "device.html", status, code=code[:20], waits=waits, problem=problem
    )
