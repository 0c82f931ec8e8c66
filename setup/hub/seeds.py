"""Seeds: the folders of published files that a new Hub is planted from.

``SEEDS/{models,datasets,spaces}/OWNER/NAME/`` holds one repository's files. Some are read and not
published: ``seed.json`` (``tags``, ``legacy``, ``copy``), ``weights.join.safetensors.gz`` (a
difference that ``setup.checkpoints`` joins with the base encoder into ``model.safetensors``), and
``*.seed.gz``, which a ``copy`` may name and which it then publishes unpacked.
The same seeds always give the same commits: author, date and message are fixed.
"""

import gzip
import hashlib
import json
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pygit2

from setup.hub import attributes
from setup.hub.disk import NO_ROOM, read_json, write_json
from setup.hub.errors import HubError
from setup.hub.names import Kind, RepoId, file_path, is_word, repo_id, revision_name
from setup.hub.objects import Pointer, file_blocks
from setup.hub.repository import MAIN, Repository
from setup.hub.store import Store

SETTINGS = "seed.json"
DIFFERENCE = "weights.join.safetensors.gz"
PACKED = ".seed.gz"
JOINED = "model.safetensors"
IGNORED = frozenset({SETTINGS, DIFFERENCE, ".DS_Store"})
FORMAT = "2"  # raise it when the same files would give another commit
# 2024-01-01T00:00:00Z, in seconds: any fixed moment will do.
AUTHOR = pygit2.Signature("Seed", "seed@localhost", 1704067200, 0)


class SeedError(Exception):
    """A seed that cannot be planted; the message says what to mend."""


@dataclass(frozen=True)
class Seed:
    """One folder of files to publish."""

    id: RepoId
    folder: Path
    root: Path

    @cached_property
    def settings(self) -> dict[str, object]:
        """The content of ``seed.json``; an empty object where there is none."""
        path = self.folder / SETTINGS
        if not path.exists():
            return {}
        try:
            value = json.loads(path.read_text("utf-8"))
        except ValueError as err:
            raise SeedError(f"{SETTINGS} is not valid JSON: {err}") from err
        if not isinstance(value, dict):
            raise SeedError(f"{SETTINGS} must hold a JSON object, not {value!r}")
        unknown = set(value) - {"tags", "legacy", "copy"}
        if unknown:
            raise SeedError(f"{SETTINGS} may hold tags, legacy and copy; found {unknown!r}")
        return value

    def words(self, key: str) -> list[str]:
        """A list of texts among the settings."""
        value = self.settings.get(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise SeedError(f"{key!r} in {SETTINGS} must be a list of texts, not {value!r}")
        return value

    def legacy(self) -> list[str]:
        """The old one-word ids that lead to this repository."""
        wrong = [word for word in self.words("legacy") if not is_word(word)]
        if wrong:
            raise SeedError(f"'legacy' in {SETTINGS} must hold one-word ids, not {wrong}")
        return self.words("legacy")

    @cached_property
    def copies(self) -> dict[str, str]:
        """Published path -> where it is taken from (``base:FILE`` or ``KIND/OWNER/NAME:FILE``)."""
        value = self.settings.get("copy", {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise SeedError(f"'copy' in {SETTINGS} must map paths to sources, not {value!r}")
        return value

    def own_files(self) -> dict[str, Path]:
        """The published files that lie in the folder itself, by path."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        named = {path.relative_to(self.folder).as_posix(): path for path in found}
        return {
            name: path
            for name, path in named.items()
            if path.name not in IGNORED and not name.endswith(PACKED)
        }

    def files(self) -> dict[str, Path]:
        """All published files but the joined weights; raises SeedError for a missing source."""
        found = self.own_files()
        found.update({path: self._source(text) for path, text in self.copies.items()})
        for path in found:
            file_path(path)
        return found

    def fingerprint(self) -> str:
        """A cheap hash of names, sizes and times of change: no file's content is read."""
        digest = hashlib.sha256(FORMAT.encode())
        watched = [path for path in self.folder.rglob("*") if path.is_file()]
        watched += [self._source(text) for text in self.copies.values() if _in_seeds(text)]
        for path in sorted(watched):
            status = path.stat()
            name = path.relative_to(self.root).as_posix()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def _source(self, text: str, depth: int = 0) -> Path:
        place, _, path = text.partition(":")
        if not path or depth > 4:
            raise SeedError(f"copy source {text!r}: write base:FILE or KIND/OWNER/NAME:FILE")
        if place == "base":
            found = _base_folder() / file_path(path)
        else:
            other = Seed(self.id, self.root / file_path(place), self.root)
            found = other.folder / file_path(path)
            if not found.is_file() and path in other.copies:
                return other._source(other.copies[path], depth + 1)
        if not found.is_file():
            raise SeedError(f"copy source {text!r} does not exist")
        return found


def _in_seeds(source: str) -> bool:
    """The base package is pinned by its hash, so only sources among the seeds can change."""
    return not source.startswith("base:")


def find(root: Path) -> Iterator[Seed]:
    """Give every seed below a folder, in the order of their ids."""
    for kind in Kind:
        for folder in sorted((root / kind.plural).glob("*/*")):
            if folder.is_dir():
                yield Seed(RepoId(kind, folder.parent.name, folder.name), folder, root)


class Planter:
    """Brings a store up to date with a folder of seeds, and tells what it did, line by line."""

    def __init__(self, store: Store, report: Callable[[str], None]) -> None:
        self.store = store
        self.report = report
        self._record_file = store.root / "seeds.json"
        self._records = read_json(self._record_file, {})

    def plant(self, root: Path) -> None:
        """Plant what is new or changed. A broken seed is reported and the others go on."""
        legacy: dict[Kind, dict[str, str]] = {}
        for seed in find(root):
            try:
                self._plant_one(seed)
                pairs = {word: str(seed.id) for word in seed.legacy()}
                legacy.setdefault(seed.id.kind, {}).update(pairs)
            except (SeedError, HubError, OSError, ValueError) as err:
                if getattr(err, "errno", None) in NO_ROOM:
                    raise  # no seed's fault, and the next one would fare no better
                self.report(f"seed {seed.id.folder} left out: {err}")
        self.store.set_legacy(legacy)

    def _plant_one(self, seed: Seed) -> None:
        repo_id(seed.id.kind, seed.id.owner, seed.id.name)
        record = self._records.get(seed.id.folder)
        fingerprint = seed.fingerprint()
        if record and record["fingerprint"] == fingerprint:
            return
        commit = self._commit(seed, record["commit"] if record else None)
        self._records[seed.id.folder] = {"fingerprint": fingerprint, "commit": commit}
        write_json(self._record_file, self._records)

    def _commit(self, seed: Seed, before: str | None) -> str:
        """Commit a seed and set its tags; gives the commit's hash."""
        tags = [revision_name(tag) for tag in seed.words("tags")]
        if not self.store.exists(seed.id):
            if before is not None:
                self.report(f"seed {seed.id.folder}: its repository was deleted, left so")
                return before
            with self.store.new(seed.id) as draft:
                return self._write(seed, draft, tags)
        repository = self.store.open(seed.id)
        head = repository.resolve(MAIN)
        if before is not None and head != before:
            self.report(f"seed {seed.id.folder} changed, but so did main since: left as it is")
            return before
        return self._write(seed, repository, tags)

    def _write(self, seed: Seed, repository: Repository, tags: list[str]) -> str:
        self.report(f"planting {seed.id.folder}")
        content = self._content(seed)
        for data in content.values():
            if (pointer := Pointer.decode(data)) is not None:
                repository.take(pointer)
        commit = repository.write(MAIN, content, "Seed", AUTHOR)
        for tag in tags:
            repository.tag(tag, commit)
        return commit

    def _content(self, seed: Seed) -> dict[str, bytes]:
        """What git will hold for each published path: small files whole, pointers for large."""
        files = seed.files()
        rules = _attributes(files)
        content: dict[str, bytes] = {}
        for path, source in files.items():
            if rules.is_large(path, source.stat().st_size):
                content[path] = self.store.objects.add(file_blocks(source)).encode()
            else:
                content[path] = small_content(source)
        if (seed.folder / DIFFERENCE).exists():
            content[JOINED] = self._join(seed).encode()
        content[attributes.FILE] = rules.text.encode()
        return content

    def _join(self, seed: Seed) -> Pointer:
        with tempfile.TemporaryDirectory(dir=self.store.objects.incoming) as folder:
            output = Path(folder) / JOINED
            _join(seed.folder, output)
            return self.store.objects.adopt(output)


def small_content(source: Path) -> bytes:
    """Give the bytes that a small source file stands for: a packed one is unpacked."""
    data = source.read_bytes()
    try:
        return gzip.decompress(data) if source.name.endswith(PACKED) else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as err:
        raise SeedError(f"{source} is not a gzip file ({err}): restore it") from err


def _attributes(files: dict[str, Path]) -> attributes.Attributes:
    """The seed's own rules or the standard ones, with a rule for each large file they miss."""
    own = files.get(attributes.FILE)
    rules = attributes.Attributes(own.read_text("utf-8")) if own else attributes.Attributes()
    missed = [
        path
        for path, source in files.items()
        if source.stat().st_size > attributes.LARGE and not rules.covers(path)
    ]
    return rules.including(missed)


def _base_folder() -> Path:
    """The base encoder's folder; SeedError when it is not installed or not the right one."""
    from setup import checkpoints  # imported late: it is heavy, and most starts do not need it

    try:
        return checkpoints.base_folder()
    except checkpoints.CheckpointError as err:
        raise SeedError(str(err)) from err


def _join(seed: Path, output: Path) -> None:
    """Write the weights of a seed; SeedError when its difference does not fit the base."""
    from setup import checkpoints

    try:
        checkpoints.join(seed, _base_folder(), output)
    except checkpoints.CheckpointError as err:
        raise SeedError(str(err)) from err
