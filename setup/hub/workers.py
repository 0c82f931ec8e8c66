"""A worker: a process beside the Hub that answers one question at a time, within limits.

What could hang, crash or fill the memory (a stranger's model or data file) runs there and never
in the Hub itself. A worker is started by the first question, stays for a while so that the next
answer is quick, and ends with the Hub however that ends. Questions and answers are JSON, one a
line. The worker's own half is in ``desk``.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from setup import processes
from setup.hub.errors import HubError

ROOT = Path(__file__).resolve().parents[2]
LONGEST_ANSWER = 8 << 20  # bytes
POLL = 0.05  # seconds between two looks at a working process
THREADS = min(4, os.cpu_count() or 1)  # a classroom's machine has others to serve
# All that a worker learns of the Hub's environment: no token, no proxy, no address of a Hub.
_PASSED = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")
Answer = dict[str, Any]


class Busy(HubError):
    """Too many questions wait already (503)."""

    status = 503
    code = "Busy"


class Failed(HubError):
    """The worker could not answer; the message says why in words for the page (422)."""

    status = 422
    code = "NoAnswer"


class Declined(Failed):
    """The worker found a fault in the question and is ready for the next one (422)."""


class Ended(Failed):
    """The process broke down, or had ended before it could take the question (422)."""


class TooSlow(Failed):
    """The answer took longer than is allowed; the worker was ended (504)."""

    status = 504


@dataclass(frozen=True)
class Limits:
    """What a worker may use: seconds for an answer, bytes of memory; and how many may wait.

    Nobody waits for more seconds than one answer may take: a class that presses the button
    together is served, and a queue behind slow answers is told to come back.
    """

    seconds: float
    memory: int
    idle: float = 300  # seconds without a question after which it ends
    waiting: int = 32


@dataclass(frozen=True)
class _Job:
    question: Mapping[str, Any]
    answer: "Future[Answer]"
    asked: float = field(default_factory=time.monotonic)


class Worker:
    """Keeps the process of one module: starts it, asks it, ends it.

    All is done by one thread of its own that lives as long as the Hub: on Linux a child dies
    with the thread that started it, so a thread out of a pool would not do.
    """

    def __init__(self, module: str, limits: Limits, folder: Path) -> None:
        """Prepare a worker that keeps its log and its home in a folder; nothing starts yet."""
        self.module = module
        self.limits = limits
        self.folder = folder
        self._jobs: queue.Queue[_Job] = queue.Queue(limits.waiting)
        self._lock = threading.Lock()
        self._keeper: threading.Thread | None = None
        self._process: _Process | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The id of the running process, or None."""
        process = self._process
        return process.pid if process and process.alive else None

    def ask(self, question: Mapping[str, Any]) -> "Future[Answer]":
        """Put a question at the end of the queue; raises Busy when the queue is full.

        The future raises Failed or TooSlow when there is no answer.
        """
        job = _Job(question, Future())
        with self._lock:
            if self._closed:
                raise Busy("The Hub is about to end.")
            try:
                self._jobs.put_nowait(job)
            except queue.Full:
                raise Busy(
                    "Too many wait already. Try again in a moment.", {"Retry-After": "5"}
                ) from None
            if self._keeper is None:
                name = f"keeper of {self.module}"
                self._keeper = threading.Thread(target=self._keep, name=name, daemon=True)
                self._keeper.start()
        return job.answer

    def close(self) -> None:
        """End the process at once; whoever waits is told."""
        with self._lock:
            self._closed = True
        process = self._process
        if process:
            process.end()
        if self._keeper:
            self._keeper.join(2 * processes.GRACE)

    def _keep(self) -> None:
        last = time.monotonic()
        while not self._closed:
            try:
                job = self._jobs.get(timeout=POLL)
            except queue.Empty:
                if time.monotonic() - last > self.limits.idle:
                    self._end()
                continue
            if not job.answer.set_running_or_notify_cancel():
                continue
            if time.monotonic() - job.asked > self.limits.seconds:
                job.answer.set_exception(_busy())
                continue
            self._answer(job)
            last = time.monotonic()
        self._end()
        self._turn_away()

    def _turn_away(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait().answer.set_exception(Failed("The Hub has ended."))

    def _answer(self, job: _Job) -> None:
        try:
            answer = self._asked(job.question)
        except Declined as err:
            job.answer.set_exception(err)
        except (Failed, OSError) as err:
            self._end()
            job.answer.set_exception(err if isinstance(err, Failed) else Failed(str(err)))
        else:
            job.answer.set_result(answer)

    def _asked(self, question: Mapping[str, Any]) -> Answer:
        """Ask the process; where an older one turns out to have ended, ask a new one."""
        before = self.pid
        try:
            return self._started().ask(question, self.limits)
        except Ended:
            if before is None or self._closed:
                raise
            self._end()
            return self._started().ask(question, self.limits)

    def _started(self) -> "_Process":
        if self._process is None or not self._process.alive:
            self._end()
            self._process = _Process(self.module, self.folder, self.limits)
            if self._closed:  # close() may have looked a moment too early
                self._process.end()
        return self._process

    def _end(self) -> None:
        if self._process:
            self._process.end()
            self._process = None


class _Process:
    """One running process, its pipes, and a thread that reads what it answers."""

    def __init__(self, module: str, folder: Path, limits: Limits) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", module, str(limits.memory)]
        with (folder / "log.txt").open("wb") as log:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=not processes.WINDOWS,
                creationflags=processes.NEW_GROUP,
                preexec_fn=processes.die_with_parent(),
            )
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True, name=f"reader of {module}").start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def ask(self, question: Mapping[str, Any], limits: Limits) -> Answer:
        """Send a question and wait for its answer, watching time and memory."""
        deadline = time.monotonic() + limits.seconds
        self._send(json.dumps(question).encode() + b"\n")
        while True:
            with contextlib.suppress(queue.Empty):
                return _decoded(self._lines.get(timeout=POLL))
            if time.monotonic() > deadline:
                raise TooSlow(f"It took longer than {limits.seconds:g} seconds and was stopped.")
            if self._memory() > limits.memory:
                raise Failed(f"It needed more than {limits.memory >> 20} MiB of memory.")

    def end(self) -> None:
        """Kill the process and whatever it started."""
        for pid in [*processes.descendants(self.pid)] if self.alive else []:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
        with contextlib.suppress(OSError):
            self._popen.kill()
        self._popen.wait()
        with contextlib.suppress(OSError):
            _pipe(self._popen.stdin).close()

    def _send(self, line: bytes) -> None:
        try:
            pipe = _pipe(self._popen.stdin)
            pipe.write(line)
            pipe.flush()
        except (OSError, ValueError) as err:  # it ended between two questions
            raise Ended("The worker has ended. Try again.") from err

    def _read(self) -> None:
        """Pass on every line; an empty one, at the end, says that the process has ended."""
        with _pipe(self._popen.stdout) as pipe:
            while line := pipe.readline(LONGEST_ANSWER + 1):
                self._lines.put(line)
        self._lines.put(b"")

    def _memory(self) -> int:
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:  # it has just ended; the reader will tell
            return 0


def _busy() -> Busy:
    return Busy("Too many wait already. Try again in a moment.", {"Retry-After": "5"})


def environment(folder: Path) -> dict[str, str]:
    """Give the few variables that a worker sees; its libraries find no network and no token."""
    kept = {key: os.environ[key] for key in _PASSED if key in os.environ}
    home = str(folder / "home")
    return kept | {
        "HOME": home,
        "USERPROFILE": home,
        "HF_HOME": home,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(THREADS),
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait starve on a busy machine
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # its own would reserve a GiB beforehand
        "MALLOC_ARENA_MAX": "2",  # else every thread reserves 64 MiB of the address space
        "PYTHONUTF8": "1",
    }


def _decoded(line: bytes) -> Answer:
    if not line:
        raise Ended("The worker broke down over it: it may need more memory than it may have.")
    if len(line) > LONGEST_ANSWER:
        raise Failed("The answer is too long to be shown.")
    found: Answer = json.loads(line)
    if "error" in found:
        raise Declined(str(found["error"]))
    return found


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the process was started without this pipe")
    return stream
