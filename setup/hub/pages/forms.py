"""Forms without files that pages send: read up to a limit, and only from this Hub's own pages."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from setup.hub import access
from setup.hub.bodies import bounded_body
from setup.hub.errors import BadRequest, Forbidden
from setup.hub.pages import rendering

MAX_BODY = 8 << 20  # bytes of a form without files; a letter may take three of them
MAX_FIELDS = 50
Form = dict[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]


def posted(answer: Callable[[Request, Form], Response]) -> Endpoint:
    """Make an endpoint of a function that gets the form, checked, in a thread of its own."""

    async def endpoint(request: Request) -> Response:
        own_site(request)
        sent = await _fields(request)
        access.trust_form(request, sent.get("form_key", ""))
        return await run_in_threadpool(answer, request, sent)

    return endpoint


def own_site(request: Request) -> None:
    """Raise Forbidden for a form that the browser says another site has sent."""
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.url.netloc
    if foreign or request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Forbidden("Another site sent this form.")


def to_sign_in(request: Request) -> Response | None:
    """Lead to the sign-in page when nobody is signed in; it leads back here."""
    if access.caller(request) is not None:
        return None
    return rendering.redirect("/login" + rendering.query({"next": rendering.here(request)}))


async def _fields(request: Request) -> Form:
    body = await bounded_body(request, MAX_BODY)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError as err:
        raise BadRequest("The form that was sent cannot be read.") from err
    return dict(pairs)
