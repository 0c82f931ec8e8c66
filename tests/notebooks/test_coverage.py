"""The notebooks cover every section, step, published output and exercise of their chapters."""

from __future__ import annotations

import json
from pathlib import Path

from tests.notebooks.coverage import measure, wanted_items


def test_nothing_is_missing() -> None:
    assert measure().missing() == []


def test_the_sections_add_up_to_the_published_counts() -> None:
    items = [item for group in wanted_items().values() for item in group]
    assert sum(" step " in item for item in items) == 10 + 11 + 51 + 42 + 33 + 82
    assert sum(" O" in item for item in items) == 1 + 11 + 23 + 17 + 12 + 46
    assert sum(" " not in item for item in items) == 6 + 4 + 5 + 1 + 13


def test_marks_name_only_what_exists() -> None:
    coverage = measure()
    known = {item for group in coverage.wanted.values() for item in group}
    counted = {mark for mark in coverage.marked
               if " step " in mark or " O" in mark or " " not in mark}
    assert counted - known == set()


def test_an_absent_mark_is_missed(tmp_path: Path) -> None:
    folder = tmp_path / "1_pipelines"
    folder.mkdir()
    cell = {"cell_type": "code", "metadata": {"course": ["1.8 step 1"]}, "source": ""}
    (folder / "08_bias.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    missing = measure(tmp_path).missing()
    assert "1.8 O1" in missing
    assert "section 1.9" in missing
    assert "1.8 step 1" not in missing
    assert "section 1.8" not in missing
