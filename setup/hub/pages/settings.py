"""A repository's settings: who sees it, what it is called, and its end."""

from starlette.requests import Request
from starlette.responses import Response

from setup.hub import access
from setup.hub.addresses import Place, place
from setup.hub.administration import writable
from setup.hub.errors import BadRequest, Conflict, Forbidden, HubError
from setup.hub.names import repo_id
from setup.hub.pages import forms, frames, rendering
from setup.hub.pages.forms import Form


def page(request: Request) -> Response:
    """GET .../settings, for who may write."""
    place(request)  # a private repository of others is not there, signed in or not
    answer = forms.to_sign_in(request)
    return answer or _page(request, writable(request)[0], {})


def set_visibility(request: Request, sent: Form) -> Response:
    """POST .../settings/visibility."""
    where, _ = writable(request)
    if sent.get("visibility") not in ("public", "private"):
        return _page(request, where, sent, BadRequest("Choose Public or Private."))
    where.store.set_private(where.id, sent["visibility"] == "private")
    return rendering.redirect(f"{frames.base(where.id)}/settings")


def move(request: Request, sent: Form) -> Response:
    """POST .../settings/move: another owner or another name; the old address leads to the new."""
    where, _ = writable(request)
    try:
        new = repo_id(where.id.kind, sent.get("owner", ""), sent.get("name", "").strip())
        access.creator(request, new)
        where.store.move(where.id, new)
    except (BadRequest, Conflict, Forbidden) as err:
        return _page(request, where, sent, err)
    return rendering.redirect(f"{frames.base(new)}/settings")


def delete(request: Request, sent: Form) -> Response:
    """POST .../settings/delete, with the full name typed."""
    where, account = writable(request)
    if sent.get("typed", "").strip() != str(where.id):
        return _page(request, where, sent, BadRequest(f"To delete it, type {where.id} exactly."))
    where.store.delete(where.id)
    return rendering.redirect(f"/{account.name}")


def _page(request: Request, where: Place, sent: Form, err: HubError | None = None) -> Response:
    account = access.known(request)
    owners = rendering.accounts(request).namespaces(account.name)
    status, problem = (err.status, err.message) if err else (200, "")
    return frames.page(
        request, "settings.html", where, "settings", status,
        owners=owners, sent=sent, problem=problem,
    )  # fmt: skip
