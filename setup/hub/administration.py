"""Repositories as a whole: making, moving and deleting them, who sees them, branches and tags."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from setup.hub import access, changes, paging
from setup.hub.accounts import Account, Accounts
from setup.hub.addresses import Place, base, place, text
from setup.hub.bodies import signed_object
from setup.hub.catalog import moment
from setup.hub.changes import Message
from setup.hub.errors import BadRequest, Conflict, Forbidden, NotFound, RevisionNotFound
from setup.hub.names import Kind, RepoId, branch_name, repo_id
from setup.hub.repository import MAIN
from setup.hub.store import Store

MAX_BODY = 1 << 16  # bytes of a request about a repository as a whole
_VISIBILITIES = {"public": False, "private": True}


async def create(request: Request) -> Response:
    """POST /api/repos/create {name, organization, type, visibility}."""
    sent = await signed_object(request, MAX_BODY)
    return await run_in_threadpool(_create, request, sent)


def _create(request: Request, sent: dict[str, Any]) -> Response:
    repo = _named(request, sent)
    account = access.creator(request, repo)
    private = _visibility(sent)
    try:
        made(request, repo, account, bool(private), _header(sent))
    except Conflict as err:
        address = f"{base(request)}{err.body.get('url', '')}"
        raise Conflict(err.message, body={"url": address}) from err
    url = f"{base(request)}/{repo.kind.prefix}{repo}"
    return JSONResponse({"url": url, "name": str(repo), "id": str(repo), "private": bool(private)})


def made(
    request: Request,
    repo: RepoId,
    account: Account,
    private: bool,
    header: dict[str, str] | None = None,
) -> None:
    """Make a repository with its first commit; raises Conflict when the name is taken.

    ``header`` is what its card says at first; without it there is no card yet.
    """
    store: Store = request.app.state.store
    with store.creating(repo, private) as draft:
        changes.initial(draft, account.name, header or {})


def _header(sent: dict[str, Any]) -> dict[str, str]:
    """Read what a new card is to say: the licence, and what a space runs on."""
    return {key: str(sent[key])[:100] for key in ("license", "sdk") if sent.get(key)}


async def delete(request: Request) -> Response:
    """DELETE /api/repos/delete {name, organization, type}."""
    sent = await signed_object(request, MAX_BODY)
    return await run_in_threadpool(_delete, request, _named(request, sent))


def _delete(request: Request, repo: RepoId) -> Response:
    store: Store = request.app.state.store
    access.writer(request, repo)
    store.delete(repo)
    return JSONResponse({})


async def move(request: Request) -> Response:
    """POST /api/repos/move {fromRepo, toRepo, type}."""
    sent = await signed_object(request, MAX_BODY)
    kind = _kind(sent)
    return await run_in_threadpool(
        _move, request, _split(kind, sent, "fromRepo"), _split(kind, sent, "toRepo")
    )


def _move(request: Request, old: RepoId, new: RepoId) -> Response:
    store: Store = request.app.state.store
    access.writer(request, old)
    access.creator(request, new)
    store.move(old, new)
    return JSONResponse({})


async def settings(request: Request) -> Response:
    """PUT /api/KINDs/ID/settings {visibility} (or private): who may see the repository."""
    sent = await signed_object(request, MAX_BODY)
    return await run_in_threadpool(_settings, request, sent)


def _settings(request: Request, sent: dict[str, Any]) -> Response:
    where, _ = writable(request)
    private = _visibility(sent)
    if private is None:
        raise BadRequest(f"Only visibility can be set here, not {sorted(sent)}.")
    where.store.set_private(where.id, private)
    return JSONResponse({"private": private})


def owned(request: Request) -> Response:
    """GET /api/settings/repositories: all repositories in a namespace of the caller's."""
    account = access.known(request)
    owner = text(request, "organization") or account.name
    if not access.belongs(request, account, owner):
        raise Forbidden(f"{account.name} is not a member of {owner}.")
    store: Store = request.app.state.store
    ids = [repo for kind in Kind for repo in store.ids(kind) if repo.owner == owner]
    page = paging.page(request, ids, 100)
    return JSONResponse([_storage(store, repo) for repo in page.items], headers=page.headers)


def _storage(store: Store, repo: RepoId) -> dict[str, Any]:
    repository = store.open(repo)
    head = repository.head(f"refs/heads/{MAIN}")
    files = repository.entries(head, "", True) if head else []
    return {
        "id": str(repo),
        "type": str(repo.kind),
        "visibility": "private" if store.is_private(repo) else "public",
        "updatedAt": moment(repository.commit_info(head).date) if head else None,
        "storage": sum(entry.size for entry in files if not entry.folder),
    }


async def add_branch(request: Request) -> Response:
    """POST /api/KINDs/ID/branch/NAME {startingPoint}: a new branch, from main by default."""
    sent = await signed_object(request, MAX_BODY, empty=True)
    return await run_in_threadpool(_add_branch, request, str(sent.get("startingPoint") or MAIN))


def _add_branch(request: Request, start: str) -> Response:
    where, _ = writable(request)
    name = branch_name(text(request, "branch"))
    _make(where, f"refs/heads/{name}", where.repository.resolve(start))
    return JSONResponse({})


def delete_branch(request: Request) -> Response:
    """DELETE /api/KINDs/ID/branch/NAME: refused for main, which everything starts from."""
    where, _ = writable(request)
    name = text(request, "branch")
    if name == MAIN:
        raise Forbidden("The branch main cannot be deleted.")
    _remove(where, f"refs/heads/{name}")
    return JSONResponse({})


async def add_tag(request: Request) -> Response:
    """POST /api/KINDs/ID/tag/REVISION {tag, message}."""
    sent = await signed_object(request, MAX_BODY)
    return await run_in_threadpool(_add_tag, request, sent)


def _add_tag(request: Request, sent: dict[str, Any]) -> Response:
    where, account = writable(request)
    name = branch_name(str(sent.get("tag", "")))
    commit = where.repository.resolve(text(request, "revision"))
    message = str(sent.get("message") or "")
    target = commit
    if message:
        said = Message(message, "", account.name)
        target = where.repository.annotate(name, commit, said.text, said.signature)
    _make(where, f"refs/tags/{name}", target)
    return JSONResponse({})


def delete_tag(request: Request) -> Response:
    """DELETE /api/KINDs/ID/tag/NAME."""
    where, _ = writable(request)
    _remove(where, f"refs/tags/{text(request, 'revision')}")
    return JSONResponse({})


async def squash(request: Request) -> Response:
    """POST /api/KINDs/ID/super-squash/BRANCH {message}: the branch's files as its only commit."""
    sent = await signed_object(request, MAX_BODY, empty=True)
    return await run_in_threadpool(_squash, request, str(sent.get("message") or ""))


def _squash(request: Request, title: str) -> Response:
    where, account = writable(request)
    branch = text(request, "branch")
    ref = f"refs/heads/{branch}"
    title = title or f"Super-squash branch '{branch}'"
    with where.store.writing(where.id) as repository:
        head = repository.head(ref)
        if head is None:
            raise RevisionNotFound(f"Invalid rev id: {branch[:200]}")
        message = Message(title, "", account.name)
        tree = repository.tree_of(head)
        alone = repository.orphan(tree, message.text, message.signature)
        repository.point(ref, head, alone)
    return JSONResponse({"commitId": alone})


def writable(request: Request) -> tuple[Place, Account]:
    """Open the repository that an address names for a caller who may change it."""
    where = place(request)
    return where, access.writer(request, where.id)


def _make(where: Place, ref: str, target: str) -> None:
    with where.store.writing(where.id) as repository:
        if repository.head(ref) is not None:
            raise Conflict(f"Reference already exists: {ref} is there.", body={"ref": ref})
        repository.point(ref, None, target)


def _remove(where: Place, ref: str) -> None:
    with where.store.writing(where.id) as repository:
        head = repository.head(ref)
        if head is None:
            raise RevisionNotFound(f"Invalid rev id: there is no {ref[:200]} here.")
        repository.point(ref, head, None)


def _named(request: Request, sent: dict[str, Any]) -> RepoId:
    """Read which repository is meant: an owner may stand apart, before the name, or be left out."""
    owner, name = sent.get("organization"), str(sent.get("name", ""))
    if not owner and "/" in name:
        owner, _, name = name.partition("/")
    return repo_id(_kind(sent), str(owner or access.known(request).name), name)


def _split(kind: Kind, sent: dict[str, Any], key: str) -> RepoId:
    owner, _, name = str(sent.get(key, "")).partition("/")
    return repo_id(kind, owner, name)


def _kind(sent: dict[str, Any]) -> Kind:
    value = sent.get("type") or "model"
    try:
        return Kind(value)
    except ValueError as err:
        raise BadRequest(
            f"type {str(value)[:50]!r} is unknown here: use {', '.join(Kind)}."
        ) from err


def _visibility(sent: dict[str, Any]) -> bool | None:
    """Read whether a repository shall be private; None when the request does not say."""
    if isinstance(sent.get("private"), bool):
        return bool(sent["private"])
    wanted = sent.get("visibility")
    if wanted is None:
        return None
    if wanted not in _VISIBILITIES:
        raise BadRequest(f"visibility {str(wanted)[:50]!r}: use {' or '.join(_VISIBILITIES)}.")
    return _VISIBILITIES[wanted]


def user(request: Request) -> Response:
    """GET /api/users/NAME/overview: how much a person has published."""
    accounts: Accounts = request.app.state.accounts
    name = text(request, "owner")
    if not accounts.exists(name):
        raise NotFound(f"There is no account {name[:96]!r} here.")
    return JSONResponse(_overview(request, name, "user"))


def organization(request: Request) -> Response:
    """GET /api/organizations/NAME/overview."""
    accounts: Accounts = request.app.state.accounts
    name = text(request, "owner")
    members = accounts.members(name)
    return JSONResponse({**_overview(request, name, "org"), "numUsers": len(members)})


def _overview(request: Request, name: str, what: str) -> dict[str, Any]:
    store: Store = request.app.state.store
    about = {"user": name, "name": name, "fullname": name, "avatarUrl": "", "type": what}
    seen = {each: [repo for repo in store.ids(each) if repo.owner == name] for each in Kind}
    numbers = {
        f"num{each.plural.capitalize()}": sum(access.may_read(request, repo) for repo in found)
        for each, found in seen.items()
    }
    return {**about, **numbers}
