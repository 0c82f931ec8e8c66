"""One bare git repository: revisions, trees, files and commits. No HTTP here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pygit2
from pygit2.enums import FileMode, ObjectType, RepositoryOpenFlag, SortMode

from setup.hub.disk import sync_folder
from setup.hub.errors import Conflict, EntryNotFound, RevisionNotFound
from setup.hub.names import revision_name
from setup.hub.objects import MAX_POINTER, Pointer

MAIN = "main"
# The state folder may belong to another user, as a volume of a container does.
pygit2.settings.owner_validation = False
_HASH = re.compile(r"[0-9a-f]{7,40}")
_Object = TypeVar("_Object", pygit2.Commit, pygit2.Tree, pygit2.Blob)
LARGE = "large"  # the folder with an empty file for each large file that the repository holds
_REF_FOLDERS = ("refs/heads/", "refs/tags/", "refs/pr/", "refs/convert/")


@dataclass(frozen=True)
class Entry:
    """A file or a folder of one tree; ``size`` is in bytes, the large file's own for a pointer."""

    path: str
    oid: str
    size: int = 0
    folder: bool = False
    pointer: Pointer | None = None

    @property
    def etag(self) -> str:
        """What the clients know this content by: SHA-256 of a large file, else git's blob id."""
        return self.pointer.oid if self.pointer else self.oid


@dataclass(frozen=True)
class CommitInfo:
    """One commit, ready to be told to a client."""

    oid: str
    author: str
    date: datetime
    title: str
    message: str


@dataclass(frozen=True)
class Reference:
    """A branch or tag with the commit that it leads to."""

    name: str
    full: str
    target: str


class Repository:
    """A bare repository opened for one request; not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = pygit2.Repository(str(path), RepositoryOpenFlag.NO_SEARCH)

    @classmethod
    def create(cls, path: Path) -> "Repository":
        """Make an empty bare repository whose HEAD is the branch main."""
        git = pygit2.init_repository(str(path), bare=True, initial_head=MAIN)
        git.config["uploadpack.allowFilter"] = True
        git.config["uploadpack.allowAnySHA1InWant"] = True
        return cls(path)

    def resolve(self, revision: str) -> str:
        """Give the full hash of the commit that a branch, tag or hash (at least 7 digits) names.

        Raises RevisionNotFound when there is none, or when a short hash fits several objects,
        and BadRequest when the text cannot be a revision.
        """
        revision_name(revision)
        commit = self._named_commit(revision) or self._hashed_commit(revision)
        if commit is None:
            raise RevisionNotFound(f"Invalid rev id: {revision}")
        return str(commit.id)

    def entry(self, commit: str, path: str) -> Entry:
        """Find one file or folder; raises EntryNotFound when the commit has no such path."""
        tree = self._tree(commit)
        try:
            found = tree[path] if path else tree
        except KeyError as err:
            raise _no_entry(path, commit) from err
        return self._entry(found, path)

    def entries(self, commit: str, path: str = "", recursive: bool = False) -> list[Entry]:
        """List a folder in git's order, folders included.

        Raises EntryNotFound when the path is missing or is a file.
        """
        folder = self.entry(commit, path)
        if not folder.folder:
            raise EntryNotFound(f"{path} is a file, not a folder, at revision {commit}.")
        tree = self._get(folder.oid, pygit2.Tree)
        return list(self._walk(tree, f"{path}/" if path else "", recursive))

    def read(self, entry: Entry) -> bytes:
        """Give the bytes that git itself stores for a file (a pointer file for a large one)."""
        return self._get(entry.oid, pygit2.Blob).data

    def log(self, commit: str) -> Iterator[CommitInfo]:
        """Give the history of a commit, newest first."""
        for item in self._git.walk(commit, SortMode.TOPOLOGICAL | SortMode.TIME):
            yield _commit_info(item)

    def commit_info(self, commit: str) -> CommitInfo:
        """Describe one commit by its full hash."""
        return _commit_info(self._get(commit, pygit2.Commit))

    def last_commits(self, commit: str, paths: list[str]) -> dict[str, CommitInfo]:
        """Find for each path the newest commit that changed it, along first parents."""
        found: dict[str, CommitInfo] = {}
        left, folders = set(paths), {path.rpartition("/")[0] for path in paths}
        item = self._get(commit, pygit2.Commit)
        while left:
            parent = item.parents[0] if item.parents else None
            for folder in folders:
                hit = left & _touched(item, parent, folder)
                found |= dict.fromkeys(hit, _commit_info(item))
                left -= hit
            if parent is None:
                break
            item = parent
        return found

    def references(self, folder: str) -> list[Reference]:
        """List the references under ``refs/heads/``, ``refs/tags/``, ``refs/pr/`` ..., by name."""
        names = sorted(name for name in self._git.references if name.startswith(folder))
        found = []
        for name in names:
            target = self._git.references[name].peel(pygit2.Commit)
            found.append(Reference(name.removeprefix(folder), name, str(target.id)))
        return found

    def write(
        self, branch: str, files: Mapping[str, bytes], title: str, author: pygit2.Signature
    ) -> str:
        """Commit a whole new tree to a branch; gives the commit's hash.

        Nothing is committed when the branch already has this tree: its head is given then.
        """
        index = pygit2.Index()
        for path, data in files.items():
            index.add(pygit2.IndexEntry(path, self._git.create_blob(data), FileMode.BLOB))
        ref, tree = f"refs/heads/{branch}", self.tree_from(index)
        head = self.head(ref)
        if head is not None and self.tree_of(head) == tree:
            return head
        made = self.append(ref, tree, head, title, author)
        assert made is not None  # seeds are planted before anyone else can write
        return made

    def head(self, ref: str) -> str | None:
        """Give the commit that a full reference leads to, or None where it is not there."""
        found = self._reference_commit(ref)
        return str(found.id) if found is not None else None

    def tree_of(self, commit: str) -> str:
        """Give the id of a commit's tree."""
        return str(self._get(commit, pygit2.Commit).tree_id)

    def index_of(self, commit: str | None) -> pygit2.Index:
        """Give a commit's files as an index in memory; an empty one for None."""
        index = pygit2.Index()
        if commit is not None:
            index.read_tree(self._get(commit, pygit2.Commit).tree)
        return index

    def tree_from(self, index: pygit2.Index) -> str:
        """Write an index as a tree; gives the tree's id."""
        return str(index.write_tree(self._git))

    def add_blob(self, data: bytes) -> pygit2.Oid:
        """Store bytes; nothing leads to them until a commit does."""
        return self._git.create_blob(data)

    def blob(self, oid: str | pygit2.Oid) -> bytes:
        """Give the bytes of a blob."""
        return self._get(oid, pygit2.Blob).data

    def append(
        self, ref: str, tree: str, head: str | None, text: str, author: pygit2.Signature
    ) -> str | None:
        """Put a commit on a reference whose commit is ``head``.

        Gives the commit's hash, or None when the reference has moved or is locked: git compares
        and swaps it, so two writers cannot overtake each other.
        """
        parents = [pygit2.Oid(hex=head)] if head is not None else []
        made = self._git.create_commit(None, author, author, text, pygit2.Oid(hex=tree), parents)
        return str(made) if self.swap(ref, head, str(made)) else None

    def orphan(self, tree: str, text: str, author: pygit2.Signature) -> str:
        """Make a commit without a parent, on no reference yet; gives its hash."""
        return str(self._git.create_commit(None, author, author, text, pygit2.Oid(hex=tree), []))

    def merged_tree(self, base: str, head: str) -> tuple[str | None, list[str]]:
        """Merge two commits in memory; gives the tree, or None and the paths in conflict."""
        index = self._git.merge_commits(pygit2.Oid(hex=base), pygit2.Oid(hex=head))
        if index.conflicts is not None:
            sides = [side for three in index.conflicts for side in three if side is not None]
            return None, sorted({side.path for side in sides})
        return self.tree_from(index), []

    def patch(self, old: str | None, new: str) -> pygit2.Diff:
        """Give what changed from one commit (None: from nothing) to another."""
        tree = self._tree(new)
        if old is None:
            return tree.diff_to_tree(swap=True)
        return self._tree(old).diff_to_tree(tree)

    def swap(self, ref: str, old: str | None, new: str | None) -> bool:
        """Set a reference from one commit to another; None stands for no reference.

        Tells whether it was done: not when the reference is not what ``old`` says, or is locked.
        """
        try:
            with self._git.transaction() as change:
                change.lock_ref(ref)
                if self.head(ref) != old:
                    return False
                if new is None:
                    change.remove(ref)
                else:
                    change.set_target(ref, pygit2.Oid(hex=new))
        except pygit2.GitError as err:
            if "failed to lock" in str(err):
                return False
            if "directory" in str(err):  # git keeps references in folders of their names
                message = f"{ref} cannot be beside a reference that its name begins with."
                raise Conflict(message) from err
            raise
        return True

    def point(self, ref: str, old: str | None, new: str | None) -> None:
        """Set a reference as ``swap`` does; raises Conflict when that could not be done."""
        if not self.swap(ref, old, new):
            raise Conflict(f"{ref} is being changed by someone else: try again in a moment.")

    def annotate(self, name: str, commit: str, text: str, author: pygit2.Signature) -> str:
        """Make a tag's object with a message, on no reference yet; gives its hash."""
        # pygit2 makes an annotated tag only with its reference, so the object is written by hand.
        line = f"{author.name} <{author.email}> {author.time} +0000"
        data = f"object {commit}\ntype commit\ntag {name}\ntagger {line}\n\n{text}\n"
        return str(self._git.write(ObjectType.TAG, data.encode()))

    def tag(self, name: str, commit: str) -> None:
        """Set a tag on a commit, moving it when it exists."""
        self._git.references.create(f"refs/tags/{name}", commit, force=True)

    def holds(self, pointer: Pointer) -> bool:
        """Tell whether a large file was uploaded to this very repository."""
        return (self.path / LARGE / pointer.oid).exists()

    def take(self, pointer: Pointer) -> None:
        """Note that a large file belongs to this repository."""
        folder = self.path / LARGE
        folder.mkdir(exist_ok=True)
        (folder / pointer.oid).touch()
        sync_folder(folder)

    def _named_commit(self, revision: str) -> pygit2.Commit | None:
        if revision == "HEAD":  # what the JavaScript client asks for by default
            revision = MAIN
        if revision.startswith(_REF_FOLDERS):
            return self._reference_commit(revision)
        return self._reference_commit(f"refs/heads/{revision}") or self._reference_commit(
            f"refs/tags/{revision}"
        )

    def _reference_commit(self, name: str) -> pygit2.Commit | None:
        try:
            return self._git.references[name].peel(pygit2.Commit)
        except (KeyError, pygit2.InvalidSpecError):
            return None

    def _hashed_commit(self, revision: str) -> pygit2.Commit | None:
        if not _HASH.fullmatch(revision):
            return None
        try:
            found = self._git[revision]
        except (KeyError, ValueError):  # unknown, or a prefix of several objects
            return None
        return found if isinstance(found, pygit2.Commit) else None

    def _tree(self, commit: str) -> pygit2.Tree:
        return self._get(commit, pygit2.Commit).tree

    def _get(self, oid: str | pygit2.Oid, kind: type[_Object]) -> _Object:
        """Read an object that is known to be there and of this kind."""
        found = self._git[oid]
        assert isinstance(found, kind)  # else the repository contradicts itself
        return found

    def _walk(self, tree: pygit2.Tree, prefix: str, recursive: bool) -> Iterator[Entry]:
        for item in tree:
            yield self._entry(item, f"{prefix}{item.name}")
            if recursive and isinstance(item, pygit2.Tree):
                yield from self._walk(item, f"{prefix}{item.name}/", recursive)

    def _entry(self, item: pygit2.Object, path: str) -> Entry:
        if isinstance(item, pygit2.Tree):
            return Entry(path, str(item.id), folder=True)
        kind, size = self._git.odb.read_header(item.id)
        if kind != ObjectType.BLOB:
            raise EntryNotFound(f"{path} is not a file.")
        small = self._get(item.id, pygit2.Blob).data if size <= MAX_POINTER else b""
        pointer = Pointer.decode(small)
        return Entry(path, str(item.id), pointer.size if pointer else size, pointer=pointer)


def _no_entry(path: str, commit: str) -> EntryNotFound:
    return EntryNotFound(
        f"Entry not found: {path} is not in revision {commit}.", {"X-Repo-Commit": commit}
    )


def _touched(item: pygit2.Commit, parent: pygit2.Commit | None, folder: str) -> set[str]:
    """Give the paths right below a folder that a commit changed against its parent."""
    now, before = _folder(item, folder), _folder(parent, folder)
    if now is None or before is None:
        names = {entry.name or "" for entry in now or before or ()}
    elif now.id == before.id:
        return set()
    else:
        deltas = before.diff_to_tree(now).deltas
        both = (file.path for delta in deltas for file in (delta.old_file, delta.new_file))
        names = {path.partition("/")[0] for path in both}
    return {f"{folder}/{name}" if folder else name for name in names}


def _folder(commit: pygit2.Commit | None, folder: str) -> pygit2.Tree | None:
    """Give a folder of a commit; None where there is none."""
    if commit is None:
        return None
    try:
        found = commit.tree[folder] if folder else commit.tree
    except KeyError:
        return None
    return found if isinstance(found, pygit2.Tree) else None


def _commit_info(commit: pygit2.Commit) -> CommitInfo:
    title, _, message = commit.message.partition("\n")
    date = datetime.fromtimestamp(commit.commit_time, UTC)
    return CommitInfo(str(commit.id), commit.author.name, date, title, message.strip())
