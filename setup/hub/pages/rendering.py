"""From a template and its values to a page, and what every page of the Hub has in common."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from setup.hub import access
from setup.hub.accounts import COOKIE, Accounts

FOLDER = Path(__file__).parent
# Nothing but the Hub's own files, no script or style inside a page, no frame around it.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache, private",
    "Vary": "Accept, Cookie",
}
_UNITS = ("Bytes", "kB", "MB", "GB", "TB")
_SPANS = (
    (31_557_600, "year"), (2_629_800, "month"), (86_400, "day"), (3600, "hour"), (60, "minute"),
)  # fmt: skip


def page(request: Request, template: str, status: int = 200, /, **values: object) -> Response:
    """Render a template as a page for whoever asks."""
    shared = {"account": access.caller(request), "form_key": form_key(request)}
    sign_up = accounts(request).sign_up_allowed
    values = {"request": request, "sign_up": sign_up, "here": here(request), **shared, **values}
    text = _environment.get_template(template).render(values)
    return HTMLResponse(text, status, HEADERS)


def redirect(address: str) -> Response:
    """Lead to a page of this Hub after a form was sent."""
    return RedirectResponse(address, 303, HEADERS)


def accounts(request: Request) -> Accounts:
    """Give the accounts of the Hub that a request is for."""
    found: Accounts = request.app.state.accounts
    return found


def form_key(request: Request) -> str:
    """Give the key that the forms of this page carry."""
    return accounts(request).form_key(request.cookies.get(COOKIE, ""))


def here(request: Request) -> str:
    """Give the address of this page, to come back to it after signing in."""
    query = request.scope["query_string"].decode("latin-1")
    path = str(request.scope["path"])
    return f"{path}?{query}" if query else path


def address(*parts: str) -> str:
    """Join parts to an address, each percent-encoded; ``/`` inside a part stays.

    >>> address("acme/tiny", "blob", "main", "a b.txt")
    '/acme/tiny/blob/main/a%20b.txt'
    """
    return "/" + "/".join(quote(part, safe="/") for part in parts if part)


def revision_part(revision: str) -> str:
    """Write a revision as the one part of an address that it is.

    >>> revision_part("refs/pr/1")
    'refs%2Fpr%2F1'
    """
    return quote(revision, safe="")


def query(values: Mapping[str, str], **changes: str | None) -> str:
    """Write a page's filters as a query, with some of them changed; None takes one away.

    >>> query({"search": "bert", "p": "2"}, p=None, sort="name")
    '?search=bert&sort=name'
    """
    merged = {**values, **changes}
    kept = {name: value for name, value in merged.items() if value}
    return f"?{urlencode(kept)}" if kept else "?"


def size(count: int) -> str:
    """Write a number of bytes for people, as the Hub does.

    >>> size(690), size(425_600), size(413_300_000)
    ('690 Bytes', '426 kB', '413 MB')
    """
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}"


def number(count: int) -> str:
    """Write a large number of things for people.

    >>> number(16), number(22_565_376), number(1_200)
    ('16', '22.6M', '1.2k')
    """
    value = float(count)
    for unit in ("", "k", "M", "B"):
        if value < 999.5 or unit == "B":
            break
        value /= 1000
    return f"{value:.3g}{unit}"


def age(date: datetime, now: datetime | None = None) -> str:
    """Tell how long ago a moment was.

    >>> age(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    '2 days ago'
    """
    seconds = ((now or datetime.now(UTC)) - date).total_seconds()
    for length, word in _SPANS:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    return "just now"


def moment(text: str) -> datetime:
    """Read a date as the Hub's records hold it."""
    return datetime.fromisoformat(text)


def _made() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"size": size, "number": number, "age": age, "moment": moment}
    made.globals |= {"address": address, "query": query, "revision_part": revision_part}
    return made


_environment = _made()
