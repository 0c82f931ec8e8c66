"""From a request's address to what it is about: repository, revision and path, all checked.

The application routes on the address as it was sent, still percent-encoded, because a revision
such as ``refs%2Fpr%2F1`` is one part of an address while ``refs/pr/1`` would be three.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from setup.hub import access
from setup.hub.errors import BadRequest, RepoNotFound
from setup.hub.names import Kind, RepoId, file_path, repo_id
from setup.hub.repository import Repository
from setup.hub.store import Store, missing

# What may follow an id in an address; tells gpt2/resolve/... from OWNER/NAME/resolve/...
VERBS = frozenset({
    "resolve", "raw", "tree", "blob", "blame", "revision", "refs", "commits", "commit",
    "paths-info", "info", "git-upload-pack", "git-receive-pack", "preupload", "branch", "tag",
    "discussions", "settings", "compare", "lfs-files", "auth-check", "super-squash", "edit", "new",
    "upload", "viewer", "delete", "try",
})  # fmt: skip


class Addressing:
    """Lets the routes see the address as sent, and redirects old one-word ids to the new ones."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self.app = app
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or rewrite the request's address and let the application answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        path = raw.decode("latin-1")
        target = canonical_path(self.store, path) or moved_path(self.store, Request(scope), path)
        if target is None:
            await self.app({**scope, "path": path}, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        answer = RedirectResponse(f"{target}?{query}" if query else target, 307)
        await answer(scope, receive, send)


def kind_and_rest(path: str) -> tuple[Kind, str, str]:
    """Split an address: its kind, what stands before the id, and all from the id on."""
    words = path.lstrip("/").split("/", 2)
    in_api = words[0] == "api"
    named = Kind.from_plural(words[1] if in_api and len(words) > 1 else words[0])
    if named is None:
        return Kind.MODEL, "/", path.lstrip("/")
    depth = 2 if in_api else 1
    parts = path.lstrip("/").split("/", depth)
    return named, "/" + "/".join(parts[:depth]) + "/", parts[depth] if len(parts) > depth else ""


def canonical_path(store: Store, path: str) -> str | None:
    """Give the address under the canonical id, where the address has a known old id."""
    kind, before, rest = kind_and_rest(path)
    word, slash, after = rest.partition("/")
    bare = word.removesuffix(".git")
    target = store.canonical(kind, bare)
    if target is None or (after and after.split("/", 1)[0] not in VERBS):
        return None
    return f"{before}{target}{word[len(bare) :]}{slash}{after}"


def moved_path(store: Store, request: Request, path: str) -> str | None:
    """Give the address under the new id, where the address has the id of a moved repository.

    None for a private repository that is not the caller's: its new name is nobody else's business.
    """
    kind, before, rest = kind_and_rest(path)
    owner, _, after = rest.partition("/")
    word, slash, verb = after.partition("/")
    name = word.removesuffix(".git")
    target = store.moved(kind, f"{owner}/{name}")
    if target is None or not access.may_read(request, target):
        return None
    return f"{before}{target}{word[len(name) :]}{slash}{verb}"


def base(request: Request) -> str:
    """Give this Hub's own address as the caller knows it, without a slash at the end."""
    return f"{request.url.scheme}://{request.url.netloc}"


def text(request: Request, name: str) -> str:
    """Give a part of the address, decoded; raises BadRequest when it is not UTF-8."""
    raw = request.path_params.get(name, "")
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError as err:
        raise BadRequest(f"The address part {raw[:200]!r} is not valid UTF-8.") from err


@dataclass(frozen=True)
class Place:
    """A repository that a request names, opened."""

    store: Store
    id: RepoId
    repository: Repository

    @property
    def private(self) -> bool:
        """Whether only the owner may see it."""
        return self.store.is_private(self.id)


@dataclass(frozen=True)
class Spot(Place):
    """A path at a commit of a repository; ``path`` is ``""`` for the root."""

    revision: str
    commit: str
    path: str


def identity(request: Request) -> RepoId:
    """Read the repository id of an address.

    Raises RepoNotFound for one that no repository can have, as the Hub does.
    """
    owner, name = text(request, "owner"), text(request, "name").removesuffix(".git")
    kind = kind_and_rest(request.scope["path"])[0]
    try:
        return repo_id(kind, owner, name)
    except BadRequest as err:
        raise RepoNotFound(f"Repository not found: {err.message}") from err


def place(request: Request) -> Place:
    """Open the repository that the address names.

    Raises RepoNotFound when there is none, or when it is private and not the caller's.
    """
    store: Store = request.app.state.store
    repo = identity(request)
    if not store.exists(repo) or not access.may_read(request, repo):
        raise missing(repo)
    return Place(store, repo, store.open(repo))


def spot(request: Request) -> Spot:
    """Find the revision and path of the address.

    Raises RepoNotFound, RevisionNotFound, or BadRequest; whether the path exists is not asked.
    """
    where = place(request)
    revision, path = text(request, "revision") or "main", text(request, "path")
    commit = where.repository.resolve(revision)
    path = file_path(path.removesuffix("/"))
    return Spot(where.store, where.id, where.repository, revision, commit, path)
