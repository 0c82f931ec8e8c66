"""Large files, addressed by their SHA-256, and the pointers that stand for them in git."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from setup.hub.disk import sync_folder
from setup.hub.errors import BadRequest

BLOCK = 1 << 20  # bytes read at once: large enough for the disk, small enough for memory
MAX_POINTER = 1024  # bytes; the LFS specification's limit for a pointer file
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-\d-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_OID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Pointer:
    """What git stores in place of a large file: its SHA-256 and its size in bytes."""

    oid: str
    size: int

    def encode(self) -> bytes:
        """Give the pointer file's text."""
        head = "version https://git-lfs.github.com/spec/v1"
        return f"{head}\noid sha256:{self.oid}\nsize {self.size}\n".encode()

    @classmethod
    def decode(cls, data: bytes) -> "Pointer | None":
        """Read a pointer file, or give None for any other content."""
        match = _POINTER.fullmatch(data) if len(data) <= MAX_POINTER else None
        return cls(match[1].decode(), int(match[2])) if match else None


class ObjectStore:
    """A folder of immutable files named by their content: ``ab/cd/abcd...``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self.incoming.mkdir(parents=True, exist_ok=True)

    def path(self, oid: str) -> Path:
        """Give the place of an object, whether it is there or not.

        Raises BadRequest when the oid is not 64 lower-case hexadecimal digits.
        """
        if not _OID.fullmatch(oid):
            raise BadRequest(f"Invalid object id {oid[:80]!r}: a SHA-256 in hexadecimal is needed.")
        return self.root / oid[:2] / oid[2:4] / oid

    def has(self, pointer: Pointer) -> bool:
        """Tell whether the object is stored with the pointer's size."""
        try:
            return self.path(pointer.oid).stat().st_size == pointer.size
        except FileNotFoundError:
            return False

    def add(self, blocks: Iterable[bytes]) -> Pointer:
        """Store content that arrives block by block; it is visible only once it is whole."""
        with Incoming(self) as incoming:
            for block in blocks:
                incoming.write(block)
            return incoming.publish()

    def adopt(self, source: Path) -> Pointer:
        """Hash a file that lies in ``incoming`` and move it to its place."""
        digest, size = hashlib.sha256(), 0
        with source.open("r+b") as stream:  # Windows syncs only what may be written
            for block in iter(lambda: stream.read(BLOCK), b""):
                digest.update(block)
                size += len(block)
            os.fsync(stream.fileno())
        return self.publish(source, Pointer(digest.hexdigest(), size))

    def clear_incoming(self) -> None:
        """Remove what an interrupted process left half written."""
        shutil.rmtree(self.incoming)
        self.incoming.mkdir()

    def publish(self, source: Path, pointer: Pointer) -> Pointer:
        """Move a synced file from ``incoming`` to its place; one that is there already stays."""
        target = self.path(pointer.oid)
        if self.has(pointer):
            source.unlink()
            return pointer
        target.parent.mkdir(parents=True, exist_ok=True)
        os.chmod(source, 0o444)
        os.replace(source, target)
        sync_folder(target.parent)
        return pointer


class Incoming:
    """A large file on its way in: hashed while it is written, removed unless it is published."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._digest, self.size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=store.incoming)
        self._stream, self._path = os.fdopen(handle, "wb"), Path(name)

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._path.unlink(missing_ok=True)

    def write(self, block: bytes | bytearray) -> None:
        """Take the next bytes."""
        self._digest.update(block)
        self.size += self._stream.write(block)

    def publish(self, wanted: Pointer | None = None) -> Pointer:
        """Make the file visible under its hash.

        Raises BadRequest when it is not the wanted one: nothing is stored then.
        """
        found = Pointer(self._digest.hexdigest(), self.size)
        if wanted is not None and found != wanted:
            raise BadRequest(
                f"The upload is {found.size} bytes with SHA-256 {found.oid}, not "
                f"{wanted.size} bytes with SHA-256 {wanted.oid}: nothing was stored, send it again."
            )
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        return self._store.publish(self._path, found)


def file_blocks(path: Path) -> Iterable[bytes]:
    """Read a file block by block."""
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(BLOCK), b"")
