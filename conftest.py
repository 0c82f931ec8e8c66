"""Collect every notebook for strict re-execution, next to the ordinary tests."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.notebooks.collector import collect_notebook, restore_cell_order

# A shell's background jobs and nohup start programs that ignore these signals, and programs pass
# that on. The commands under test must be stoppable all the same.
for name, action in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, action)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Notebooks are tests."""
    return collect_notebook(file_path, parent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have recorded: figures that a green dot would hide."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the cells of a notebook in order under random test order."""
    restore_cell_order(items)
