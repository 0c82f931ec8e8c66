"""Writing to the disk so that a crash leaves either the old state or the new one, never a mix."""

import errno
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from setup.hub.errors import HubStartError

try:
    import fcntl
except ImportError:  # Windows has no fcntl; msvcrt locks bytes of a file instead.
    fcntl = None  # type: ignore[assignment]

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # what a full or read-only disk says


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; does nothing where folders cannot be opened (Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def atomic_file(target: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Write a file beside its target; on success it is synced and renamed, else removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def write_json(target: Path, value: object, mode: int = 0o644) -> None:
    """Replace a JSON file atomically."""
    with atomic_file(target, mode) as stream:
        stream.write(json.dumps(value, indent=1, sort_keys=True).encode())


def read_json(source: Path, default: dict[str, Any]) -> dict[str, Any]:
    """Read a JSON object, or give the default where the file does not exist.

    Raises HubStartError when the file is not a JSON object.
    """
    try:
        value = json.loads(source.read_bytes())
    except FileNotFoundError:
        return default
    except ValueError as err:
        raise HubStartError(f"{source} is not valid JSON ({err}). Restore or delete it.") from err
    if not isinstance(value, dict):
        raise HubStartError(f"{source} does not hold a JSON object. Restore or delete it.")
    return value


class FolderLock:
    """Holds a folder for one process. The system lets go of it when the process ends, however."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._stream = (folder / "lock").open("a+b")

    def acquire(self) -> None:
        """Take the lock at once; raises HubStartError when another process holds it."""
        try:
            self._lock()
        except OSError as err:
            self._stream.close()
            raise HubStartError(
                f"Another Hub is using the state folder {self.folder}. "
                "Stop it, or give this one a folder of its own with --state."
            ) from err

    def release(self) -> None:
        """Let go of the folder."""
        self._stream.close()

    def _lock(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        import msvcrt  # only there on Windows

        self._stream.seek(0)
        msvcrt.locking(self._stream.fileno(), msvcrt.LK_NBLCK, 1)


class Guests:
    """Programs that write to the folder on behalf of its holder, and may outlive it by a moment.

    Each inherits an open file with a shared lock on it, which the system lets go of with the last
    process that has it, however that ends. Without ``fcntl`` (Windows) nothing is waited for.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "guests"

    @contextmanager
    def admitted(self) -> Iterator[tuple[int, ...]]:
        """Give the open files that a program started in the block must inherit."""
        if fcntl is None:
            yield ()
            return
        handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield (handle,)
        finally:
            os.close(handle)

    def wait(self, seconds: float) -> None:
        """Wait until no guest is left; raises HubStartError when one stays longer."""
        if fcntl is None:
            return
        deadline = time.monotonic() + seconds
        with self._path.open("a+b") as stream:
            while True:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as err:
                    if time.monotonic() > deadline:
                        raise HubStartError(
                            f"A push of an earlier Hub still writes to {self._path.parent}. "
                            "End the process named git-receive-pack, then start again."
                        ) from err
                    time.sleep(0.02)
                else:
                    return
