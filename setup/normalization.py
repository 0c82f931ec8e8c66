"""One form for every notebook, so that a diff shows only what changed.

Nothing of a machine or a moment stays: no timestamps, no widget states, no paths in tracebacks;
sorted keys, stable cell ids, adjacent stream outputs joined. What differs from the stored output
in no more than the checks overlook (see `steady`) keeps its stored form.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat

from setup.places import TESTS

Cell = dict[str, Any]
Output = dict[str, Any]

SANITIZER = TESTS / "notebooks" / "sanitize.cfg"
CELL_METADATA = ("tags", "jupyter", "course", "deviation")
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGETS = "application/vnd.jupyter.widget-"
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
FRAME = re.compile(r"^(File|~|/|\w:\\)")


def normalized(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook in its one form; `notebook` itself stays as it is."""
    cells = json.loads(json.dumps(notebook["cells"]))
    names = _names(cells)
    return {
        "cells": [_cell(cell, name) for cell, name in zip(cells, names, strict=True)],
        "metadata": NOTEBOOK_METADATA,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def text_of(notebook: dict[str, Any]) -> str:
    """Return the file content of a notebook as nbformat writes it."""
    node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
    written: str = nbformat.writes(node)  # type: ignore[no-untyped-call]
    return written.rstrip("\n") + "\n"


def is_normalized(path: Path) -> bool:
    """Return whether the notebook at `path` has its one form already."""
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    return text == text_of(normalized(notebook))


def _names(cells: list[Cell]) -> list[str]:
    """Return an id for each cell: its own, or `cell-07` where it has none or shares it."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = str(cell.get("id", ""))
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) or name in names:
            name = f"cell-{number:02d}"
        while name in names:
            name += "-b"
        names.append(name)
    return names


def _cell(cell: Cell, name: str) -> Cell:
    metadata = {key: cell["metadata"][key] for key in CELL_METADATA if cell["metadata"].get(key)}
    plain: Cell = {
        "cell_type": cell["cell_type"], "id": name, "metadata": metadata,
        "source": _joined(cell["source"]),
    }
    if cell.get("attachments"):
        plain["attachments"] = cell["attachments"]
    if cell["cell_type"] == "code":
        plain["execution_count"] = cell.get("execution_count")
        plain["outputs"] = outputs_of(cell)
    return plain


def outputs_of(cell: Cell) -> list[Output]:
    """Return a code cell's outputs in their one form."""
    kept: list[Output] = []
    for key, group in groupby(cell.get("outputs", []), key=_kind):
        outputs = list(group)
        if key[0] == "stream":
            text = "".join(_joined(output["text"]) for output in outputs)
            kept.append({"output_type": "stream", "name": key[1], "text": text})
        else:
            kept += [_output(output, cell.get("execution_count")) for output in outputs]
    return kept


def _kind(output: Output) -> tuple[str, str]:
    return output["output_type"], output.get("name", "")


def _output(output: Output, count: int | None) -> Output:
    if output["output_type"] == "error":
        return {
            "output_type": "error", "ename": output["ename"], "evalue": output["evalue"],
            "traceback": traceback_of(output["traceback"]),
        }
    data = {
        kind: _joined(value) for kind, value in output["data"].items()
        if not kind.startswith(WIDGETS)
    }
    # A picture's metadata holds its size and its alternative text.
    plain = {
        "output_type": output["output_type"], "data": data,
        "metadata": output.get("metadata", {}),
    }
    if output["output_type"] == "execute_result":
        plain["execution_count"] = count
    return plain


def traceback_of(entries: list[str]) -> list[str]:
    """Return a traceback without the frames inside libraries.

    Their paths and line numbers belong to one installation; the learner's own frames, the
    headers and the error itself stay.
    """
    return [entry for entry in entries if not FRAME.match(ESCAPES.sub("", entry))]


def _joined(value: Any) -> Any:  # noqa: ANN401  (JSON: a string, a list of lines, or an object)
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def sanitizer(path: Path = SANITIZER) -> Callable[[str], str]:
    """Return the function that hides what the checks overlook, from nbval's settings file.

    Where the file does not exist, nothing is overlooked.
    """
    settings = configparser.RawConfigParser()
    settings.read(path, encoding="utf-8")
    rules = [
        (re.compile(settings[name]["regex"]), settings[name]["replace"])
        for name in settings.sections()
    ]

    def sanitized(text: str) -> str:
        for pattern, replacement in rules:
            text = pattern.sub(replacement, text)
        return text

    return sanitized


def steady(
    fresh: dict[str, Any], stored: dict[str, Any], sanitized: Callable[[str], str]
) -> dict[str, Any]:
    """Return normalized `fresh` with the outputs of normalized `stored` where they mean the same.

    Two outputs mean the same when they are equal after `sanitized`, figures included.
    """
    before = {cell["id"]: cell for cell in stored["cells"] if cell["cell_type"] == "code"}
    cells = []
    for cell in fresh["cells"]:
        old = before.get(cell["id"])
        if old and cell["cell_type"] == "code" and _same(cell, old, sanitized):
            cell = cell | {"outputs": _renumbered(old["outputs"], cell["execution_count"])}
        cells.append(cell)
    return fresh | {"cells": cells}


def _same(one: Cell, other: Cell, sanitized: Callable[[str], str]) -> bool:
    if one["source"] != other["source"]:
        return False
    texts = [
        [sanitized(json.dumps(_renumbered([output], None), sort_keys=True))
         for output in cell["outputs"]]
        for cell in (one, other)
    ]
    return texts[0] == texts[1]


def _renumbered(outputs: list[Output], count: int | None) -> list[Output]:
    return [
        output | {"execution_count": count} if "execution_count" in output else output
        for output in outputs
    ]
