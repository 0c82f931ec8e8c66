"""`run` in a clone: table, exit status, executed copies, failures told."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from setup import runs
from setup.execution import Failure, Outcome
from setup.notebooks import Notebook
from tests.setup.conftest import Clone


def copies(clone: Clone) -> list[Path]:
    return sorted((clone.folder / ".classroom" / "runs").glob("*/*/*.ipynb"))


def test_a_run_prints_a_table_and_keeps_executed_copies(clone: Clone) -> None:
    clone.notebook("0_first/01_alone", "import os", "print(os.listdir())", "1 + 1")
    clone.notebook("1_next/01_hub", "import os; print(os.environ['HF_ENDPOINT'][:17])")
    status, output = clone.call("run", HF_TOKEN="mine", HF_ENDPOINT="http://elsewhere")
    assert status == 0, output
    assert "0_first/01_alone      3" in output
    assert "2 notebooks" in output
    assert "\033" not in output
    alone, hub = (nbformat.read(path, as_version=4) for path in copies(clone))  # type: ignore[no-untyped-call]
    assert alone.cells[1].outputs[0].text == "[]\n"  # an empty folder
    assert hub.cells[0].outputs[0].text == "http://127.0.0.1:\n"


def test_a_failing_cell_is_shown_and_the_others_run_on(clone: Clone) -> None:
    clone.notebook("1_a/01_bad", "x = 1", "y = 2\nx / 0", "print('never')")
    clone.notebook("1_a/02_good", "raise ValueError('on purpose')", tags=["raises-exception"])
    status, output = clone.call("run", "1")
    assert status == 1
    assert "1_a/01_bad     2/3" in output
    assert "error in cell 2" in output
    assert "    -> x / 0" in output
    assert "ZeroDivisionError: division by zero" in output
    assert "1 failed" in output
    assert "Traceback" not in output
    assert len(copies(clone)) == 2


def test_slow_cells_and_dying_kernels_are_told_apart(clone: Clone) -> None:
    clone.notebook("1_a/01_slow", "import time; time.sleep(60)")
    clone.notebook("1_a/02_dead", "import os; os._exit(1)")
    status, output = clone.call("run", "--timeout", "2")
    assert status == 1
    assert "timeout in cell 1" in output
    assert "longer than 2 seconds (change with --timeout)" in output
    assert "kernel died in cell 1" in output


def test_an_unknown_chapter_lists_the_choices(clone: Clone) -> None:
    clone.notebook("1_a/01_one", "1")
    status, output = clone.call("run", "7")
    assert status == 2
    assert "No chapter or notebook is called '7'" in output
    assert "1_a" in output


def test_an_error_inside_an_earlier_cells_function_names_both(clone: Clone) -> None:
    clone.notebook("1_a/01_one", "def half(x):\n    return x / 0", "a = 1\nhalf(a)")
    _, output = clone.call("run")
    assert "    -> half(a)" in output
    assert "(in a function of cell 1, line 2)" in output


def test_old_runs_are_removed_and_names_never_clash(tmp_path: Path) -> None:
    for day in range(10, 18):
        (tmp_path / "runs" / f"2020-01-{day}_10.00.00").mkdir(parents=True)
    first, second = runs.run_folder(tmp_path), runs.run_folder(tmp_path)
    assert first != second
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert len(names) == runs.KEPT + 1
    assert names[0] == "2020-01-14_10.00.00"
    assert names[-2:] == sorted([first.name, second.name])


def outcome(name: str, failure: Failure | None = None) -> Outcome:
    root = Path("/course")
    done = failure.cell if failure else 3
    return Outcome(Notebook(root / f"{name}.ipynb", root), 3, done, 1.25, failure=failure)


def test_the_summary_counts_what_failed() -> None:
    bad = outcome("1_a/02", Failure("error", 2, "x", "NameError: x"))
    table = runs.summary([outcome("1_a/01"), bad], 2.5).splitlines()
    assert table[0].split() == ["notebook", "cells", "seconds", "result"]
    assert table[2].split() == ["1_a/02", "2/3", "1.2", "error", "in", "cell", "2"]
    assert table[-1].split() == ["2", "notebooks", "6", "2.5", "1", "failed"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_notebook_ends_up_in_the_table_whatever_the_number_of_jobs(
    clone: Clone, jobs: int
) -> None:
    for number in range(3):
        clone.notebook(f"1_a/0{number}_n", f"print({number})")
    status, output = clone.call("run", "--jobs", str(jobs))
    assert status == 0, output
    assert output.count(" ok") == 3 + 3 + 1  # as they end, in the table, in its last line
