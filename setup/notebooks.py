"""The notebooks of the course: found by looking, chosen by number, folder or path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from setup.places import NOTEBOOKS
from setup.troubles import Trouble


@dataclass(frozen=True, order=True)
class Notebook:
    """One notebook file, known by its path below `root`."""

    path: Path
    root: Path = NOTEBOOKS

    @property
    def name(self) -> str:
        """The path below the notebooks' folder without its ending: "1_pipelines/03_tasks"."""
        return self.path.relative_to(self.root).with_suffix("").as_posix()

    @property
    def chapter(self) -> str:
        """The name of the chapter's folder: "1_pipelines"."""
        return self.path.relative_to(self.root).parts[0]


def _order(path: Path) -> list[tuple[int, str]]:
    """Sort key by which 10_x comes after 9_x."""
    numbers = [re.match(r"\d+", part) for part in path.parts]
    return [
        (int(number[0]) if number else -1, part)
        for number, part in zip(numbers, path.parts, strict=True)
    ]


def discover(root: Path = NOTEBOOKS) -> list[Notebook]:
    """Return all notebooks below `root` in the course's order."""
    found = (path.relative_to(root) for path in root.glob("*/*.ipynb"))
    return [Notebook(root / path, root) for path in sorted(found, key=_order)]


def select(wanted: Sequence[str], root: Path = NOTEBOOKS) -> list[Notebook]:
    """Return the notebooks that `wanted` names, in the course's order; all where it is empty.

    A name is a chapter's number (`1`) or folder (`1_pipelines`), a section's number (`1.3`), a
    notebook (`1_pipelines/03_tasks`, with or without .ipynb) or a path to either. Raises Trouble
    for a name that matches nothing.
    """
    everything = discover(root)
    if not everything:
        raise Trouble(
            f"There is no notebook in {root}.",
            "Restore the folder with `git checkout -- notebooks`.",
        )
    if not wanted:
        return everything
    chosen = {notebook for name in wanted for notebook in _matching(name, everything, root)}
    return [notebook for notebook in everything if notebook in chosen]


def _matching(name: str, everything: list[Notebook], root: Path) -> list[Notebook]:
    matches = [notebook for notebook in everything if _answers_to(notebook, name)]
    if matches:
        return matches
    chapters = sorted({notebook.chapter for notebook in everything})
    close = [notebook.name for notebook in everything if name.lower() in notebook.name.lower()]
    remedies = [f"Chapters: {', '.join(chapters)} (the number alone is enough)."]
    if close:
        remedies.append("Notebooks with that in their name: " + ", ".join(close[:6]) + ".")
    else:
        remedies.append(f"A notebook is named like {everything[-1].name}, or by its path.")
    raise Trouble(f"No chapter or notebook is called {name!r}.", *remedies)


def _answers_to(notebook: Notebook, name: str) -> bool:
    plain = name.replace("\\", "/").rstrip("/").removesuffix(".ipynb")
    number = notebook.chapter.split("_")[0]
    section = re.match(r"0*(\d+)", notebook.path.name)
    if plain in (number, notebook.chapter, notebook.name):
        return True
    if section and plain == f"{number}.{section[1]}":
        return True
    path = Path(name).resolve()
    return path in (notebook.path.resolve(), notebook.path.parent.resolve())
