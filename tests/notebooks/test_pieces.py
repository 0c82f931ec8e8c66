"""Files and functions are found in a notebook's cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.notebooks.pieces import functions, written

CELLS = [
    "%%writefile a.py\nold = 1",
    "%%writefile b.py\nother = 2",
    "%%writefile a.py\nnew = 3",
    "def one():\n    return 1",
    "%%writefile -a a.py\n\nmore = 4",
    "def two():\n    return one() + 1",
]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "sample.ipynb"
    cells = [{"cell_type": "code", "source": text} for text in CELLS]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def test_a_file_is_begun_anew_or_added_to(notebook: Path) -> None:
    assert written(notebook, "a.py") == "new = 3\n\nmore = 4\n"
    assert written(notebook, "b.py") == "other = 2\n"
    assert written(notebook, "c.py") == ""


def test_functions_come_in_the_order_asked_for(notebook: Path) -> None:
    scope: dict[str, object] = {}
    exec(functions(notebook, "two", "one") + "\nresult = two()", scope)
    assert scope["result"] == 2


def test_a_missing_function_is_an_error(notebook: Path) -> None:
    with pytest.raises(KeyError, match="three"):
        functions(notebook, "one", "three")
