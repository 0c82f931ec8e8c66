"""Commits of single changes: files added, deleted and copied on top of a branch. No HTTP here."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pygit2
import yaml
from pygit2.enums import FileMode

from setup.hub import attributes, cards
from setup.hub.errors import BadRequest, Conflict, EntryNotFound, PreconditionFailed
from setup.hub.objects import Pointer
from setup.hub.repository import Repository

TRIES = 20  # times that a branch is tried while a push holds git's lock on it
PAUSE = 0.05  # seconds between them


@dataclass(frozen=True)
class Add:
    """A file, new or replaced: its bytes, the id of its blob in git, or a large file's pointer."""

    path: str
    content: bytes | pygit2.Oid | Pointer


@dataclass(frozen=True)
class Delete:
    """A file that goes."""

    path: str


@dataclass(frozen=True)
class DeleteFolder:
    """A folder that goes with all that is in it."""

    path: str


@dataclass(frozen=True)
class Copy:
    """A file that is copied from a path at a revision of the same repository."""

    path: str
    source: str
    revision: str


Change = Add | Delete | DeleteFolder | Copy


@dataclass(frozen=True)
class Message:
    """What a commit says: its title, a description that may be empty, and who made it."""

    title: str
    description: str
    author: str

    @property
    def text(self) -> str:
        """The message as git keeps it."""
        return "\n\n".join(part for part in (self.title.strip(), self.description.strip()) if part)

    @property
    def signature(self) -> pygit2.Signature:
        """The author, at this moment."""
        return pygit2.Signature(self.author, f"{self.author}@users.noreply.localhost")


def initial(repository: Repository, author: str, header: Mapping[str, str]) -> str:
    """Make the first commit of a new repository: what is a large file, and a card if it has one."""
    found: list[Change] = [Add(attributes.FILE, attributes.STANDARD.encode())]
    if header:
        found.append(Add(cards.CARD, f"---\n{yaml.safe_dump(dict(header))}---\n".encode()))
    return commit(repository, "refs/heads/main", found, Message("initial commit", "", author))


def commit(
    repository: Repository,
    ref: str,
    changes: Sequence[Change],
    message: Message,
    parent: str | None = None,
) -> str:
    """Put one commit with all changes on a reference, or none; gives the commit's hash.

    When nothing would change, the head is given and no commit is made. ``parent`` is the commit
    that the caller builds on: PreconditionFailed when the reference has moved on since.
    Raises EntryNotFound for what cannot be deleted or copied, BadRequest for a large file that
    was never uploaded, for a path that is a file and a folder at once, and for a card whose header
    cannot be read; Conflict when a push keeps the reference busy.
    """
    for _ in range(TRIES):
        head = repository.head(ref)
        if parent is not None and (head is None or not head.startswith(parent.lower())):
            raise PreconditionFailed(
                f"A commit has happened since {parent[:40]}: load the newest state and try again."
            )
        tree = _Draft(repository, head).apply(changes)
        if head is not None and repository.tree_of(head) == tree:
            return head
        made = repository.append(ref, tree, head, message.text, message.signature)
        if made is not None:
            return made
        time.sleep(PAUSE)
    raise Conflict(f"{ref} is being changed by a push: try again in a moment.")


class _Draft:
    """The tree of the next commit, in memory."""

    def __init__(self, repository: Repository, head: str | None) -> None:
        self._repository = repository
        self._index = repository.index_of(head)
        self._large: list[str] = []

    def apply(self, changes: Sequence[Change]) -> str:
        """Make the changes in their order; gives the id of the tree that they lead to."""
        for change in changes:
            match change:
                case Add(path, content):
                    self._add(path, content)
                case Delete(path):
                    self._delete(path)
                case DeleteFolder(path):
                    self._delete_folder(path)
                case Copy(path, source, revision):
                    entry = self._repository.entry(self._repository.resolve(revision), source)
                    self._put(path, pygit2.Oid(hex=entry.oid))
        self._mark_large()
        self._check_card()
        return self._repository.tree_from(self._index)

    def _add(self, path: str, content: bytes | pygit2.Oid | Pointer) -> None:
        if isinstance(content, Pointer):
            if not self._repository.holds(content):
                raise BadRequest(
                    f"The large file {path} ({content.oid}, {content.size} bytes) was never "
                    "uploaded to this repository: upload it first."
                )
            self._large.append(path)
            content = content.encode()
        blob = content if isinstance(content, pygit2.Oid) else self._repository.add_blob(content)
        self._put(path, blob)

    def _put(self, path: str, blob: pygit2.Oid) -> None:
        if (clash := self._clash(path)) is not None:
            raise BadRequest(f"{path} and {clash} cannot both be there: one would be a folder.")
        self._index.add(pygit2.IndexEntry(path, blob, FileMode.BLOB))

    def _clash(self, path: str) -> str | None:
        """Find a file where this path needs a folder, or a folder where it needs to be a file."""
        parts = path.split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        found = next((folder for folder in above if folder in self._index), None)
        return found or (f"{path}/" if path not in self._index and self._below(path) else None)

    def _below(self, folder: str) -> list[str]:
        return [entry.path for entry in self._index if entry.path.startswith(f"{folder}/")]

    def _delete(self, path: str) -> None:
        if path not in self._index:
            raise EntryNotFound(f"A file with this name doesn't exist: {path} cannot be deleted.")
        self._index.remove(path)

    def _delete_folder(self, path: str) -> None:
        found = self._below(path) if path else [entry.path for entry in self._index]
        if not found:
            raise EntryNotFound(f"A folder with this name doesn't exist: {path or '/'}.")
        for below in found:
            self._index.remove(below)

    def _mark_large(self) -> None:
        """Name large files in .gitattributes, so that git-lfs will know them in a clone."""
        rules = attributes.Attributes(self._text(attributes.FILE))
        missed = [path for path in self._large if path in self._index and not rules.covers(path)]
        if missed:
            text = rules.including(missed).text.encode()
            self._put(attributes.FILE, self._repository.add_blob(text))

    def _check_card(self) -> None:
        cards.check(self._text(cards.CARD))

    def _text(self, path: str) -> str:
        if path not in self._index:
            return ""
        return self._repository.blob(self._index[path].id).decode("utf-8", "replace")
