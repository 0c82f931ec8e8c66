"""The whole test suite, run inside the classroom."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from setup.execution import share_of_cores
from setup.places import ROOT
from setup.processes import spawn, stop

WORKERS = 2
# The tests run in a random order, but in the same one each time: whether a change is good must
# not depend on luck. `test -- --randomly-seed=default` draws another order.
SEED = 1968985076


def command(extra: Sequence[str]) -> list[str]:
    """Return pytest's command line; what `extra` says comes last and so wins."""
    order = [] if "no:randomly" in extra else [f"--randomly-seed={SEED}"]
    return [sys.executable, "-m", "pytest", "-n", str(WORKERS), *order, *extra]


def perform(environ: Mapping[str, str], extra: Sequence[str]) -> int:
    """Run pytest with `environ`; return its exit status. It writes to the terminal itself."""
    process = spawn(
        command(extra),
        environ=dict(environ) | share_of_cores(environ, WORKERS),
        folder=ROOT,
        own_group=False,
    )
    try:
        return process.wait()
    finally:
        stop(process)
