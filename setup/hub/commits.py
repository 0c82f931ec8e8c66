"""Commits over HTTP: what is to become of each file, and the commit itself, sent line by line."""

import base64
import binascii
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pygit2
from pathspec import GitIgnoreSpec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from setup.hub import access, attributes, changes, conversations
from setup.hub.accounts import Account
from setup.hub.addresses import Place, base, place, text
from setup.hub.attributes import Attributes
from setup.hub.bodies import signed_object
from setup.hub.changes import Add, Change, Copy, Delete, DeleteFolder, Message
from setup.hub.errors import BadRequest, EntryNotFound, HubError, RevisionNotFound, TooLarge
from setup.hub.names import branch_name, file_path
from setup.hub.objects import Pointer
from setup.hub.repository import MAIN, Entry, Repository

MAX_BODY = 4 << 20  # bytes of a preupload request: 256 files with a sample of 512 bytes each
MAX_LINE = attributes.LARGE * 4 // 3 + 8192  # bytes of a line: the largest small file in base64
MAX_CHANGES = 25_000  # changes in one commit


async def preupload(request: Request) -> Response:
    """POST /api/KINDs/ID/preupload/REV: for each file, whether git or LFS takes it."""
    sent = await signed_object(request, MAX_BODY)
    return await run_in_threadpool(_preupload, request, sent)


def _preupload(request: Request, sent: dict[str, Any]) -> Response:
    where = place(request)
    _author(request, where)
    head = _base_commit(where.repository, text(request, "revision"), _wants_pull(request))
    rules = Attributes(_text(where.repository, head, attributes.FILE))
    ignored = str(sent.get("gitIgnore", _text(where.repository, head, ".gitignore")))
    spec = GitIgnoreSpec.from_lines(ignored.splitlines())
    files = sent.get("files")
    if not isinstance(files, list):
        raise BadRequest('preupload needs {"files": [{"path": ..., "size": ...}]}.')
    body = [_advice(where.repository, head, rules, spec, item) for item in files]
    return JSONResponse({"files": body, "commitOid": head})


def _advice(
    repository: Repository,
    head: str | None,
    rules: Attributes,
    ignored: GitIgnoreSpec,
    item: object,
) -> dict[str, Any]:
    path, size = _field(item, "path"), _size(item)
    file_path(path)
    large = rules.is_large(path, size)
    found = {"path": path, "uploadMode": "lfs" if large else "regular"}
    entry = _entry(repository, head, path)
    known = entry if entry is not None and not entry.folder else None
    return found | {
        "shouldIgnore": ignored.match_file(path),
        "oid": known.etag if known else None,
    }


@dataclass
class Draft:
    """A commit as it arrives: its message, the commit that it builds on, and its changes."""

    title: str = ""
    description: str = ""
    parent: str | None = None
    changes: list[Change] = field(default_factory=list)


async def commit(request: Request) -> Response:
    """POST /api/KINDs/ID/commit/REV: one commit of lines of JSON, all of it or nothing."""
    await run_in_threadpool(_author, request, place(request))
    draft = Draft()
    async for line in _lines(request):
        await run_in_threadpool(_take, request, draft, line)
    return await run_in_threadpool(_commit, request, draft)


def _commit(request: Request, draft: Draft) -> Response:
    where = place(request)
    account = _author(request, where)
    if not draft.title.strip():
        raise BadRequest('A commit needs a header with a summary: {"key": "header", ...}.')
    message = Message(draft.title, draft.description, account.name)
    revision = text(request, "revision")
    with where.store.writing(where.id) as repository:
        if _wants_pull(request):
            pull, made = _pull_request(repository, revision, draft, message)
        else:
            ref = _branch_ref(repository, revision)
            pull, made = None, changes.commit(repository, ref, draft.changes, message, draft.parent)
    address = f"{base(request)}/{where.id.kind.prefix}{where.id}"
    body = {"success": True, "commitOid": made, "commitUrl": f"{address}/commit/{made}"}
    extra = {"pullRequestUrl": f"{address}/discussions/{pull}"} if pull else {}
    return JSONResponse({**body, **extra, "hookOutput": ""})


def _pull_request(
    repository: Repository, branch: str, draft: Draft, message: Message
) -> tuple[int, str]:
    """Make a pull request of one commit; gives its number and the commit's hash."""
    text = draft.description or draft.title
    pull = conversations.begin(repository, draft.title, text, message.author, branch)
    try:
        made = changes.commit(repository, pull.ref, draft.changes, message, draft.parent)
    except HubError:
        repository.swap(pull.ref, pull.start, None)
        raise
    pull.status = "open"
    conversations.save(repository, pull)
    return pull.num, made


def _author(request: Request, where: Place) -> Account:
    """Who may commit: whoever may write; whoever may read, to a pull request of their own."""
    if _wants_pull(request):
        return access.contributor(request)
    revision = text(request, "revision")
    if revision.startswith("refs/pr/"):
        account = access.contributor(request)
        pull = conversations.number(revision.removeprefix("refs/pr/"))
        if conversations.load(where.repository, pull).author == account.name:
            return account
    return access.writer(request, where.id)


def _wants_pull(request: Request) -> bool:
    return request.query_params.get("create_pr", "") in ("1", "true")


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """Cut the body into lines; raises TooLarge for one that no small file can fill."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk
        if b"\n" in chunk:
            *whole, rest = kept.split(b"\n")
            kept = bytearray(rest)
            for line in whole:
                yield bytes(line)
        if len(kept) > MAX_LINE:
            raise TooLarge(
                f"A line of a commit is longer than {MAX_LINE} bytes: upload files of more than "
                f"{attributes.LARGE} bytes as large files."
            )
    yield bytes(kept)


def _take(request: Request, draft: Draft, line: bytes) -> None:
    """Read one line of a commit; a file's bytes go into git at once, so memory stays small."""
    if not line.strip():
        return
    try:
        item = json.loads(line)
        key, value = item["key"], item["value"]
    except (ValueError, TypeError, KeyError, RecursionError) as err:
        raise BadRequest(
            f"A commit's line must be a JSON object with key and value, not {line[:80]!r}."
        ) from err
    if not isinstance(value, dict):
        raise BadRequest(f"The value of {str(key)[:50]!r} must be an object, not {value!r:.80}.")
    if key == "header":
        draft.title, draft.description = _field(value, "summary"), value.get("description") or ""
        draft.parent = value.get("parentCommit")
        return
    if len(draft.changes) >= MAX_CHANGES:
        raise TooLarge(f"More than {MAX_CHANGES} changes in one commit: send several commits.")
    draft.changes.append(_change(request, key, value))


def _change(request: Request, key: str, value: dict[str, Any]) -> Change:
    path = file_path(_field(value, "path").removesuffix("/"))
    if not path and key != "deletedFolder":
        raise BadRequest(f"A change of kind {str(key)[:50]!r} needs a path.")
    match key:
        case "file":
            return Add(path, _blob(place(request).repository, value))
        case "lfsFile":
            return Add(path, _pointer(place(request), value))
        case "deletedFile" | "deletedEntry":
            return Delete(path)
        case "deletedFolder":
            return DeleteFolder(path)
        case "copyFile":
            source = file_path(_field(value, "srcPath"))
            return Copy(path, source, str(value.get("srcRevision") or MAIN))
    raise BadRequest(f"A change of kind {str(key)[:50]!r} is unknown here.")


def _blob(repository: Repository, value: dict[str, Any]) -> pygit2.Oid:
    content = _field(value, "content")
    try:
        plain = value.get("encoding", "utf-8") != "base64"
        data = content.encode() if plain else base64.b64decode(content, validate=True)
    except (binascii.Error, UnicodeEncodeError) as err:
        raise BadRequest(f"The content of {value.get('path')} cannot be decoded: {err}.") from err
    if len(data) > attributes.LARGE:
        raise TooLarge(
            f"{value.get('path')} has {len(data)} bytes; more than {attributes.LARGE} must be "
            "uploaded as a large file."
        )
    return repository.add_blob(data)


def _pointer(where: Place, value: dict[str, Any]) -> Pointer:
    """Read which large file is meant; the size may be left out where the file is here."""
    oid = _field(value, "oid")
    path = where.store.objects.path(oid)
    if "size" in value:
        return Pointer(oid, _size(value))
    return Pointer(oid, path.stat().st_size if path.is_file() else 0)


def _field(value: object, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, str):
        raise BadRequest(f"{name!r} must be a text in {str(value)[:80]!r}.")
    return found


def _size(value: object) -> int:
    found = value.get("size") if isinstance(value, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise BadRequest(f"'size' must be a whole number of bytes in {str(value)[:80]!r}.")
    return found


def _branch_ref(repository: Repository, revision: str) -> str:
    """Find the reference that a commit goes to: a branch, or a pull request that is open."""
    if revision.startswith("refs/pr/"):
        number = conversations.number(revision.removeprefix("refs/pr/"))
        conversations.require_open(repository, number)
        return f"refs/pr/{number}"
    name = branch_name(revision.removeprefix("refs/heads/"))
    if repository.head(f"refs/heads/{name}") is None:
        raise RevisionNotFound(f"Invalid rev id: {revision[:200]} is not a branch of this one.")
    return f"refs/heads/{name}"


def _base_commit(repository: Repository, revision: str, pull: bool) -> str | None:
    return (
        repository.resolve(revision) if pull else repository.head(_branch_ref(repository, revision))
    )


def _entry(repository: Repository, commit: str | None, path: str) -> Entry | None:
    try:
        return repository.entry(commit, path) if commit else None
    except EntryNotFound:
        return None


def _text(repository: Repository, commit: str | None, path: str) -> str:
    entry = _entry(repository, commit, path)
    if entry is None or entry.folder:
        return ""
    return repository.read(entry).decode("utf-8", "replace")
