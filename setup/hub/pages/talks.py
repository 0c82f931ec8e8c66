"""Discussions and pull requests in the browser: read, begun, answered, closed, merged."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from setup.hub import access, conversations, discussions, paging
from setup.hub.addresses import Place, place, text
from setup.hub.conversations import Conversation, Event
from setup.hub.errors import BadRequest, Conflict, HubError
from setup.hub.pages import differences, forms, frames, prose, rendering
from setup.hub.pages.differences import Difference
from setup.hub.pages.forms import Form
from setup.hub.repository import MAIN

PAGE = 30  # conversations on a page


@dataclass(frozen=True)
class Entry:
    """Something that happened in a conversation: a comment, or a line of what was done."""

    author: str
    date: datetime
    comment: Markup | None = None
    line: str = ""
    commit: str = ""
    edited: bool = False


def listing(request: Request) -> Response:
    """GET .../discussions[?status=closed]."""
    where = place(request)
    status = "closed" if request.query_params.get("status") == "closed" else "open"
    every = conversations.every(where.repository)
    groups: dict[str, list[Conversation]] = {"open": [], "closed": []}
    for item in every:
        groups["open" if item.status in conversations.OPEN else "closed"].append(item)
    number = max(1, paging.number(request, "p", 1))
    first = (number - 1) * PAGE
    return frames.page(
        request, "talks.html", where, "discussions",
        shown=groups[status][first : first + PAGE], status=status, number=number,
        more=len(groups[status]) > first + PAGE,
        counts={name: len(found) for name, found in groups.items()},
    )  # fmt: skip


def new(request: Request) -> Response:
    """GET .../discussions/new."""
    where = place(request)
    return forms.to_sign_in(request) or _new(request, where, {})


def begin(request: Request, sent: Form) -> Response:
    """POST .../discussions: begin a discussion; the form comes back where that cannot be."""
    where = place(request)
    told = {"title": sent.get("title", ""), "description": _plain(sent, "text")}
    try:
        made = discussions.begun(request, told)
    except BadRequest as err:
        return _new(request, where, sent, err)
    return rendering.redirect(f"{frames.base(where.id)}/discussions/{made.num}")


def shown(request: Request) -> Response:
    """GET .../discussions/N."""
    return _shown(request, {})


def act(request: Request, sent: Form) -> Response:
    """POST .../discussions/N/WHAT: comment, status or merge."""
    told = {"comment": _plain(sent, "text"), "status": sent.get("status", "")}
    try:
        discussions.perform(request, told)
    except (BadRequest, Conflict) as err:
        return _shown(request, sent, err)
    number = conversations.number(text(request, "number"))
    return rendering.redirect(f"{frames.base(place(request).id)}/discussions/{number}")


def _plain(sent: Form, name: str) -> str:
    return sent.get(name, "").replace("\r\n", "\n")


def _new(request: Request, where: Place, sent: Form, err: HubError | None = None) -> Response:
    status, problem = (err.status, err.message) if err else (200, "")
    return frames.page(
        request, "talk_new.html", where, "discussions", status, sent=sent, problem=problem
    )


def _shown(request: Request, sent: Form, err: HubError | None = None) -> Response:
    where = place(request)
    found = conversations.load(where.repository, conversations.number(text(request, "number")))
    entries = [_entry(where, item) for item in discussions.history(where.repository, found)]
    account = access.caller(request)
    steers = (
        account is not None
        and account.role == "write"
        and (account.name == found.author or access.may_write(request, where.id))
    )
    return frames.page(
        request, "talk.html", where, "discussions", err.status if err else 200,
        talk=found, entries=entries, difference=_difference(where, found), steers=steers,
        sent=sent, problem=err.message if err else "", new=where.repository.head(found.ref) or "",
        open=found.status in conversations.OPEN,
    )  # fmt: skip


def _difference(where: Place, found: Conversation) -> Difference | None:
    head = where.repository.head(found.ref) if found.pull else None
    return differences.between(where.repository, found.start, head) if head else None


def _entry(where: Place, event: Event) -> Entry:
    """Read one event of a conversation."""
    author, data = str(event["author"]["name"]), event["data"]
    date = rendering.moment(str(event["createdAt"]))
    match event["type"]:
        case "comment":
            raw = str(data["latest"]["raw"])
            html = prose.rendered(raw, frames.base(where.id), MAIN)
            return Entry(author, date, html, edited=bool(data["edited"]))
        case "commit":
            return Entry(author, date, line=str(data["subject"]), commit=str(data["oid"]))
        case "title-change":
            return Entry(author, date, line=f"changed the title to “{data['to']}”")
        case "status-change":
            words = {"open": "opened this again", "closed": "closed this", "merged": "merged this"}
            return Entry(author, date, line=words.get(str(data["status"]), str(data["status"])))
    return Entry(author, date, line=str(event["type"]))
