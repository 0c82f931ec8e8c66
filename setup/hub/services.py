"""The small services beside the repositories: front page, health, who am I, checking a card."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from setup.hub import access, cards, catalog
from setup.hub.accounts import Accounts
from setup.hub.bodies import json_object
from setup.hub.names import Kind

MAX_CARD = 10 << 20  # bytes of a card sent for validation


def front(request: Request) -> Response:
    """GET /: for a person who opens the address in a browser, what this is and what it holds."""
    lines = [f"A local Hub. To use it: export HF_ENDPOINT={str(request.base_url).rstrip('/')}", ""]
    for kind in Kind:
        found = [record["id"] for record in catalog.visible(request, kind)]
        lines += [f"{len(found)} {kind.plural}", *(f"  {name}" for name in found), ""]
    return PlainTextResponse("\n".join(lines))


def health(request: Request) -> Response:
    """GET /api/health: the Hub answers."""
    return JSONResponse({"status": "ok"})


def whoami(request: Request) -> Response:
    """GET /api/whoami-v2: the account that the token belongs to."""
    account = access.known(request)
    accounts: Accounts = request.app.state.accounts
    organizations = [_organization(name) for name in accounts.organizations(account.name)]
    token = {"displayName": account.token_name, "role": account.role}
    about = {
        "type": "user",
        "id": account.name,
        "name": account.name,
        "fullname": account.name,
        "isPro": False,
        "avatarUrl": "",
        "orgs": organizations,
        "auth": {"type": "access_token", "accessToken": token},
    }
    return JSONResponse(about)


def _organization(name: str) -> dict[str, object]:
    about = {"type": "org", "name": name, "fullname": name, "avatarUrl": "", "isEnterprise": False}
    return about | {"id": name, "roleInOrg": "write"}


async def validate_yaml(request: Request) -> Response:
    """POST /api/validate-yaml: can the header of this card be read?"""
    sent = await json_object(request, MAX_CARD)
    cards.check(str(sent.get("content", "")))
    return JSONResponse({"errors": [], "warnings": []})
