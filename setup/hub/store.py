"""The state folder: every repository, every large file, and the old ids that lead to new ones.

::

    STATE/lock                              held by the one Hub that uses the folder
    STATE/repos/models/OWNER/NAME.git       a bare repository each
    STATE/objects/ab/cd/SHA256              large files, shared by all repositories
    STATE/legacy.json                       {"models": {"gpt2": "openai-community/gpt2"}, ...}
    STATE/moved.json                        {"models": {"OWNER/OLD": "OWNER/NEW"}, ...}
"""

import os
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from setup.hub import leftovers
from setup.hub.disk import FolderLock, Guests, read_json, sync_folder, write_json
from setup.hub.errors import Conflict, RepoNotFound
from setup.hub.names import Kind, RepoId
from setup.hub.objects import ObjectStore
from setup.hub.repository import Repository

PATIENCE = 60  # seconds that a push of a Hub that was killed gets to end
RECORD = "hub.json"  # beside a repository's git files: {"private": true}


class Store:
    """All repositories of one Hub. One process at a time may open a state folder."""

    def __init__(self, root: Path) -> None:
        """Take the folder, making it when it is missing; HubStartError when it is in use."""
        self.root = root.resolve()
        self._lock = FolderLock(self.root)
        self._lock.acquire()
        self.repos = self.root / "repos"
        self.repos.mkdir(exist_ok=True)
        self.objects = ObjectStore(self.root / "objects")
        self.guests = Guests(self.root)
        self.guests.wait(PATIENCE)
        self._clear_leftovers()
        self._legacy: dict[str, dict[str, str]] = read_json(self.root / "legacy.json", {})
        self._moved: dict[str, dict[str, str]] = read_json(self.root / "moved.json", {})
        self._names = threading.Lock()  # held while repositories come, go or change their name
        self._writing: dict[Path, threading.RLock] = defaultdict(threading.RLock)

    def close(self) -> None:
        """Let another process use the folder."""
        self._lock.release()

    def path(self, repo: RepoId) -> Path:
        """Give the place of a repository, whether it exists or not."""
        return self.repos / repo.kind.plural / repo.owner / f"{repo.name}.git"

    def exists(self, repo: RepoId) -> bool:
        """Tell whether there is such a repository."""
        return (self.path(repo) / "HEAD").is_file()

    def open(self, repo: RepoId) -> Repository:
        """Open a repository; raises RepoNotFound when there is none."""
        if not self.exists(repo):
            raise missing(repo)
        return Repository(self.path(repo))

    def ids(self, kind: Kind) -> list[RepoId]:
        """List all repositories of a kind, by owner and name."""
        found = (self.repos / kind.plural).glob("*/*.git")
        return sorted(RepoId(kind, path.parent.name, path.stem) for path in found)

    @contextmanager
    def new(self, repo: RepoId) -> Iterator[Repository]:
        """Make a repository that becomes visible, whole, when the block ends without an error."""
        draft = Path(tempfile.mkdtemp(dir=self.repos, prefix=".new-"))
        try:
            yield Repository.create(draft)
            target = self.path(repo)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.chmod(draft, 0o755)
            os.rename(draft, target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def writing(self, repo: RepoId) -> Iterator[Repository]:
        """Open a repository to change it, one caller at a time; RepoNotFound when it is gone.

        git's own pushes are not kept out: they and the commits made here meet at git's locks.
        """
        with self._writing[self.path(repo)]:
            yield self.open(repo)

    @contextmanager
    def creating(self, repo: RepoId, private: bool = False) -> Iterator[Repository]:
        """Make a repository under a name that nobody has, in whatever case; raises Conflict."""
        with self._names:
            self._refuse_taken(repo)
            with self.new(repo) as draft:
                write_json(draft.path / RECORD, {"private": private})
                yield draft
            self._forget_moved(repo)

    def delete(self, repo: RepoId) -> None:
        """Remove a repository with its history; its large files stay for those that share them."""
        with self._names, self.writing(repo):
            gone = Path(tempfile.mkdtemp(dir=self.repos, prefix=".gone-"))
            os.rename(self.path(repo), gone / "repository.git")
            sync_folder(self.path(repo).parent)
        shutil.rmtree(gone, ignore_errors=True)

    def move(self, old: RepoId, new: RepoId) -> None:
        """Give a repository another name; the old one leads there. Raises Conflict if taken."""
        with self._names, self.writing(old):
            self._refuse_taken(new, but=old)
            self.path(new).parent.mkdir(parents=True, exist_ok=True)
            os.rename(self.path(old), self.path(new))
            sync_folder(self.path(new).parent)
            kept = self._moved.setdefault(old.kind.plural, {})
            again = {name: str(new) for name, target in kept.items() if target == str(old)}
            kept.update({**again, str(old): str(new)})
            self._forget_moved(new)

    def is_private(self, repo: RepoId) -> bool:
        """Tell whether only the owner may see a repository; one that is not there is public."""
        return bool(read_json(self._record(repo), {}).get("private", False))

    def set_private(self, repo: RepoId, private: bool) -> None:
        """Change who may see a repository; raises RepoNotFound when there is none."""
        with self.writing(repo):
            write_json(self._record(repo), {"private": private})

    def owners(self) -> set[str]:
        """Give everyone who owns a repository, in lower case."""
        return {path.name.lower() for path in self.repos.glob("*/*") if any(path.glob("*.git"))}

    def moved(self, kind: Kind, name: str) -> RepoId | None:
        """Give the repository that an old OWNER/NAME leads to since it was moved, or None."""
        target = self._moved.get(kind.plural, {}).get(name)
        return RepoId(kind, *target.split("/")) if target else None

    def _record(self, repo: RepoId) -> Path:
        return self.path(repo) / RECORD

    def _refuse_taken(self, repo: RepoId, but: RepoId | None = None) -> None:
        wanted = str(repo).lower()
        for known in self.ids(repo.kind):
            if str(known).lower() == wanted and known != but:
                address = {"url": f"/{repo.kind.prefix}{known}"}
                raise Conflict(f"You already created this {repo.kind} repo: {known}.", body=address)

    def _forget_moved(self, repo: RepoId) -> None:
        """A name that is in use again leads nowhere else."""
        self._moved.get(repo.kind.plural, {}).pop(str(repo), None)
        write_json(self.root / "moved.json", self._moved)

    def canonical(self, kind: Kind, name: str) -> str | None:
        """Give the id that an old one-word id leads to, or None."""
        return self._legacy.get(kind.plural, {}).get(name)

    def set_legacy(self, names: Mapping[Kind, Mapping[str, str]]) -> None:
        """Add old one-word ids; those known before stay."""
        for kind, pairs in names.items():
            self._legacy.setdefault(kind.plural, {}).update(pairs)
        write_json(self.root / "legacy.json", self._legacy)

    def _clear_leftovers(self) -> None:
        self.objects.clear_incoming()
        for pattern in (".new-*", ".gone-*"):
            for draft in self.repos.glob(pattern):
                shutil.rmtree(draft, ignore_errors=True)
        for kind in Kind:
            for repo in self.ids(kind):
                leftovers.clear(self.path(repo))


def missing(repo: RepoId) -> RepoNotFound:
    """The one error for a repository that is not there, or that the caller may not know of."""
    return RepoNotFound(f"Repository not found: there is no {repo.kind} {repo} here.")
