"""Signing in from a program that has no browser: OAuth's device flow (RFC 8628).

The program asks for a code, a person approves it on a page of the Hub, and the program, which has
been asking again and again, gets a token.
"""

import secrets
import threading
import time
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from setup.hub.accounts import Account, Accounts
from setup.hub.addresses import base
from setup.hub.bodies import bounded_body
from setup.hub.errors import Conflict, NotFound

LASTS = 900  # seconds that a code is good for
INTERVAL = 1  # seconds between two questions of the waiting program
MOST = 1000  # codes that wait at once
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; RFC 8628, section 6.1
_MAX_BODY = 1 << 14


@dataclass
class Pending:
    """A code that waits for a person: the program's, the person's, and the answer so far."""

    device_code: str
    user_code: str
    ends: float
    name: str | None = None
    denied: bool = False


class Devices:
    """The codes that wait, in memory."""

    def __init__(self) -> None:
        self._waiting: dict[str, Pending] = {}
        self._change = threading.Lock()

    def begin(self) -> Pending:
        """Make a code; raises Conflict when too many wait."""
        with self._change:
            now = time.monotonic()
            self._waiting = {at: one for at, one in self._waiting.items() if one.ends > now}
            if len(self._waiting) >= MOST:
                raise Conflict("Too many sign-ins are waiting for approval: try again later.")
            letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
            made = Pending(secrets.token_urlsafe(32), f"{letters[:4]}-{letters[4:]}", now + LASTS)
            self._waiting[made.device_code] = made
        return made

    def pending(self, user_code: str) -> Pending | None:
        """Find what waits by the code that the person sees, or None."""
        wanted = user_code.strip().upper()
        for one in list(self._waiting.values()):
            if secrets.compare_digest(one.user_code, wanted) and one.ends > time.monotonic():
                return one
        return None

    def answer(self, user_code: str, account: Account | None) -> None:
        """Approve a code for an account, or deny it; raises NotFound when it does not wait."""
        found = self.pending(user_code.encode("ascii", "replace").decode())
        if found is None or found.name or found.denied:
            raise NotFound(f"No sign-in waits under the code {user_code[:20]!r}.")
        found.name, found.denied = (account.name, False) if account else (None, True)

    def collect(self, device_code: str) -> Pending | None:
        """Give what a program waits for, once; one that is answered is forgotten."""
        with self._change:
            found = self._waiting.get(device_code)
            if found is None or found.ends <= time.monotonic():
                return None
            if found.name or found.denied:
                del self._waiting[device_code]
            return found


async def device(request: Request) -> Response:
    """POST /oauth/device: a code for a program that wants to sign in."""
    await bounded_body(request, _MAX_BODY)
    devices: Devices = request.app.state.devices
    made = devices.begin()
    page = f"{base(request)}/oauth/device"
    body = {
        "device_code": made.device_code,
        "user_code": made.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={made.user_code}",
        "expires_in": LASTS,
        "interval": INTERVAL,
    }
    return JSONResponse(body)


async def token(request: Request) -> Response:
    """POST /oauth/token: the token, once a person has approved the code."""
    body = (await bounded_body(request, _MAX_BODY)).decode("utf-8", "replace")
    form = {key: value[0] for key, value in parse_qs(body).items()}
    if form.get("grant_type") != GRANT:
        return _refusal("unsupported_grant_type", "Only the device flow is spoken here.")
    devices: Devices = request.app.state.devices
    found = devices.collect(form.get("device_code", ""))
    if found is None:
        return _refusal("expired_token", "The code is unknown or has run out: ask for another.")
    if found.denied:
        return _refusal("access_denied", "The sign-in was denied.")
    if found.name is None:
        return _refusal("authorization_pending", "Nobody has approved the code yet.")
    accounts: Accounts = request.app.state.accounts
    made = await run_in_threadpool(accounts.issue, found.name, "device sign-in")
    return JSONResponse({"access_token": made, "token_type": "bearer", "scope": "openid"})


def _refusal(code: str, why: str) -> Response:
    return JSONResponse({"error": code, "error_description": why}, 400)
