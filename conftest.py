"""Collect every notebook for strict re-execution, next to the ordinary tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks.collector import collect_notebook, restore_cell_order


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Notebooks are tests."""
    return collect_notebook(file_path, parent)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the cells of a notebook in order under random test order."""
    restore_cell_order(items)
