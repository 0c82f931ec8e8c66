"""Making a repository in the browser."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from setup.hub import access, administration
from setup.hub.errors import BadRequest, Conflict, Forbidden, HubError
from setup.hub.names import Kind, repo_id
from setup.hub.pages import forms, frames, rendering
from setup.hub.pages.forms import Endpoint, Form


def page(kind: Kind) -> Callable[[Request], Response]:
    """Give the endpoint that shows the form for a kind of repository."""

    def endpoint(request: Request) -> Response:
        sent = {"owner": request.query_params.get("owner", "")}
        return forms.to_sign_in(request) or _form(request, kind, sent)

    return endpoint


def create(kind: Kind) -> Endpoint:
    """Give the endpoint that makes a repository of a kind; on an error the form comes back."""

    def answer(request: Request, sent: Form) -> Response:
        try:
            repo = repo_id(kind, sent.get("owner", ""), sent.get("name", "").strip())
            account = access.creator(request, repo)
            administration.made(request, repo, account, sent.get("visibility") == "private")
        except (BadRequest, Conflict, Forbidden) as err:
            return _form(request, kind, sent, err)
        return rendering.redirect(frames.base(repo))

    return forms.posted(answer)


def _form(request: Request, kind: Kind, sent: Form, err: HubError | None = None) -> Response:
    account = access.known(request)
    owners = rendering.accounts(request).namespaces(account.name)
    return rendering.page(
        request, "new.html", err.status if err else 200,
        kind=kind, owners=owners, sent=sent, problem=err.message if err else "",
    )  # fmt: skip
