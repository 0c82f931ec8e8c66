"""Executing notebooks, each in an empty folder of its own, one or two at a time."""

from __future__ import annotations

import asyncio
import atexit
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from setup.notebooks import Notebook
from setup.processes import die_with_parent

TIMEOUT = 600  # seconds a single cell may take
STARTUP = 120  # seconds a kernel may take to start on a busy machine
OWN_FRAME = re.compile(r"^\s*Cell In\[(\d+)\], line (\d+)", re.MULTILINE)
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass
class Outcome:
    """What became of one notebook: how far it got, how long it took, what stopped it."""

    notebook: Notebook
    cells: int  # code cells in the notebook
    done: int = 0  # code cells executed
    seconds: float = 0.0
    running: bool = False
    failure: Failure | None = None
    content: NotebookNode = field(default_factory=NotebookNode, repr=False)

    @property
    def result(self) -> str:
        """One word or two for the table."""
        if self.failure:
            return f"{self.failure.kind} in cell {self.failure.cell}"
        return "ok" if self.seconds else "not run"


@dataclass(frozen=True)
class Failure:
    """Why a notebook stopped: the cell (counted among code cells from 1), its code, the error."""

    kind: str  # "error", "timeout", "kernel died"
    cell: int
    source: str
    message: str


def is_code(cell: NotebookNode) -> bool:
    """Return whether a cell is executed: code that is not blank."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def workers(asked: int | None = None) -> int:
    """Return how many notebooks to execute at a time: `asked`, else one per core, at most 2."""
    return asked or min(2, cores())


def cores() -> int:
    """Return how many processor cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def share_of_cores(environ: Mapping[str, str], jobs: int) -> dict[str, str]:
    """Return the variable that keeps `jobs` kernels from fighting for the cores.

    Empty where there is one job only, or where `environ` holds the user's own choice.
    """
    if jobs < 2 or "OMP_NUM_THREADS" in environ:
        return {}
    return {"OMP_NUM_THREADS": str(max(1, cores() // jobs))}


def empty_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a context that gives a new empty folder and removes it afterwards."""
    return tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True)


async def execute_all(
    outcomes: Sequence[Outcome],
    environ: Mapping[str, str],
    jobs: int,
    timeout: int,
    record: Path,
    finished: Callable[[Outcome], None],
) -> None:
    """Execute every outcome's notebook with `environ`, `jobs` at a time, filling it in.

    What kernels print past Jupyter goes to the file `record`; `finished` is called for each
    notebook in the order in which they end.
    """
    gate = asyncio.Semaphore(jobs)

    async def one(outcome: Outcome) -> None:
        async with gate:
            await execute(outcome, environ, timeout, record)
            finished(outcome)

    # Unlike a TaskGroup, gather lets an error through as it is, not wrapped in a group.
    await asyncio.gather(*(one(outcome) for outcome in outcomes))


def prepared(notebook: Notebook) -> Outcome:
    """Read a notebook; return its outcome before execution, stale outputs removed."""
    content = nbformat.read(notebook.path, as_version=4)  # type: ignore[no-untyped-call]
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return Outcome(notebook, sum(map(is_code, content.cells)), content=content)


async def execute(
    outcome: Outcome, environ: Mapping[str, str], timeout: int, record: Path
) -> None:
    """Execute one notebook from its first cell to its last, or to the first that fails."""
    started = time.monotonic()
    outcome.running = True

    def on_start(cell: NotebookNode, cell_index: int) -> None:
        outcome.done += is_code(cell)

    client = NotebookClient(
        outcome.content,
        timeout=timeout,
        startup_timeout=STARTUP,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        shutdown_kernel="immediate",  # nothing of a kernel is wanted after its last cell
        on_cell_execute=on_start,
    )
    try:
        with record.open("ab") as output, empty_folder() as folder:
            await client.async_execute(
                cwd=folder, env=dict(environ), stdout=output, stderr=output,
                preexec_fn=die_with_parent(),
            )
    except CellExecutionError as error:
        outcome.failure = _error(outcome, error)
    except CellTimeoutError:
        message = f"The cell took longer than {timeout} seconds (change with --timeout)."
        outcome.failure = _failure(outcome, "timeout", message)
    except DeadKernelError:
        message = "The kernel ended by itself; the most frequent cause is too little memory."
        outcome.failure = _failure(outcome, "kernel died", message)
    finally:
        # nbclient would clean up once more at exit, and complain when nothing is left to clean.
        # What a cancelled start leaves behind, the commands' own sweep ends.
        atexit.unregister(client._cleanup_kernel)
        outcome.running = False
        outcome.seconds = time.monotonic() - started


def _failure(outcome: Outcome, kind: str, message: str) -> Failure:
    code = [cell for cell in outcome.content.cells if is_code(cell)]
    source = code[outcome.done - 1].source if 0 < outcome.done <= len(code) else ""
    return Failure(kind, outcome.done, source, message)


def _error(outcome: Outcome, error: CellExecutionError) -> Failure:
    """Return the failure of a cell that raised: its code with the line marked, the error."""
    text = ESCAPES.sub("", error.traceback)
    frames = OWN_FRAME.findall(text)
    plain = _failure(outcome, "error", ESCAPES.sub("", f"{error.ename}: {error.evalue}").strip())
    if not frames:
        return plain
    count, line = frames[0]
    message = plain.message
    if frames[-1][0] != count:  # raised by a function that an earlier cell defined
        message = f"(in a function of cell {frames[-1][0]}, line {frames[-1][1]})\n{message}"
    return Failure("error", plain.cell, _marked(plain.source, int(line)), message)


def _marked(source: str, marked: int) -> str:
    lines = enumerate(source.splitlines(), 1)
    return "\n".join(f"{'->' if number == marked else '  '} {line}" for number, line in lines)
