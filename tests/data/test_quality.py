"""The command that measures: finds the modules, writes where the marks are, or says why not."""

import json
import types
from pathlib import Path

import pytest

from data.build import quality
from data.build.measures import Measure, percent
from data.build.quality import QualityError, inserted, modules, recorded, run, table, write

FIGURE = Measure("owner/name", "a set", "accuracy", 87.5, 1200)
PAGE = "Before\n<!-- quality -->\nold\n<!-- /quality -->\nafter\n"


def test_modules_that_measure_are_found() -> None:
    found = {module.CHECKPOINT for module in modules()}
    assert "distilbert/distilbert-base-cased-distilled-squad" in found
    assert all("/" in name for name in found)


def test_a_table_has_a_line_for_each_figure() -> None:
    assert table([FIGURE]).splitlines()[2] == (
        "| `owner/name` | a set | accuracy | 87.5 | 1,200 |"
    )
    assert "owner/name" not in table([FIGURE], named=False)


def test_the_table_replaces_what_is_between_the_marks() -> None:
    assert inserted(PAGE, "new", Path("README.md")) == PAGE.replace("old", "new")
    with pytest.raises(QualityError, match=r"README.md has no lines <!-- quality -->"):
        inserted("no marks", "new", Path("README.md"))


def test_new_figures_replace_the_same_checkpoints_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "owner/name").mkdir(parents=True)
    for page in (tmp_path / "README.md", tmp_path / "owner/name/README.md"):
        page.write_text(PAGE)
    monkeypatch.setattr(quality, "DATASHEET", tmp_path / "README.md")
    monkeypatch.setattr(quality, "SEEDS", tmp_path)
    record = tmp_path / "quality.json"
    other = {"checkpoint": "a/b", "data": "x", "metric": "F1", "value": 1.0, "rows": 2}
    stale = other | {"checkpoint": "owner/name"}
    record.write_text(json.dumps([other, stale]))
    write([FIGURE], record)
    assert [row.checkpoint for row in recorded(record)] == ["a/b", "owner/name"]
    assert "87.5" in (tmp_path / "owner/name/README.md").read_text()
    assert "`a/b`" in (tmp_path / "README.md").read_text()


def test_an_unknown_checkpoint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "modules", lambda: iter([types.SimpleNamespace(CHECKPOINT="a/b")]))
    with pytest.raises(QualityError, match="no checkpoint's id contains 'nobody'"):
        run("nobody", keep=False, real=None)


def test_shares_are_percentages() -> None:
    assert percent([True, True, False, True]) == 75
