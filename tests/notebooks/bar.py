"""The bar that every notebook must clear, measured on its JSON.

Each check is a function from a notebook to findings, one line of text each, so that a finding
names the cell and the value. The numbers come from a study of well-kept notebook collections:
small cells, prose that carries the course, real outputs with counts 1..n.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

Cell = dict[str, Any]

MEDIAN_LINES, NINETIETH_LINES, MOST_LINES = 4, 15, 30
WORDS_PER_LINE = (8, 40)
MOST_COLUMNS = 88
MOST_OUTPUT_LINES = 25
MOST_KILOBYTES = 500
MOST_CODE_CELLS_IN_A_ROW = 4
KNOWN_TAGS = {"install", "exercise", "solution", "raises-exception"}
MACHINE_PATH = re.compile(r"(/(?:root|tmp|Users)/|/home/[a-z]|C:\\+Users)")
SECRET = re.compile(r"\b(hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,})")
PICTURE_WITHOUT_TEXT = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]+\")")
EXERCISE_MARK = re.compile(r"<!-- exercise (\S+) -->")


def joined(value: str | list[str]) -> str:
    """Return notebook text, stored as one string or as a list of lines, as one string."""
    return value if isinstance(value, str) else "".join(value)


@dataclass(frozen=True)
class Book:
    """One notebook: its path and its parsed JSON."""

    path: Path
    data: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Book:
        """Read the notebook at `path`."""
        return cls(path, json.loads(path.read_text(encoding="utf-8")))

    @property
    def cells(self) -> list[Cell]:
        """All cells in order."""
        return list(self.data["cells"])

    @property
    def code(self) -> list[Cell]:
        """The code cells in order."""
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    @property
    def prose(self) -> list[Cell]:
        """The Markdown cells in order."""
        return [cell for cell in self.cells if cell["cell_type"] == "markdown"]


def tags(cell: Cell) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.get("metadata", {}).get("tags", []))


def source(cell: Cell) -> str:
    """Return the source of a cell."""
    return joined(cell["source"])


def outputs(cell: Cell) -> Iterator[str]:
    """Yield the text of each stored output of a code cell."""
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            yield joined(output["text"])
        elif output["output_type"] == "error":
            yield f"{output['ename']}: {output['evalue']}"
        else:
            yield joined(output["data"].get("text/plain", ""))


def length(cell: Cell) -> int:
    """Return the number of lines that are not blank."""
    return sum(1 for line in source(cell).splitlines() if line.strip())


def check_cell_lengths(book: Book) -> Iterator[str]:
    """Code cells are small."""
    lengths = sorted(length(cell) for cell in book.code)
    if not lengths:
        return
    if statistics.median(lengths) > MEDIAN_LINES:
        yield f"the median code cell has {statistics.median(lengths):g} lines, over {MEDIAN_LINES}"
    ninetieth = lengths[min(len(lengths) - 1, round(0.9 * (len(lengths) - 1)))]
    if ninetieth > NINETIETH_LINES:
        yield f"one code cell in ten has {ninetieth} lines or more, over {NINETIETH_LINES}"
    if lengths[-1] > MOST_LINES:
        yield f"the longest code cell has {lengths[-1]} lines, over {MOST_LINES}"


def check_prose(book: Book) -> Iterator[str]:
    """Prose opens, carries and closes the notebook."""
    lines = sum(length(cell) for cell in book.code)
    words = sum(len(re.findall(r"\w+", source(cell))) for cell in book.prose)
    least, most = WORDS_PER_LINE
    if lines and not least <= words / lines <= most:
        yield f"{words / lines:.1f} words per code line, outside {least} to {most}"
    for place, cell in (("open", book.cells[0]), ("close", book.cells[-1])):
        if cell["cell_type"] != "markdown":
            yield f"does not {place} with prose"
    runs = (list(run) for kind, run in groupby(book.cells, key=lambda cell: cell["cell_type"])
            if kind == "code")
    longest = max(map(len, runs), default=0)
    if longest > MOST_CODE_CELLS_IN_A_ROW:
        yield f"{longest} code cells in a row, over {MOST_CODE_CELLS_IN_A_ROW}"


def check_execution(book: Book) -> Iterator[str]:
    """Every code cell was run, in order, by the stated kernel."""
    counts = [cell.get("execution_count") for cell in book.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, not 1 to {len(counts)}"
    if book.data.get("metadata", {}).get("kernelspec", {}).get("name") != "python3":
        yield "the kernelspec is not python3"


def check_outputs(book: Book) -> Iterator[str]:
    """Outputs are short, without standard error, and errors only where they are announced."""
    for number, cell in enumerate(book.code, 1):
        for text in outputs(cell):
            lines = len(text.rstrip("\n").splitlines())
            if lines > MOST_OUTPUT_LINES:
                yield f"code cell {number}: an output of {lines} lines, over {MOST_OUTPUT_LINES}"
        kinds = {output["output_type"] for output in cell.get("outputs", [])}
        if any(output.get("name") == "stderr" for output in cell.get("outputs", [])):
            yield f"code cell {number}: stored standard error"
        announced = "raises-exception" in tags(cell)
        if ("error" in kinds) != announced:
            yield f"code cell {number}: the tag raises-exception and its outputs disagree"
        if "install" in tags(cell) and kinds:
            yield f"code cell {number}: the install cell printed something"


def check_tags(book: Book) -> Iterator[str]:
    """Only known tags: none that would loosen the comparison."""
    for number, cell in enumerate(book.cells, 1):
        for tag in sorted(tags(cell) - KNOWN_TAGS):
            yield f"cell {number}: the tag {tag!r} is not one of {sorted(KNOWN_TAGS)}"
        if cell["cell_type"] == "code" and re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)_", source(cell)):
            yield f"cell {number}: a comment that loosens the comparison"


def check_text(book: Book) -> Iterator[str]:
    """No over-long code line, machine path or token; every picture has alternative text."""
    for number, cell in enumerate(book.cells, 1):
        text = source(cell)
        if cell["cell_type"] == "code":
            widest = max(map(len, text.splitlines()), default=0)
            if widest > MOST_COLUMNS:
                yield f"cell {number}: a code line of {widest} columns, over {MOST_COLUMNS}"
            text += "\n".join(outputs(cell))
        elif PICTURE_WITHOUT_TEXT.search(text):
            yield f"cell {number}: a picture without alternative text"
        for pattern, what in ((MACHINE_PATH, "a machine path"), (SECRET, "a token")):
            if found := pattern.search(text):
                yield f"cell {number}: {what}: {found.group(0)[:12]}"


def check_exercises(book: Book) -> Iterator[str]:
    """Every exercise has the learner's cell, then a folded solution that checks itself."""
    marks = sum(len(EXERCISE_MARK.findall(source(cell))) for cell in book.prose)
    begun = False
    solved = 0
    for number, cell in enumerate(book.code, 1):
        begun = begun or "exercise" in tags(cell)
        if "solution" not in tags(cell):
            continue
        if begun:
            solved += 1
        begun = False
        if not cell["metadata"].get("jupyter", {}).get("source_hidden"):
            yield f"code cell {number}: the solution is not folded"
    if solved < marks:
        yield f"{marks} exercises announced, {solved} of them with a learner's cell and a solution"


def check_size(book: Book) -> Iterator[str]:
    """The file stays small enough to review."""
    kilobytes = book.path.stat().st_size / 1024
    if kilobytes > MOST_KILOBYTES:
        yield f"{kilobytes:.0f} KB, over {MOST_KILOBYTES}"


CHECKS: tuple[Callable[[Book], Iterator[str]], ...] = (
    check_cell_lengths, check_prose, check_execution, check_outputs, check_tags, check_text,
    check_exercises, check_size,
)


def findings(path: Path) -> list[str]:
    """Return everything about the notebook at `path` that falls short of the bar."""
    book = Book.read(path)
    return [finding for check in CHECKS for finding in check(book)]
