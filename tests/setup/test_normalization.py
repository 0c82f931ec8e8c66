"""One form for every notebook, and outputs that keep it while they mean the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from setup.normalization import (
    is_normalized,
    normalized,
    outputs_of,
    sanitizer,
    steady,
    text_of,
    traceback_of,
)


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def result(data: dict[str, Any], count: int = 1) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": data, "execution_count": count,
            "metadata": {"image/png": {"alt": "a curve"}}}


def code(source: str, *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs),
            "execution_count": 1, **more}


def book(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {"colab": {}, "language_info": {"version": "3.11"}},
            "nbformat": 4, "nbformat_minor": 2}


def test_only_the_courses_own_metadata_stays() -> None:
    cell = code("1", id="a", metadata={
        "tags": ["solution"], "jupyter": {"source_hidden": True}, "course": ["1.2 O1"],
        "deviation": "why", "execution": {"iopub.execute_input": "2026"}, "collapsed": True,
    })
    made = normalized(book(cell))
    assert set(made["cells"][0]["metadata"]) == {"tags", "jupyter", "course", "deviation"}
    assert set(made["metadata"]) == {"kernelspec", "language_info"}
    assert made["metadata"]["language_info"] == {"name": "python"}
    assert made["nbformat_minor"] == 5


def test_ids_stay_and_missing_or_double_ones_are_made() -> None:
    cells = [code("1", id="first"), code("2"), code("3", id="first"), code("4", id="cell-02")]
    ids = [cell["id"] for cell in normalized(book(*cells))["cells"]]
    assert ids == ["first", "cell-02", "cell-03", "cell-04"]


def test_adjacent_streams_are_joined_and_others_kept_apart() -> None:
    cell = code("1", stream("a\n"), stream("b\n"), stream("x\n", "stderr"), stream("c\n"))
    texts = [(output["name"], output["text"]) for output in outputs_of(cell)]
    assert texts == [("stdout", "a\nb\n"), ("stderr", "x\n"), ("stdout", "c\n")]


def test_pictures_stay_and_widget_states_go() -> None:
    data = {"text/plain": ["<Fig", "ure>"], "image/png": "iVBORw0=\n",
            "application/vnd.jupyter.widget-view+json": {"model_id": "1f"}}
    (output,) = outputs_of(code("1", result(data, 9)))
    assert output["data"] == {"text/plain": "<Figure>", "image/png": "iVBORw0=\n"}
    assert output["execution_count"] == 1
    assert output["metadata"] == {"image/png": {"alt": "a curve"}}


def test_tracebacks_lose_the_frames_inside_libraries() -> None:
    entries = [
        "\x1b[31m-----\x1b[39m", "ValueError   Traceback (most recent call last)",
        "\x1b[36mCell\x1b[39m In[3], line 1\n----> 1 f()",
        "\x1b[36mFile \x1b[39m~/x/site-packages/lib/a.py:12, in f()\n",
        "/usr/lib/old.py in g()", "ValueError: no",
    ]
    assert traceback_of(entries) == [*entries[:3], entries[-1]]


def test_normalizing_twice_changes_nothing(tmp_path: Path) -> None:
    once = normalized(book(code("1\n2", stream("a\nb\n")), {
        "cell_type": "markdown", "source": ["# T\n", "x"], "metadata": {}}))
    path = tmp_path / "n.ipynb"
    path.write_text(text_of(once), encoding="utf-8")
    assert is_normalized(path)
    assert text_of(normalized(json.loads(path.read_text(encoding="utf-8")))) == text_of(once)
    assert path.read_text(encoding="utf-8").endswith("}\n")
    path.write_text(json.dumps(once), encoding="utf-8")
    assert not is_normalized(path)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "sanitize.cfg"
    path.write_text("[digits]\nregex: (\\d\\.\\d{3})\\d+\nreplace: \\1~\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "stays"),
    [
        (stream("0.12345\n"), stream("0.12399\n"), True),
        (stream("0.12345\n"), stream("0.12456\n"), False),
        (result({"text/plain": "1"}, 1), result({"text/plain": "1"}, 5), True),
        (result({"image/png": "AAAA"}), result({"image/png": "AAAB"}), False),
    ],
)
def test_an_output_changes_only_when_it_means_something_else(
    rules: Path, old: dict[str, Any], new: dict[str, Any], stays: bool
) -> None:
    stored = normalized(book(code("x", old, id="a")))
    fresh = normalized(book(code("x", new, id="a", execution_count=5)))
    kept = steady(fresh, stored, sanitizer(rules))["cells"][0]
    wanted = stored if stays else fresh
    texts = [cell["outputs"][0].get("text") for cell in (kept, wanted["cells"][0])]
    assert texts[0] == texts[1]
    assert (kept["outputs"][0].get("data")) == wanted["cells"][0]["outputs"][0].get("data")
    assert kept["outputs"][0].get("execution_count", 5) == 5


def test_a_changed_cell_takes_its_new_output(rules: Path) -> None:
    stored = normalized(book(code("x", stream("0.12345"), id="a")))
    fresh = normalized(book(code("x + 0", stream("0.12399"), id="a")))
    assert steady(fresh, stored, sanitizer(rules)) == fresh


def test_without_rules_nothing_is_overlooked(tmp_path: Path) -> None:
    assert sanitizer(tmp_path / "none.cfg")("0.12345") == "0.12345"
