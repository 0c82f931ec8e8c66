"""The small services beside the repositories: front page, health, who am I, checking a card."""

import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from setup.hub import cards
from setup.hub.accounts import Accounts
from setup.hub.bodies import json_object
from setup.hub.errors import BadRequest
from setup.hub.names import Kind
from setup.hub.store import Store

MAX_CARD = 10 << 20  # bytes of a card sent for validation


def front(request: Request) -> Response:
    """GET /: for a person who opens the address in a browser, what this is and what it holds."""
    store: Store = request.app.state.store
    lines = [f"A local Hub. To use it: export HF_ENDPOINT={str(request.base_url).rstrip('/')}", ""]
    for kind in Kind:
        found = store.ids(kind)
        lines += [f"{len(found)} {kind.plural}", *(f"  {repo}" for repo in found), ""]
    return PlainTextResponse("\n".join(lines))


def health(request: Request) -> Response:
    """GET /api/health: the Hub answers."""
    return JSONResponse({"status": "ok"})


def whoami(request: Request) -> Response:
    """GET /api/whoami-v2: the account that the token belongs to."""
    accounts: Accounts = request.app.state.accounts
    account = accounts.authenticate(request.headers.get("authorization"))
    token = {"displayName": account.token_name, "role": account.role}
    about = {
        "type": "user",
        "id": account.name,
        "name": account.name,
        "fullname": account.name,
        "isPro": False,
        "avatarUrl": "",
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": token},
    }
    return JSONResponse(about)


async def validate_yaml(request: Request) -> Response:
    """POST /api/validate-yaml: can the header of this card be read?"""
    sent = await json_object(request, MAX_CARD)
    try:
        cards.header(str(sent.get("content", "")))
    except yaml.YAMLError as err:
        message = f"Invalid YAML in the card's header: {err}"
        body = {"errors": [{"message": message}], "warnings": []}
        raise BadRequest(message, body=body) from err
    return JSONResponse({"errors": [], "warnings": []})
