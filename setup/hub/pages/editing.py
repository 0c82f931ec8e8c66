"""Files in the browser: made, edited with a preview, deleted. Each ends in one commit."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from setup.hub import cards
from setup.hub.accounts import Account
from setup.hub.addresses import Place, text
from setup.hub.administration import writable
from setup.hub.changes import Change, Delete
from setup.hub.errors import (
    BadRequest,
    Conflict,
    EntryNotFound,
    HubError,
    PreconditionFailed,
    RevisionNotFound,
    TooLarge,
)  # fmt: skip
from setup.hub.names import branch_name, file_path
from setup.hub.pages import frames, landing, prose, rendering, trees
from setup.hub.pages.forms import Form
from setup.hub.repository import Entry

LONGEST = 1 << 20  # bytes of a file that is edited in the browser


@dataclass(frozen=True)
class Desk:
    """What is being written: a branch of an opened repository, by whom, and which file."""

    where: Place
    account: Account
    branch: str
    path: str  # "" for a file that has no name yet

    @property
    def base(self) -> str:
        """The address of the repository's first page."""
        return frames.base(self.where.id)

    @property
    def part(self) -> str:
        """The branch as a part of an address."""
        return rendering.revision_part(self.branch)


def desk(request: Request) -> Desk:
    """Open what the address names, for a caller who may write to it."""
    where, account = writable(request)
    branch = branch_name(text(request, "branch"))
    if where.repository.head(f"refs/heads/{branch}") is None:
        raise RevisionNotFound(f"Invalid rev id: {branch[:200]} is not a branch here.")
    return Desk(where, account, branch, file_path(text(request, "path")))


def new(request: Request) -> Response:
    """GET .../new/BRANCH[?filename=...]: an empty editor."""
    at = desk(request)
    sent = {"path": request.query_params.get("filename", "")}
    return _editor(request, at, sent)


def edit(request: Request) -> Response:
    """GET .../edit/BRANCH/PATH: the file in an editor; raises BadRequest when it is not text."""
    at = desk(request)
    entry = _entry(at, at.path)
    if entry is None or entry.folder:
        raise EntryNotFound(f"Entry not found: there is no file {at.path} on {at.branch}.")
    content = None if entry.pointer else trees.read_text(at.where.repository, entry)
    if content is None or entry.size > LONGEST:
        raise BadRequest(f"{at.path} is not a text that can be edited here: upload a new version.")
    return _editor(request, at, {"path": at.path, "content": content, "known": entry.oid})


def save(request: Request, sent: Form) -> Response:
    """POST .../new/BRANCH and .../edit/BRANCH/PATH: preview, go on writing, or commit.

    What stands in the way of a commit is told above the editor, with what was typed kept.
    """
    at = desk(request)
    if sent.get("action") in ("preview", "edit"):
        return _editor(request, at, sent, preview=sent["action"] == "preview")
    try:
        path = _path(sent)
        data = _content(at, path, sent).encode()
        title = sent.get("title", "").strip() or _default_title(at, path)
        changes: list[Change] = [landing.change(at.where, at.branch, path, data)]
        if at.path and path != at.path:
            changes.insert(0, Delete(at.path))
        known = {at.path: sent.get("known", "")} if at.path else {}
        _commit(at, changes, title, sent, {path: "", **known})
    except (BadRequest, Conflict, EntryNotFound, PreconditionFailed, TooLarge) as err:
        return _editor(request, at, sent, err)
    return rendering.redirect(f"{at.base}/blob/{at.part}{rendering.address(path)}")


def ask_delete(request: Request) -> Response:
    """GET .../delete/BRANCH/PATH: shall this file go?"""
    at = desk(request)
    at.where.repository.entry(at.where.repository.resolve(at.branch), at.path)
    return _page(request, "delete.html", at, 200, sent={}, problem="")


def delete(request: Request, sent: Form) -> Response:
    """POST .../delete/BRANCH/PATH."""
    at = desk(request)
    try:
        _commit(at, [Delete(at.path)], sent.get("title", "").strip() or f"Delete {at.path}", sent)
    except (BadRequest, Conflict, PreconditionFailed) as err:
        return _page(request, "delete.html", at, err.status, sent=sent, problem=err.message)
    return rendering.redirect(f"{at.base}/tree/{at.part}")


def _commit(
    at: Desk, changes: list[Change], title: str, sent: Form, known: dict[str, str] | None = None
) -> None:
    description = sent.get("description", "").replace("\r\n", "\n")
    landing.commit(at.where, at.branch, changes, title, description, at.account, known or {})


def _path(sent: Form) -> str:
    path = file_path(sent.get("path", "").strip().removeprefix("/"))
    if not path or path.endswith("/"):
        raise BadRequest("Give the file a name.")
    return path


def _content(at: Desk, path: str, sent: Form) -> str:
    """Give the text with the line ends that the file had; browsers send their own."""
    content = sent.get("content", "").replace("\r\n", "\n")
    if len(content.encode()) > LONGEST:
        raise TooLarge(f"The text is longer than {LONGEST} bytes: upload it as a file.")
    entry = _entry(at, at.path) if at.path else None
    before = at.where.repository.read(entry) if entry and not entry.folder else b""
    if b"\r\n" in before:
        content = content.replace("\n", "\r\n")
    return content if not content or content.endswith("\n") else f"{content}\n"


def _entry(at: Desk, path: str) -> Entry | None:
    repository = at.where.repository
    try:
        return repository.entry(repository.resolve(at.branch), path)
    except EntryNotFound:
        return None


def _default_title(at: Desk, path: str) -> str:
    return f"Update {path}" if at.path else f"Create {path}"


def _editor(
    request: Request, at: Desk, sent: Form, err: HubError | None = None, *, preview: bool = False
) -> Response:
    return _page(
        request, "edit.html", at, err.status if err else 200,
        sent=sent, problem=err.message if err else "", previewing=preview,
        preview=_preview(at, sent) if preview else "",
        hint=_default_title(at, sent.get("path") or "file"),
    )  # fmt: skip


def _preview(at: Desk, sent: Form) -> Markup | None:
    """Render what was typed, where it is Markdown; None for other files."""
    path = sent.get("path", "")
    if not path.lower().endswith(".md"):
        return None
    typed = sent.get("content", "").replace("\r\n", "\n")
    return prose.rendered(cards.body(typed), at.base, at.part, path.rpartition("/")[0])


def _page(request: Request, template: str, at: Desk, status: int, **values: object) -> Response:
    return frames.page(request, template, at.where, "files", status, at=at, **values)
