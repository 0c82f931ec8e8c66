"""Badges and the README's table are what one setting says."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from setup.stamp import StampError, rename, stale, stamp

ROOT = Path(__file__).parents[2]


def plain(**options: object) -> argparse.Namespace:
    return argparse.Namespace(**{"repository": None, "check": False, **options})


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one notebook that was never stamped."""
    folder = tmp_path / "notebooks" / "1_first"
    folder.mkdir(parents=True)
    cell = {"cell_type": "markdown", "id": "a", "metadata": {},
            "source": ["# 1.1 Start\n", "<!-- badges -->\n", "Text."]}
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "01_start.ipynb").write_text(json.dumps(book), encoding="utf-8")
    (tmp_path / "README.md").write_text(
        "# Course\n<!-- notebooks -->\n<!-- /notebooks -->\nEnd.\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.course]\nrepository = "one/course"\nbranch = "main"\n', encoding="utf-8")
    return tmp_path


def test_the_course_itself_is_stamped() -> None:
    assert stale(ROOT) == []


def test_stamping_writes_badges_and_table_and_is_then_settled(course: Path) -> None:
    assert stamp(plain(), course) == 0
    notebook = (course / "notebooks/1_first/01_start.ipynb").read_text(encoding="utf-8")
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert "one/course/blob/main/notebooks/1_first/01_start.ipynb" in notebook
    assert "| [1_first](notebooks/1_first/README.md) | [1.1 Start](" in readme
    assert readme.endswith("End.\n")
    assert stale(course) == []


def test_a_new_repository_makes_all_stale_until_stamped(course: Path) -> None:
    stamp(plain(), course)
    rename(course, "two/fork")
    assert len(stale(course)) == 2
    assert stamp(plain(check=True), course) == 1
    assert stamp(plain(), course) == 0
    assert "one/course" not in (course / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["fork", "a/b/c", "a b/c", 'a/"b', ""])
def test_a_bad_repository_is_refused_by_name(course: Path, name: str) -> None:
    with pytest.raises(StampError, match="OWNER/NAME"):
        rename(course, name)


def test_a_notebook_without_the_mark_is_named(course: Path) -> None:
    path = course / "notebooks/1_first/01_start.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("badges", "x"), encoding="utf-8")
    with pytest.raises(StampError, match="01_start"):
        stamp(plain(), course)
