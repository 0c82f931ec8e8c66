"""The notebooks clear the bar, and the bar can be failed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.bar import findings

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]_*/[0-9]*.ipynb"))

Notebook = dict[str, Any]


def prose(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "p", "metadata": {}, "source": text}


def code(text: str, *outputs: dict[str, Any], **metadata: object) -> dict[str, Any]:
    return {"cell_type": "code", "id": "c", "metadata": metadata, "source": text,
            "outputs": list(outputs), "execution_count": 1}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


@pytest.fixture
def good() -> Notebook:
    return {
        "cells": [prose("# Title\nTen words of prose are enough for one line of code."),
                  code("print(1)", stream("1\n")),
                  prose("What we saw.")],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4, "nbformat_minor": 5,
    }


def judge(notebook: Notebook, folder: Path) -> list[str]:
    path = folder / "sample.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return findings(path)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebook_clears_the_bar(path: Path) -> None:
    assert findings(path) == []


def test_a_good_notebook_has_no_findings(good: Notebook, tmp_path: Path) -> None:
    assert judge(good, tmp_path) == []


def replace_code(cell: dict[str, Any]) -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        notebook["cells"][1] = cell
    return spoil


def drop(index: int) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"].pop(index)


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
SPOILED: dict[str, tuple[Callable[[Notebook], object], str]] = {
    "no opening prose": (drop(0), "does not open with prose"),
    "no closing prose": (drop(2), "does not close with prose"),
    "long cell": (replace_code(code("x = 1\n" * 31)), "the longest code cell has 31 lines"),
    "no count": (replace_code({**code("1"), "execution_count": None}), "execution counts"),
    "wrong count": (replace_code({**code("1"), "execution_count": 7}), "execution counts"),
    "stderr": (replace_code(code("1", stream("w", "stderr"))), "standard error"),
    "long output": (replace_code(code("1", stream("x\n" * 26))), "an output of 26 lines"),
    "unannounced error": (replace_code(code("1", ERROR)), "raises-exception"),
    "announced, no error": (replace_code(code("1", tags=["raises-exception"])), "disagree"),
    "loosening tag": (replace_code(code("1", tags=["nbval-skip"])), "nbval-skip"),
    "loosening comment": (replace_code(code("# NBVAL_SKIP")), "loosens"),
    "wide line": (replace_code(code("x" * 89)), "89 columns"),
    "path": (replace_code(code("1", stream("/home/me/x"))), "a machine path"),
    "token": (replace_code(code(f"t = 'hf_{'a' * 20}'")), "a token"),
    "picture": (lambda book: book["cells"].append(prose("![](x.png)")), "alternative text"),
    "talkative install": (replace_code(code("1", stream("x"), tags=["install"])), "install cell"),
    "unsolved exercise": (
        lambda book: book["cells"].append(prose("<!-- exercise 1.1.a --> Try.")), "1 exercises"),
    "open solution": (replace_code(code("1", tags=["solution"])), "not folded"),
    "no prose": (replace_code(code("\n".join(f"x = {i}" for i in range(20)))), "words per code"),
    "kernel": (lambda book: book["metadata"].clear(), "kernelspec"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_each_flaw_is_found(name: str, good: Notebook, tmp_path: Path) -> None:
    spoil, expected = SPOILED[name]
    notebook = copy.deepcopy(good)
    spoil(notebook)
    assert any(expected in finding for finding in judge(notebook, tmp_path))
