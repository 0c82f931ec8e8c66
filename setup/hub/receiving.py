"""The check of a push, run by git as its pre-receive hook: ``python -m setup.hub.receiving``.

git runs it inside the repository while the pushed objects are in quarantine, and takes all of
the push or nothing. One line a reference comes on standard input: OLD NEW NAME.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from setup.hub import attributes, cards
from setup.hub.errors import HubError
from setup.hub.names import branch_name, file_path
from setup.hub.objects import MAX_POINTER, Pointer
from setup.hub.repository import LARGE, MAIN

NOTHING = "0" * 40  # the hash that stands for no commit
_FILE = ("100644", "100755", "120000")  # modes: file, program, symbolic link


class Refused(Exception):
    """A push that is not taken; the message is for the person who pushes."""


@dataclass(frozen=True)
class Update:
    """A reference that a push moves, makes (old is NOTHING) or deletes (new is NOTHING)."""

    old: str
    new: str
    name: str


@dataclass(frozen=True)
class Blob:
    """A file that a push brings."""

    oid: str
    path: str
    mode: str


def main() -> int:
    """Check what standard input tells of; gives 1, with the reason on standard error, to refuse."""
    try:
        updates = [Update(*line.split(" ", 2)) for line in sys.stdin.read().splitlines()]
        check(updates)
    except (Refused, HubError) as err:
        print(f"error: {err}", file=sys.stderr)
        return 1
    return 0


def check(updates: list[Update]) -> None:
    """Raise Refused, or one of the Hub's errors, for what may not be pushed."""
    for update in updates:
        _check_reference(update)
    new = [update.new for update in updates if update.new != NOTHING]
    blobs = list(_brought(new)) if new else []
    for blob in blobs:
        file_path(blob.path)
        if blob.mode not in _FILE:
            raise Refused(f"{blob.path} is a submodule: the Hub keeps files only.")
    _check_contents(blobs)


def _check_reference(update: Update) -> None:
    if update.name.startswith("refs/pr/"):
        if update.old == NOTHING or update.new == NOTHING:
            raise Refused("Pull requests are opened and closed on the Hub, not by a push.")
        return
    if not update.name.startswith(("refs/heads/", "refs/tags/")):
        raise Refused(f"{update.name}: push branches and tags only.")
    branch_name(update.name.split("/", 2)[2])
    if update.name != f"refs/heads/{MAIN}" or update.old == NOTHING:
        return
    if update.new == NOTHING:
        raise Refused(f"The branch {MAIN} cannot be deleted.")
    if _git("rev-list", "-n", "1", update.old, f"^{update.new}").strip():
        raise Refused(
            f"The history of {MAIN} is protected: a forced push would lose commits. Pull first, "
            "then push, or squash the history on the Hub."
        )


def _brought(new: list[str]) -> Iterator[Blob]:
    """Give every file that the new commits add or change."""
    options = ["-m", "--root", "--raw", "-z", "--no-abbrev", "--no-renames", "--format="]
    words = iter(_git("log", *options, *new, "--not", "--all").split(b"\0"))
    for word in words:
        if not word.startswith(b":"):
            continue
        _, mode, _, oid, status = word.decode().split(" ")
        name = next(words)
        try:
            path = name.decode()
        except UnicodeDecodeError as err:
            raise Refused(f"The path {name!r} is not UTF-8: rename the file.") from err
        if status != "D":
            yield Blob(oid, path, mode)


def _check_contents(blobs: list[Blob]) -> None:
    paths = {blob.oid: blob.path for blob in blobs}
    sizes = _sizes(paths)
    heavy = next((oid for oid, size in sizes.items() if size > attributes.LARGE), None)
    if heavy is not None:
        raise Refused(
            f"{paths[heavy]} has {sizes[heavy]} bytes; more than {attributes.LARGE} must go "
            f"through git-lfs: git lfs track {paths[heavy]!r}, then commit it anew."
        )
    for oid, data in _contents(oid for oid, size in sizes.items() if size <= MAX_POINTER):
        pointer = Pointer.decode(data)
        if pointer is not None and not (Path(LARGE) / pointer.oid).exists():
            raise Refused(
                f"The content of {paths[oid]} (large file {pointer.oid}) was never uploaded: "
                "run 'git lfs push --all origin'."
            )
    for _, data in _contents(blob.oid for blob in blobs if blob.path == cards.CARD):
        cards.check(data.decode("utf-8", "replace"))


def _sizes(oids: Iterable[str]) -> dict[str, int]:
    lines = _git("cat-file", "--batch-check", sent="\n".join(oids)).decode().splitlines()
    rows = (line.split() for line in lines)
    return {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[1] == "blob"}


def _contents(oids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Read blobs that are known to be small, or are cards."""
    wanted = list(dict.fromkeys(oids))
    left = _git("cat-file", "--batch", sent="\n".join(wanted)) if wanted else b""
    while left:
        head, _, rest = left.partition(b"\n")
        oid, _, size = head.decode().split()
        yield oid, rest[: int(size)]
        left = rest[int(size) + 1 :]


def _git(*words: str, sent: str = "") -> bytes:
    """Run git where the hook runs; raises Refused when it fails."""
    try:
        done = subprocess.run(["git", *words], input=sent.encode(), capture_output=True, check=True)
    except subprocess.CalledProcessError as err:
        raise Refused(f"git {words[0]} failed: {err.stderr.decode(errors='replace')}") from err
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
