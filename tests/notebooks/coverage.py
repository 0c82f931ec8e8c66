"""Count what of the course the notebooks cover: `python -m tests.notebooks.coverage`.

`course.json` lists the sections of the original course with their numbers of code steps, published
outputs and exercises. A cell says what it covers in its metadata, `"course": ["1.3 step 6",
"1.3 O6", "1.3.a"]`, and why its output differs from the published one in `"deviation"`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parents[1] / "notebooks"


@dataclass
class Coverage:
    """What is to be covered, what is, and where outputs deviate from the published ones."""

    wanted: dict[str, list[str]]
    marked: set[str] = field(default_factory=set)
    notebooks: set[str] = field(default_factory=set)
    deviations: list[tuple[str, str, str]] = field(default_factory=list)

    def missing(self) -> list[str]:
        """Return the steps, outputs, exercises and sections that no notebook covers."""
        items = [item for group in self.wanted.values() for item in group]
        sections = [f"section {name}" for name in self.wanted if name not in self.notebooks]
        return sections + [item for item in items if item not in self.marked]


def wanted_items() -> dict[str, list[str]]:
    """Return, for each section, the names of its steps, outputs and exercises."""
    course = json.loads((HERE / "course.json").read_text(encoding="utf-8"))
    return {
        name: [f"{name} step {n}" for n in range(1, facts["steps"] + 1)]
        + [f"{name} O{n}" for n in range(1, facts["outputs"] + 1)]
        + [f"{name}.{letter}" for letter in facts["exercises"]]
        for name, facts in course.items()
    }


def cells(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every cell of every notebook below `folder`."""
    for path in sorted(folder.glob("[0-9]_*/[0-9]*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield path, cell


def section(path: Path) -> str:
    """Return the section number that a notebook's place stands for.

    >>> section(Path("notebooks/1_pipelines/03_transformers.ipynb"))
    '1.3'
    """
    return f"{int(path.parent.name.split('_')[0])}.{int(path.name.split('_')[0])}"


def measure(folder: Path = NOTEBOOKS) -> Coverage:
    """Read the marks of all notebooks below `folder`."""
    coverage = Coverage(wanted_items())
    for path, cell in cells(folder):
        coverage.notebooks.add(section(path))
        marks = cell.get("metadata", {}).get("course", [])
        coverage.marked.update(marks)
        if reason := cell.get("metadata", {}).get("deviation"):
            coverage.deviations.append((path.stem, ", ".join(marks), reason))
    return coverage


def main() -> None:
    """Print the counts by section and every deviation with its reason."""
    coverage = measure()
    print(f"{'section':8} {'covered':>8} of")
    for name, items in coverage.wanted.items():
        done = sum(item in coverage.marked for item in items)
        here = "" if name in coverage.notebooks else "  no notebook"
        print(f"{name:8} {done:8} {len(items)}{here}")
    for kind, test in (("steps", " step "), ("outputs", " O"), ("exercises", ".")):
        items = [i for group in coverage.wanted.values() for i in group
                 if (test in i if kind != "exercises" else " " not in i)]
        print(f"{kind}: {sum(i in coverage.marked for i in items)} of {len(items)}")
    for stem, marks, reason in coverage.deviations:
        print(f"deviation: {stem}: {marks}: {reason}")
    for item in coverage.missing():
        print(f"missing: {item}")


if __name__ == "__main__":
    main()
