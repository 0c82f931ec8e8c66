"""Folders made from commits, for programs that read files: small files copied, large ones linked.

Only the files that a model needs are taken: settings, vocabularies, and weights in safetensors.
No Python file and no pickled weights, so nothing in such a folder can be executed.
"""

import os
import shutil
import tempfile
import threading
from pathlib import Path

from setup.hub.addresses import Place
from setup.hub.errors import HubError
from setup.hub.repository import Entry

ENDINGS = (".json", ".txt", ".model", ".spm", ".safetensors")
KEPT = 40  # folders, more than questions can wait; the longest unused one goes first
LARGEST = 2 << 30  # bytes of all files together
MOST_FILES = 200


class NotRunnable(HubError):
    """This repository holds nothing that could be tried; the message says why (422)."""

    status = 422
    code = "NotRunnable"


class Checkouts:
    """The folders below one folder, named by commit."""

    def __init__(self, root: Path) -> None:
        """Take a folder, which is emptied: what a killed Hub left there is of no use."""
        self.root = root
        self._lock = threading.Lock()
        self._used: dict[str, Path] = {}
        shutil.rmtree(root, ignore_errors=True)

    def folder(self, where: Place, commit: str) -> Path:
        """Give the folder of a commit, made when it is missing; raises NotRunnable."""
        with self._lock:
            known = self._used.pop(commit, None)
            self._used[commit] = known or self._made(where, commit)
            self._forget()
            return self._used[commit]

    def clear(self) -> None:
        """Remove all folders."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _made(self, where: Place, commit: str) -> Path:
        entries = _needed(where.repository.entries(commit))
        self.root.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=self.root, prefix=".new-"))
        try:
            for entry in entries:
                _put(where, entry, draft / entry.path)
            target = self.root / commit
            os.rename(draft, target)
            return target
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _forget(self) -> None:
        while len(self._used) > KEPT:
            oldest = next(iter(self._used))
            shutil.rmtree(self._used.pop(oldest), ignore_errors=True)


def _needed(entries: list[Entry]) -> list[Entry]:
    """Choose the files to take; raises NotRunnable when the weights are missing or too large."""
    found = [e for e in entries if not e.folder and e.path.endswith(ENDINGS)][:MOST_FILES]
    if not any(entry.path == "config.json" for entry in found):
        raise NotRunnable("There is no config.json here that would say what kind of model it is.")
    if not any(entry.path.endswith(".safetensors") for entry in found):
        raise NotRunnable("There are no weights here in the safetensors format.")
    if sum(entry.size for entry in found) > LARGEST:
        raise NotRunnable(f"The files are larger than the {LARGEST >> 30} GiB tried in a page.")
    return found


def _put(where: Place, entry: Entry, target: Path) -> None:
    """Write a file that git holds, or link one that the object store holds."""
    if entry.pointer is None:
        target.write_bytes(where.repository.read(entry))
        return
    source = where.store.objects.path(entry.pointer.oid)
    if not where.store.objects.has(entry.pointer):
        raise NotRunnable(f"The content of {entry.path} has not been uploaded.")
    for link in (os.link, os.symlink, shutil.copyfile):
        try:
            link(source, target)
        except OSError:  # another disk, or a system without this kind of link
            continue
        return
    raise NotRunnable(f"There is no room for a copy of {entry.path}.")
