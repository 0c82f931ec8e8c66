"""Discussions and pull requests over HTTP, as the clients and ``hf discussions`` ask for them."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from setup.hub import access, conversations, paging
from setup.hub.accounts import Account
from setup.hub.addresses import Place, place, text
from setup.hub.bodies import signed_object
from setup.hub.catalog import moment
from setup.hub.conversations import Conversation, Event
from setup.hub.errors import BadRequest, Forbidden, NotFound
from setup.hub.repository import MAIN, Repository

PAGE = 50  # conversations on a page
MAX_BODY = 1 << 20  # bytes of one request
MAX_DIFF = 1 << 20  # characters of a pull request's diff that are sent


def listing(request: Request) -> Response:
    """GET /api/KINDs/ID/discussions: newest first, page ``p``, by type, status and author."""
    where = place(request)
    found = [item for item in conversations.every(where.repository) if _wanted(item, request)]
    start = paging.number(request, "p", 0) * PAGE
    body = {
        "discussions": [_brief(where, item) for item in found[start : start + PAGE]],
        "count": len(found),
        "start": start,
        "numClosedDiscussions": sum(item.status not in conversations.OPEN for item in found),
    }
    return JSONResponse(body)


def _wanted(item: Conversation, request: Request) -> bool:
    query = request.query_params
    kind, status, author = query.get("type"), query.get("status"), query.get("author")
    is_open = item.status in conversations.OPEN
    return (
        kind in (None, "all", "pull_request" if item.pull else "discussion")
        and status in (None, "all", "open" if is_open else "closed")
        and author in (None, item.author)
    )


def details(request: Request) -> Response:
    """GET /api/KINDs/ID/discussions/N[?diff=1]: one conversation with all that happened in it."""
    where = place(request)
    found = conversations.load(where.repository, _number(request))
    body = _brief(where, found) | {"events": history(where.repository, found)}
    if found.pull:
        body |= _changes(where.repository, found)
        if request.query_params.get("diff"):
            body["diff"] = diff(where.repository, found)
    return JSONResponse(body)


def history(repository: Repository, found: Conversation) -> list[Event]:
    """Give all that happened in a conversation, in order; a pull request's commits included."""
    made = [
        {"id": info.oid[:24], "type": "commit", "createdAt": moment(info.date),
         "author": {"name": info.author}, "data": {"subject": info.title, "oid": info.oid}}
        for info in conversations.commits(repository, found)
    ]  # fmt: skip
    first, *others = found.events
    return [first, *sorted([*others, *made], key=lambda event: str(event["createdAt"]))]


def diff(repository: Repository, found: Conversation) -> str:
    """Give what a pull request changes, as text, cut where it is longer than MAX_DIFF."""
    head = repository.head(found.ref) or found.start
    return (repository.patch(found.start, head).patch or "")[:MAX_DIFF]


def _changes(repository: Repository, found: Conversation) -> dict[str, Any]:
    changes = {"base": found.base} | ({"mergeCommitId": found.merged} if found.merged else {})
    conflicts: list[str] = []
    head, base = repository.head(found.ref), repository.head(found.base)
    if found.status in conversations.OPEN and head and base:
        conflicts = repository.merged_tree(base, head)[1]
    return {"changes": changes, "filesWithConflicts": conflicts}


async def create(request: Request) -> Response:
    """POST /api/KINDs/ID/discussions {title, description, pullRequest}."""
    sent = await signed_object(request, MAX_BODY)
    return await run_in_threadpool(_create, request, sent)


def _create(request: Request, sent: dict[str, Any]) -> Response:
    made = begun(request, sent)
    return JSONResponse({"num": made.num, "pullRequest": made.pull, "title": made.title})


def begun(request: Request, sent: dict[str, Any]) -> Conversation:
    """Begin a conversation with what the caller sent, and keep it."""
    where, account = _speaker(request)
    base = MAIN if sent.get("pullRequest") else None
    title, description = str(sent.get("title", "")), str(sent.get("description") or "")
    with where.store.writing(where.id) as repository:
        made = conversations.begin(repository, title, description or title, account.name, base)
        conversations.save(repository, made)
    return made


async def act(request: Request) -> Response:
    """POST /api/KINDs/ID/discussions/N/WHAT: comment, title, status or merge."""
    sent = await signed_object(request, MAX_BODY, empty=True)
    return await run_in_threadpool(perform, request, sent)


def perform(request: Request, sent: dict[str, Any]) -> Response:
    """Do to a conversation what the address says; raises NotFound for what cannot be done."""
    action = _ACTIONS.get(text(request, "action"))
    if action is None:
        raise NotFound(f"A discussion has no {text(request, 'action')[:50]!r}.")
    return action(request, sent)


def _comment(request: Request, sent: dict[str, Any]) -> Response:
    where, account = _speaker(request)
    made = conversations.comment(str(sent.get("comment", "")), account.name)
    with where.store.writing(where.id) as repository:
        found = conversations.load(repository, _number(request))
        found.events.append(made)
        conversations.save(repository, found)
    return JSONResponse({"newMessage": made})


def _title(request: Request, sent: dict[str, Any]) -> Response:
    where, account = _speaker(request)
    with where.store.writing(where.id) as repository:
        found = _steered(request, where, repository, account)
        title = conversations.checked_title(str(sent.get("title", "")))
        data = {"from": found.title, "to": title}
        made = conversations.event("title-change", account.name, **data)
        found.title = title
        found.events.append(made)
        conversations.save(repository, found)
    return JSONResponse({"newTitle": made})


def _status(request: Request, sent: dict[str, Any]) -> Response:
    where, account = _speaker(request)
    wanted = sent.get("status")
    if wanted not in ("open", "closed"):
        raise BadRequest(f"status {str(wanted)[:50]!r}: use 'open' or 'closed'.")
    with where.store.writing(where.id) as repository:
        found = _steered(request, where, repository, account)
        if found.status == "merged":
            raise BadRequest(f"Pull request {found.num} is merged: it stays so.")
        if sent.get("comment"):
            found.events.append(conversations.comment(str(sent["comment"]), account.name))
        made = conversations.event("status-change", account.name, status=wanted)
        found.status = str(wanted)
        found.events.append(made)
        conversations.save(repository, found)
    return JSONResponse({"newStatus": made})


def _merge(request: Request, sent: dict[str, Any]) -> Response:
    where = place(request)
    account = access.writer(request, where.id)
    with where.store.writing(where.id) as repository:
        comment = str(sent.get("comment") or "")
        found = conversations.merge(repository, _number(request), account.name, comment)
    return JSONResponse({"success": True, "mergeCommitId": found.merged})


_ACTIONS = {"comment": _comment, "title": _title, "status": _status, "merge": _merge}


async def edit(request: Request) -> Response:
    """POST /api/KINDs/ID/discussions/N/comment/ID/edit {content}: by its author only."""
    sent = await signed_object(request, MAX_BODY)
    return await run_in_threadpool(_edit, request, str(sent.get("content", "")))


def _edit(request: Request, content: str) -> Response:
    where, account = _speaker(request)
    with where.store.writing(where.id) as repository:
        found = conversations.load(repository, _number(request))
        comment = found.comment(text(request, "comment"))
        if comment["author"]["name"] != account.name or comment["data"]["hidden"]:
            raise Forbidden("A comment can be edited by its author, while it is not hidden.")
        latest = conversations.version(content, account.name)
        comment["data"] |= {"edited": True, "latest": latest}
        conversations.save(repository, found)
    return JSONResponse({"updatedComment": comment})


def hide(request: Request) -> Response:
    """POST /api/KINDs/ID/discussions/N/comment/ID/hide: its text is gone for good."""
    where, account = _speaker(request)
    with where.store.writing(where.id) as repository:
        found = conversations.load(repository, _number(request))
        comment = found.comment(text(request, "comment"))
        if comment["author"]["name"] != account.name and not access.may_write(request, where.id):
            raise Forbidden("A comment can be hidden by its author or by the repository's owner.")
        comment["data"]["hidden"] = True
        comment["data"]["latest"] |= {"raw": "This comment has been hidden"}
        conversations.save(repository, found)
    return JSONResponse({"updatedComment": comment})


def _speaker(request: Request) -> tuple[Place, Account]:
    """Who may speak: everyone who may read the repository, with a token that allows writing."""
    where = place(request)
    return where, access.contributor(request)


def _steered(
    request: Request, where: Place, repository: Repository, account: Account
) -> Conversation:
    """Load a conversation for whoever may steer it: its author, or the repository's owner."""
    found = conversations.load(repository, _number(request))
    if found.author != account.name and not access.may_write(request, where.id):
        raise Forbidden(f"Discussion {found.num} can be changed by its author or the owner.")
    return found


def _number(request: Request) -> int:
    return conversations.number(text(request, "number"))


def _brief(where: Place, found: Conversation) -> dict[str, Any]:
    return {
        "num": found.num,
        "title": found.title,
        "author": {"name": found.author},
        "createdAt": found.created,
        "status": found.status,
        "isPullRequest": found.pull,
        "repo": {"name": str(where.id), "type": str(where.id.kind)},
    }
