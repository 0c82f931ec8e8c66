"""What a commit changed, read from git and bounded in size. No HTTP here."""

from dataclasses import dataclass, field

import pygit2
from pygit2.enums import DeltaStatus, RepositoryOpenFlag

from setup.hub.objects import MAX_POINTER, Pointer
from setup.hub.repository import Repository

MOST_FILES = 100  # files whose names are shown
MOST_LINES = 1000  # lines shown in all
LONGEST = 500  # characters of a line that are shown
LARGEST = 512 * 1024  # bytes of a version that is compared line by line
_WORDS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "deleted",
    DeltaStatus.MODIFIED: "changed",
    DeltaStatus.RENAMED: "renamed",
}


@dataclass(frozen=True)
class Line:
    """A line of a difference: ``+``, ``-`` or a blank, and its numbers before and after."""

    sign: str
    before: int
    after: int
    text: str


@dataclass
class Changed:
    """What became of one file; ``note`` says why there are no lines."""

    path: str
    old_path: str
    word: str
    note: str = ""
    lines: list[Line | None] = field(default_factory=list)  # None stands for lines left out

    @property
    def added(self) -> int:
        """The number of lines that came."""
        return sum(1 for line in self.lines if line and line.sign == "+")

    @property
    def removed(self) -> int:
        """The number of lines that went."""
        return sum(1 for line in self.lines if line and line.sign == "-")


@dataclass(frozen=True)
class Difference:
    """What a commit changed against its first parent."""

    files: list[Changed]
    left_out: int


def difference(repository: Repository, commit: str) -> Difference:
    """Compare a commit with its first parent, or with nothing for the first of all."""
    git = pygit2.Repository(str(repository.path), RepositoryOpenFlag.NO_SEARCH)
    item = git[commit]
    assert isinstance(item, pygit2.Commit)  # the caller resolved it
    return between(repository, str(item.parents[0].id) if item.parents else None, commit)


def between(repository: Repository, old: str | None, new: str) -> Difference:
    """Compare two commits; None stands for a commit without files."""
    git = pygit2.Repository(str(repository.path), RepositoryOpenFlag.NO_SEARCH)
    diff = repository.patch(old, new)
    if len(diff) <= MOST_FILES:
        diff.find_similar()
    deltas = list(diff.deltas)
    found, left = [], MOST_LINES
    for place, delta in enumerate(deltas[:MOST_FILES]):
        changed = _changed(git, diff, place, delta, left)
        left -= len(changed.lines)
        found.append(changed)
    return Difference(found, max(0, len(deltas) - MOST_FILES))


def _changed(
    git: pygit2.Repository, diff: pygit2.Diff, place: int, delta: pygit2.DiffDelta, left: int
) -> Changed:
    word = _WORDS.get(delta.status, "changed")
    found = Changed(delta.new_file.path, delta.old_file.path, word)
    found.note = _large(git, delta) or _too_large(git, delta)
    if not found.note:
        _fill(found, diff[place], left)
    return found


def _fill(found: Changed, patch: pygit2.Patch | None, left: int) -> None:
    """Add the lines of a patch, or say why there are none."""
    if patch is None or patch.delta.is_binary:
        found.note = "A binary file." if patch is not None else ""
        return
    lines = _lines(patch)
    if len(lines) > left:
        found.note = f"{len(lines)} lines, too many to show here."
        return
    found.lines = lines
    if not lines:
        found.note = "Its content is the same." if found.word == "renamed" else "An empty file."


def _lines(patch: pygit2.Patch) -> list[Line | None]:
    found: list[Line | None] = []
    for hunk in patch.hunks:
        if hunk.old_start > 1 or found:
            found.append(None)
        for line in hunk.lines:
            if line.origin in "+- ":
                text = line.content.rstrip("\r\n")[:LONGEST]
                found.append(Line(line.origin, line.old_lineno, line.new_lineno, text))
    return found


def _large(git: pygit2.Repository, delta: pygit2.DiffDelta) -> str:
    """Describe a change of a large file by the sizes that its pointers tell."""
    before, after = _pointer(git, delta.old_file.id), _pointer(git, delta.new_file.id)
    if before and after:
        return f"A large file: {before.size:,} bytes before, {after.size:,} bytes now."
    if before or after:
        pointer = after or before
        assert pointer is not None  # one of the two is
        return f"A large file of {pointer.size:,} bytes."
    return ""


def _pointer(git: pygit2.Repository, oid: pygit2.Oid) -> Pointer | None:
    return Pointer.decode(_data(git, oid)) if 0 < _size(git, oid) <= MAX_POINTER else None


def _too_large(git: pygit2.Repository, delta: pygit2.DiffDelta) -> str:
    size = max(_size(git, delta.old_file.id), _size(git, delta.new_file.id))
    return f"{size:,} bytes, too many to compare here." if size > LARGEST else ""


def _size(git: pygit2.Repository, oid: pygit2.Oid) -> int:
    """Give a version's size; 0 where there is none, as before a file was added."""
    return int(git.odb.read_header(oid)[1]) if oid in git else 0


def _data(git: pygit2.Repository, oid: pygit2.Oid) -> bytes:
    blob = git[oid]
    return blob.data if isinstance(blob, pygit2.Blob) else b""
