"""The state folder: every repository, every large file, and the old ids that lead to new ones.

::

    STATE/lock                              held by the one Hub that uses the folder
    STATE/repos/models/OWNER/NAME.git       a bare repository each
    STATE/objects/ab/cd/SHA256              large files, shared by all repositories
    STATE/legacy.json                       {"models": {"gpt2": "openai-community/gpt2"}, ...}
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from setup.hub.disk import FolderLock, read_json, sync_folder, write_json
from setup.hub.errors import RepoNotFound
from setup.hub.names import Kind, RepoId
from setup.hub.objects import ObjectStore
from setup.hub.repository import Repository


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
        self._clear_leftovers()
        legacy = read_json(self.root / "legacy.json", {})
        self._legacy: dict[str, dict[str, str]] = legacy

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
            raise RepoNotFound(f"Repository not found: there is no {repo.kind} {repo} here.")
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
        for draft in self.repos.glob(".new-*"):
            shutil.rmtree(draft, ignore_errors=True)
