"""Child processes that never outlive the command that started them.

Three nets, each for what the one before misses: a child is stopped by its owner (`stop`); when a
command ends for any reason, whatever still descends from it is killed (`supervised`); and where
the kernel offers it (Linux), a child dies when its parent is killed outright.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import FrameType
from typing import IO, Any

GRACE = 4.0  # seconds between asking a process to end and ending it
PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
WINDOWS = sys.platform == "win32"
# Windows' name for what start_new_session does elsewhere; 0 where it does not exist.
NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
LINUX = sys.platform.startswith("linux")


class Stop(KeyboardInterrupt):
    """The user, the terminal or the system asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number

    @property
    def exit_status(self) -> int:
        """The shell's convention: 128 plus the signal's number."""
        return 128 + self.number


def _prctl() -> Callable[[int, int], int] | None:
    """Return Linux's prctl(option, argument), or None elsewhere."""
    if not LINUX:
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None

    def call(option: int, argument: int) -> int:
        return int(function(option, ctypes.c_ulong(argument), 0, 0, 0))

    return call


def die_with_parent() -> Callable[[], None] | None:
    """Return what a child runs before its program so that it dies with its parent, if possible."""
    prctl = _prctl()
    if prctl is None:
        return None
    parent = os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before the arrangement
            os._exit(1)

    return arrange


def spawn(
    command: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: int | IO[bytes] | None = None,
    own_group: bool = True,
) -> subprocess.Popen[bytes]:
    """Start `command`; its stdout and stderr go to `output` (None: the terminal).

    `own_group` keeps the terminal's Ctrl-C from reaching the child, so that its owner decides
    in which order things end; programs that talk to the terminal stay in ours.
    """
    return subprocess.Popen(
        [str(word) for word in command],
        env=None if environ is None else dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL if own_group else None,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=own_group and not WINDOWS,
        creationflags=NEW_GROUP if own_group else 0,
        preexec_fn=die_with_parent(),
    )


def stop(process: subprocess.Popen[bytes], grace: float = GRACE) -> None:
    """End `process` and its descendants: ask, wait `grace` seconds, then insist."""
    if process.poll() is not None:
        return
    family = descendants(process.pid)
    if WINDOWS:
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)],
            capture_output=True, check=False,
        )
    else:
        process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in family:
        _signal(pid, signal.SIGTERM)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _parents() -> dict[int, int]:
    """Return every process's parent as {process id: parent's id}; zombies are left out."""
    if LINUX:
        return dict(_read_proc())
    if WINDOWS:
        return {}
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=False
    )
    rows = (line.split() for line in listing.stdout.splitlines())
    return {int(row[0]): int(row[1]) for row in rows if len(row) > 2 and row[2][0] != "Z"}


def _read_proc() -> Iterator[tuple[int, int]]:
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            text = Path(entry.path, "stat").read_text(errors="replace")
        except OSError:  # it ended in the meantime
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        if state != "Z":
            yield int(entry.name), int(parent)


def descendants(pid: int) -> list[int]:
    """Return the ids of all living descendants of process `pid` (empty on Windows)."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def sweep(grace: float = GRACE) -> None:
    """Kill whatever still descends from this process, asking first."""
    deadline = time.monotonic() + grace
    asked: set[int] = set()
    while remaining := descendants(os.getpid()):
        overdue = time.monotonic() > deadline
        for pid in remaining:
            if overdue or pid not in asked:
                _signal(pid, signal.SIGKILL if overdue else signal.SIGTERM)
                asked.add(pid)
        if time.monotonic() > deadline + grace:
            return  # in an uninterruptible wait; nothing more can be done from here
        time.sleep(0.05)


def _raise_stop(number: int, frame: FrameType | None) -> None:
    raise Stop(number)


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end; a signal cancels it, lets it clean up, then arrives as Stop.

    It runs in a thread of its own: nbclient takes over the signals of a main thread's event
    loop, and an exception thrown by a signal handler into a loop could surface anywhere.
    Signals that follow the first are overlooked until the cleaning is done.
    """
    runner = _Runner(work)
    runner.start()
    stop: KeyboardInterrupt | None = None
    while not runner.done.is_set():
        try:
            runner.done.wait(0.2)  # join() of Python 3.11 forgets the thread when interrupted
        except KeyboardInterrupt as interrupt:
            stop = stop or interrupt
            runner.cancel()
    if stop:
        raise stop
    if runner.error:
        raise runner.error


class _Runner(threading.Thread):
    """A thread that runs one coroutine and keeps the error that ended it, if one did."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        super().__init__(name="event loop", daemon=True)
        self.error: BaseException | None = None
        self.done = threading.Event()
        self._work = work
        self._launched: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()

    def run(self) -> None:
        """Run the coroutine in an event loop."""
        try:
            asyncio.run(self._watched())
        except BaseException as error:  # noqa: BLE001  (raised again in the main thread)
            self.error = error
        finally:
            self.done.set()

    async def _watched(self) -> None:
        task = asyncio.ensure_future(self._work)
        self._launched.set_result((asyncio.get_running_loop(), task))
        await task

    def cancel(self) -> None:
        """Ask the coroutine to end, from another thread."""
        loop, task = self._launched.result(timeout=GRACE)
        with contextlib.suppress(RuntimeError):  # the loop has ended in the meantime
            loop.call_soon_threadsafe(task.cancel)


def _signals() -> list[signal.Signals]:
    names = ["SIGINT", "SIGTERM", "SIGHUP"]
    present = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # Whoever runs a command under nohup wants it to outlive the terminal.
    return [number for number in present if signal.getsignal(number) != signal.SIG_IGN]


@contextlib.contextmanager
def supervised() -> Iterator[None]:
    """Run a block whose signals arrive as Stop and that leaves no descendant behind."""
    prctl = _prctl()
    if prctl is not None:  # orphaned grandchildren become our children, so that we find them
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    numbers = _signals()
    before = {number: signal.signal(number, _raise_stop) for number in numbers}
    try:
        yield
    finally:
        for number in numbers:  # a second Ctrl-C must not interrupt the cleaning
            signal.signal(number, signal.SIG_IGN)
        sweep()
        for number, handler in before.items():
            signal.signal(number, handler)
