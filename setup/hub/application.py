"""The application: which function answers at which address, and how errors are told."""

from collections.abc import Mapping

import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from setup.hub import cards, catalog, errors, files, information
from setup.hub.accounts import Accounts
from setup.hub.addresses import RawPath, identity, kind_and_rest
from setup.hub.information import bounded_body
from setup.hub.store import Store

MAX_CARD = 10 << 20  # bytes of a card sent for validation
_API = "/api/{kinds}/{owner}/{name}"


def create(store: Store) -> Starlette:
    """Build the application over an open store."""
    app = Starlette(
        routes=_api_routes() + _web_routes(),
        middleware=[Middleware(RawPath, store=store)],
        exception_handlers={
            errors.HubError: _told,
            HTTPException: _translated,
            Exception: _unexpected,
        },
    )
    app.router.redirect_slashes = False
    app.state.store = store
    app.state.accounts = Accounts(store.root)
    return app


def _api_routes() -> list[Route]:
    return [
        Route("/api/health", health),
        Route("/api/redirect", redirect, methods=["GET", "POST", "PUT", "DELETE"]),
        Route("/api/whoami-v2", whoami),
        Route("/api/validate-yaml", validate_yaml, methods=["POST"]),
        Route("/api/{kinds}", catalog.listing),
        Route(_API, information.info),
        Route(_API + "/revision/{revision}", information.info),
        Route(_API + "/tree/{revision}", information.tree),
        Route(_API + "/tree/{revision}/{path:path}", information.tree),
        Route(_API + "/paths-info/{revision}", information.paths_info, methods=["POST"]),
        Route(_API + "/refs", information.refs),
        Route(_API + "/commits/{revision}", information.commits),
    ]


def _web_routes() -> list[Route]:
    found = []
    for prefix in ("/datasets", "/spaces", ""):
        base = prefix + "/{owner}/{name}"
        found += [
            Route(base + "/resolve/{revision}/{path:path}", files.resolve),
            Route(base + "/raw/{revision}/{path:path}", files.raw),
        ]
    return found


def health(request: Request) -> Response:
    """GET /api/health: the Hub answers."""
    return JSONResponse({"status": "ok"})


def redirect(request: Request) -> Response:
    """Lead an address under an old id to the same one under the canonical id."""
    target: str = request.scope["hub.redirect"]
    query = request.scope["query_string"].decode("latin-1")
    return RedirectResponse(f"{target}?{query}" if query else target, 307)


def whoami(request: Request) -> Response:
    """GET /api/whoami-v2: the account that the token belongs to."""
    accounts: Accounts = request.app.state.accounts
    account = accounts.authenticate(request.headers.get("authorization"))
    return JSONResponse(
        {
            "type": "user",
            "id": account.name,
            "name": account.name,
            "fullname": account.name,
            "isPro": False,
            "avatarUrl": "",
            "orgs": [],
            "auth": {
                "type": "access_token",
                "accessToken": {"displayName": account.token_name, "role": account.role},
            },
        }
    )


async def validate_yaml(request: Request) -> Response:
    """POST /api/validate-yaml: is the header of this card readable?"""
    body = await bounded_body(request, MAX_CARD)
    found = []
    try:
        value = __import__("json").loads(body)
        cards.header(value["content"])
    except yaml.YAMLError as err:
        found.append({"message": f"Invalid YAML in the card's header: {err}"})
    return JSONResponse({"errors": found, "warnings": []}, 400 if found else 200)


def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.HubError)  # registered for this class only
    return _answer(error.status, error.code, error.message, error.headers)


def _translated(request: Request, error: Exception) -> Response:
    """Errors that the framework raises itself: no route, wrong method."""
    assert isinstance(error, HTTPException)  # registered for this class only
    code = {404: "NotFound", 405: "MethodNotAllowed"}.get(error.status_code, "BadRequest")
    message = f"{error.detail}: {request.method} {request.scope['path'][:200]}"
    if error.status_code == 404 and _names_repository(request):
        code, message = "RepoNotFound", f"Repository not found: {request.scope['path'][:200]}"
    return _answer(error.status_code, code, message, error.headers or {})


def _names_repository(request: Request) -> bool:
    """Tell whether a path without a route was meant for a repository (say a one-word id)."""
    path = request.scope["path"]
    kind, _, rest = kind_and_rest(path)
    return bool(rest) and (path.startswith(f"/api/{kind.plural}/") or "/resolve/" in path)


def _unexpected(request: Request, error: Exception) -> Response:
    """A defect of ours: the client learns that, the traceback stays in the server's log."""
    return _answer(500, "InternalError", "The Hub failed; its log says why.", {})


def _answer(status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
    line = " ".join(message.split()).encode("ascii", "replace").decode()
    told = {"X-Error-Code": code, "X-Error-Message": line[:500], **headers}
    return JSONResponse({"error": message}, status, told)
