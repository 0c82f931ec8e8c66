"""Strict nbval over every notebook, each in an empty folder.

Differs from nbval's own collection in three ways: it is always strict (there is no lax mode to
fall into), the kernel works in a fresh empty folder as it would on a hosted platform, and cells
keep their order whatever shuffles the other tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

SANITIZER = Path(__file__).with_name("sanitize.cfg")


class Notebook(IPyNbFile):
    """A notebook whose kernel starts in an empty folder that is removed afterwards."""

    folder: str | None = None

    def setup(self) -> None:
        """Start the kernel and move it into the empty folder.

        Fails when no Hub is named, since the cells would only time out one by one.
        """
        if "HF_ENDPOINT" not in os.environ:
            pytest.fail("HF_ENDPOINT names no Hub. Run the suite by `python3 -m setup test`.")
        super().setup()
        self.folder = tempfile.mkdtemp(prefix="notebook-")
        self._run_quietly(f"import os; os.chdir({self.folder!r}); del os")

    def get_sanitize_files(self) -> list[str]:
        """Use the project's sanitizer whatever the command line says."""
        return [str(SANITIZER)]

    def teardown(self) -> None:
        """Stop the kernel, then remove its folder."""
        super().teardown()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run_quietly(self, code: str) -> None:
        message = self.kernel.kc.execute(code, silent=True, store_history=False)
        self.kernel.await_reply(message, timeout=60)
        self.kernel.await_idle(message, timeout=60)


def collect_notebook(file_path: Path, parent: pytest.Collector) -> Notebook | None:
    """Return the collector of a notebook, or None for any other file."""
    if file_path.suffix != ".ipynb" or ".ipynb_checkpoints" in file_path.parts:
        return None
    return Notebook.from_parent(parent, path=file_path)


def restore_cell_order(items: list[pytest.Item]) -> None:
    """Put the cells of each notebook back in order, side by side, wherever shuffling left them."""
    cells: dict[Path, list[IPyNbCell]] = {}
    for item in items:
        if isinstance(item, IPyNbCell):
            cells.setdefault(item.path, []).append(item)
    ordered: list[pytest.Item] = []
    for item in items:
        if not isinstance(item, IPyNbCell):
            ordered.append(item)
        elif item.path in cells:
            ordered.extend(sorted(cells.pop(item.path), key=lambda cell: cell.cell_num))
    items[:] = ordered
