"""`run`: execute notebooks, show how far they are, and tell how it went in a table."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from setup.execution import Outcome, execute_all, prepared, share_of_cores
from setup.notebooks import Notebook
from setup.places import STATE, shown
from setup.processes import run_until_stopped
from setup.terminal import Progress, styled, table

KEPT = 5  # earlier runs whose notebooks stay on the disk


def run_folder(state: Path = STATE) -> Path:
    """Make and return a new folder named by the time; remove all but the last KEPT ones."""
    runs = state / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    for old in sorted(path for path in runs.iterdir() if path.is_dir())[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    name = time.strftime("%Y-%m-%d_%H.%M.%S")
    folder = runs / name
    attempt = 2
    while True:
        try:
            folder.mkdir()
        except FileExistsError:
            folder, attempt = runs / f"{name}_{attempt}", attempt + 1
            continue
        return folder


def perform(
    notebooks: Sequence[Notebook],
    environ: Mapping[str, str],
    folder: Path,
    jobs: int,
    timeout: int,
    progress: Progress,
) -> list[Outcome]:
    """Execute `notebooks`; return their outcomes in the same order.

    Executed copies, failed ones too, are written below `folder` as each ends.
    """
    outcomes = [prepared(notebook) for notebook in notebooks]
    environ = dict(environ) | share_of_cores(environ, jobs)

    def finished(outcome: Outcome) -> None:
        target = folder / f"{outcome.notebook.name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(outcome.content, target)  # type: ignore[no-untyped-call]
        progress.keep(_told(outcome))

    async def all_with_progress() -> None:
        ticker = asyncio.create_task(_tick(outcomes, progress))
        try:
            await execute_all(
                outcomes, environ, jobs, timeout, folder / "kernels.log", finished
            )
        finally:
            ticker.cancel()

    run_until_stopped(all_with_progress())
    return outcomes


async def _tick(outcomes: Sequence[Outcome], progress: Progress) -> None:
    while True:
        running = [outcome for outcome in outcomes if outcome.running]
        ended = sum(1 for outcome in outcomes if outcome.seconds)
        parts = [f"{outcome.notebook.name} cell {outcome.done}/{outcome.cells}"
                 for outcome in running]
        progress.show(f"{ended}/{len(outcomes)} notebooks  " + "  ".join(parts))
        await asyncio.sleep(0.25)


def _told(outcome: Outcome) -> str:
    mark = styled("ok", "green") if not outcome.failure else styled(outcome.result, "red")
    return f"{outcome.notebook.name}  {outcome.cells} cells  {outcome.seconds:.1f} s  {mark}"


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return the table of all outcomes with a line of totals."""
    rows = [
        (outcome.notebook.name, _cells(outcome), f"{outcome.seconds:.1f}", outcome.result)
        for outcome in outcomes
    ]
    passed = sum(1 for outcome in outcomes if not outcome.failure)
    total = (
        f"{len(outcomes)} notebook{'s' if len(outcomes) != 1 else ''}",
        str(sum(outcome.cells for outcome in outcomes)),
        f"{seconds:.1f}",
        f"{passed} ok" if passed == len(outcomes) else f"{len(outcomes) - passed} failed",
    )
    lines = table(("notebook", "cells", "seconds", "result"), [*rows, total], (1, 2)).splitlines()
    rule = "-" * max(map(len, lines))
    return "\n".join([styled(lines[0], "bold"), *lines[1:-1], rule, lines[-1]])


def _cells(outcome: Outcome) -> str:
    return f"{outcome.done}/{outcome.cells}" if outcome.failure else str(outcome.cells)


def failures(outcomes: Sequence[Outcome], folder: Path) -> str:
    """Return, for each failed notebook, the failing cell's code and its error."""
    parts = []
    for outcome in outcomes:
        if outcome.failure is None:
            continue
        failure = outcome.failure
        head = styled(f"{outcome.notebook.name}: {failure.kind} in cell {failure.cell}", "bold")
        code = "\n".join("    " + line for line in failure.source.splitlines())
        copy = shown(folder / f"{outcome.notebook.name}.ipynb")
        parts.append(f"{head}\n{code}\n\n{failure.message}\n(executed copy: {copy})")
    return "\n\n".join(parts)
