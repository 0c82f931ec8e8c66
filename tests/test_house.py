"""The house rules, where a machine can check them: size, annotations, links, pins."""

from __future__ import annotations

import ast
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
MOST_FILE_LINES, MOST_FUNCTION_LINES, MEDIAN_FUNCTION_LINES = 400, 50, 10
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git knows or would add, by pattern."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listing = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    return [ROOT / line for line in sorted(set(listing.splitlines())) if (ROOT / line).is_file()]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a Python file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a function, decorators left out."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def relative_links(path: Path) -> Iterator[str]:
    """Yield the links of a Markdown file or a notebook's prose that point into the repository."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    for target in LINK.findall(text):
        if not re.match(r"[a-z]+:|#", target):
            yield target.split("#")[0]


def broken_links(path: Path) -> list[str]:
    """Return the relative links of `path` that lead nowhere."""
    return [link for link in relative_links(path) if not (path.parent / link).exists()]


PYTHON = tracked("*.py")


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_FILE_LINES
    assert [f.name for f in functions(path) if lines(f) > MOST_FUNCTION_LINES] == []


def test_the_median_function_is_small() -> None:
    lengths = [lines(node) for path in PYTHON for node in functions(path)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION_LINES


def test_ruff_finds_nothing() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "."]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_relative_link_leads_somewhere() -> None:
    documents = [path for path in tracked("*.md", "*.ipynb") if "data/hub" not in path.as_posix()]
    assert {str(p.relative_to(ROOT)): broken_links(p) for p in documents if broken_links(p)} == {}


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [there](gone.md#part) [web](https://x.org)", encoding="utf-8")
    assert broken_links(page) == ["gone.md"]


def test_each_requirement_is_pinned_within_its_bound() -> None:
    pins = {}
    for line in (ROOT / "setup/constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            pins[name.lower().replace("_", "-")] = version
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            wanted = Requirement(line)
            pin = pins.get(wanted.name.lower().replace("_", "-"))
            assert pin, f"{wanted.name} has no pin in setup/constraints.txt"
            assert wanted.specifier.contains(pin), f"{wanted} excludes the pinned {pin}"


def test_data_stays_within_its_budget() -> None:
    size = sum(path.stat().st_size for path in tracked("data"))
    assert size <= 40e6, f"data/ holds {size / 1e6:.1f} MB, over 40 MB"
