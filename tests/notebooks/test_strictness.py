"""The strict comparison fails when it should: proved on notebooks that are wrong on purpose."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import get_sanitize_patterns

from tests.notebooks.collector import SANITIZER

ROOT = Path(__file__).parents[2]
COLLECT = "from tests.notebooks.collector import collect_notebook as pytest_collect_file\n"


def sample(folder: Path, source: str, stored: str | None, count: int | None = 1) -> Path:
    """Write a notebook of one cell whose stored standard output is `stored`."""
    output = [nbformat.v4.new_output("stream", name="stdout", text=stored)] if stored else []
    cell = nbformat.v4.new_code_cell(source, outputs=output, execution_count=count)
    book = nbformat.v4.new_notebook(cells=[cell])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    path = folder / "sample.ipynb"
    nbformat.write(book, path)
    (folder / "conftest.py").write_text(COLLECT, encoding="utf-8")
    return path


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """Run pytest on one notebook as the suite does."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval-current-env", "-p", "no:randomly",
               "-p", "no:cacheprovider", "-p", "no:xdist",
               f"--rootdir={path.parent}", "-c", os.devnull, str(path)]
    return subprocess.run(
        command, cwd=path.parent, text=True, capture_output=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_ENDPOINT": "http://127.0.0.1:9"})


def test_a_true_output_passes(tmp_path: Path) -> None:
    result = check(sample(tmp_path, "print(6 * 7)", "42\n"))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("source", "stored", "count", "message"), [
    ("print(6 * 7)", "41\n", 1, "Cell outputs differ"),
    ("print(6 * 7)", None, 1, "Unexpected output fields"),
    ("6 * 7", "42\n", 1, "Cell outputs differ"),
    ("print(6 * 7)", "42\n", None, "Unrun reference cell"),
    ("print(1 / 0)", None, 1, "ZeroDivisionError"),
    ("import sys; print('w', file=sys.stderr)", None, 1, "stderr"),
    ("print(0.1239)", "0.1249\n", 1, "Cell outputs differ"),
], ids=["wrong", "missing", "kind", "no count", "error", "stderr", "third decimal"])
def test_a_false_notebook_fails(
    tmp_path: Path, source: str, stored: str | None, count: int | None, message: str
) -> None:
    result = check(sample(tmp_path, source, stored, count))
    assert result.returncode == 1
    assert message in result.stdout


def test_digits_beyond_the_third_decimal_are_overlooked(tmp_path: Path) -> None:
    result = check(sample(tmp_path, "print(0.95980471, 3.2e-09)", "0.95980123 1.7e-09\n"))
    assert result.returncode == 0, result.stdout


def test_the_kernel_starts_in_an_empty_folder(tmp_path: Path) -> None:
    result = check(sample(tmp_path, "import os; print(os.listdir())", "[]\n"))
    assert result.returncode == 0, result.stdout


def test_every_sanitizer_rule_has_a_reason_and_a_visible_marker() -> None:
    text = SANITIZER.read_text(encoding="utf-8")
    rules = get_sanitize_patterns(text)
    reasons = re.findall(r"^# Reason: .+(?:\n# .+)*\n\[.+\]\nregex: ", text, flags=re.MULTILINE)
    assert len(rules) == len(reasons) > 0
    assert all("~" in replacement for _, replacement in rules)
