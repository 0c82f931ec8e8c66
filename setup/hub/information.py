"""What the API tells of repositories: their info, trees, paths, references and history."""

from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from setup.hub import catalog, paging, weights
from setup.hub.addresses import Spot, place, spot
from setup.hub.bodies import bounded_body, json_object
from setup.hub.catalog import flag, moment
from setup.hub.errors import BadRequest, EntryNotFound
from setup.hub.names import Kind, file_path
from setup.hub.repository import CommitInfo, Entry, Repository

TREE_PAGE = 1000  # entries on a page, as the Hub has it
EXPANDED_PAGE = 50  # entries on a page when each comes with its last commit
COMMIT_PAGE = 50
MAX_PATHS = 1000  # paths in one paths-info request
MAX_BODY = 1 << 20  # bytes in a paths-info request


def info(request: Request) -> Response:
    """GET /api/KINDs/ID[/revision/REV]: all about one repository at one commit."""
    where = spot(request)
    record = catalog.describe(where.id, where.repository, where.commit, where.private)
    record |= _stored(where)
    if flag(request, "blobs"):
        files = (e for e in where.repository.entries(where.commit, "", True) if not e.folder)
        record["siblings"] = [_sibling(entry) for entry in files]
    return JSONResponse(catalog.narrowed(record, request), headers=_headers(where))


def tree(request: Request) -> Response:
    """GET /api/KINDs/ID/tree/REV[/PATH]: a folder's entries, page by page."""
    where = spot(request)
    expand = flag(request, "expand")
    found = where.repository.entries(where.commit, where.path, flag(request, "recursive"))
    size = EXPANDED_PAGE if expand else TREE_PAGE
    page = paging.page(request, found, size)
    body = _described(where.repository, where.commit, page.items, expand)
    return JSONResponse(body, headers=_headers(where) | page.headers)


async def paths_info(request: Request) -> Response:
    """POST /api/KINDs/ID/paths-info/REV: the entries of given paths; missing ones are left out."""
    paths, expand = await _paths_wanted(request)
    where = spot(request)
    found = []
    for path in dict.fromkeys(paths):
        try:
            found.append(where.repository.entry(where.commit, file_path(path.strip("/"))))
        except EntryNotFound:
            continue
    body = _described(where.repository, where.commit, found, expand)
    return JSONResponse(body, headers=_headers(where))


def refs(request: Request) -> Response:
    """GET /api/KINDs/ID/refs: branches, tags and, when asked for, pull requests."""
    repository = place(request).repository
    folders = {"branches": "refs/heads/", "tags": "refs/tags/", "converts": "refs/convert/"}
    if flag(request, "include_prs"):
        folders["pullRequests"] = "refs/pr/"
    return JSONResponse({key: _references(repository, at) for key, at in folders.items()})


def auth_check(request: Request) -> Response:
    """GET /api/KINDs/ID/auth-check: may the caller read this repository?"""
    place(request)
    return JSONResponse({})


def commits(request: Request) -> Response:
    """GET /api/KINDs/ID/commits/REV: the history, newest first, page by page."""
    where = spot(request)
    history = list(where.repository.log(where.commit))
    page = paging.page(request, history, COMMIT_PAGE)
    headers = _headers(where) | page.headers | {"X-Total-Count": str(len(history))}
    return JSONResponse([_commit(item) for item in page.items], headers=headers)


def _headers(where: Spot) -> dict[str, str]:
    return {"X-Repo-Commit": where.commit}


def _stored(where: Spot) -> dict[str, Any]:
    """What the large files tell: their size in bytes, and the parameters of the weights."""
    entries = where.repository.entries(where.commit, "", True)
    pointers = {entry.path: entry.pointer for entry in entries if entry.pointer}
    found: dict[str, Any] = {"usedStorage": sum(item.size for item in pointers.values())}
    if where.id.kind is Kind.MODEL and weights.FILE in pointers:
        path = where.store.objects.path(pointers[weights.FILE].oid)
        if counts := weights.parameters(path):
            found["safetensors"] = {"parameters": counts, "total": sum(counts.values())}
    return found


def _sibling(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"rfilename": entry.path, "size": entry.size, "blobId": entry.oid}
    if entry.pointer:
        large = _large(entry)
        found["lfs"] = {"sha256": large["oid"], **large}
    return found


def _large(entry: Entry) -> dict[str, Any]:
    assert entry.pointer is not None  # the caller asked only because there is one
    pointer = entry.pointer
    return {"oid": pointer.oid, "size": pointer.size, "pointerSize": len(pointer.encode())}


def _described(
    repository: Repository, commit: str, entries: list[Entry], expand: bool
) -> list[dict[str, Any]]:
    found = [_tree_entry(entry) for entry in entries]
    if expand:
        last = repository.last_commits(commit, [entry.path for entry in entries])
        for item in found:
            item["lastCommit"] = _last_commit(last[item["path"]])
    return found


def _tree_entry(entry: Entry) -> dict[str, Any]:
    kind = "directory" if entry.folder else "file"
    found = {"type": kind, "oid": entry.oid, "size": entry.size, "path": entry.path}
    return found | ({"lfs": _large(entry)} if entry.pointer else {})


def _last_commit(commit: CommitInfo) -> dict[str, Any]:
    return {"id": commit.oid, "title": commit.title, "date": moment(commit.date)}


def _commit(commit: CommitInfo) -> dict[str, Any]:
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author}],
        "date": moment(commit.date),
    }


def _references(repository: Repository, folder: str) -> list[dict[str, str]]:
    return [
        {"name": item.name, "ref": item.full, "targetCommit": item.target}
        for item in repository.references(folder)
    ]


async def _paths_wanted(request: Request) -> tuple[list[str], bool]:
    """Read a paths-info body, a form or JSON: the paths, and whether to add last commits."""
    if "json" in request.headers.get("content-type", ""):
        body = await json_object(request, MAX_BODY)
    else:
        form = parse_qs((await bounded_body(request, MAX_BODY)).decode("utf-8", "replace"))
        body = {"paths": form.get("paths"), "expand": form.get("expand") == ["true"]}
    paths = [body["paths"]] if isinstance(body.get("paths"), str) else body.get("paths")
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise BadRequest(f"'paths' must be a list of texts, not {str(paths)[:200]}.")
    if len(paths) > MAX_PATHS:
        raise BadRequest(f"{len(paths)} paths in one request; at most {MAX_PATHS} are answered.")
    return paths, bool(body.get("expand"))
