"""Notebooks are found by looking and chosen by number, folder, section or path."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup.notebooks import discover, select
from setup.troubles import Trouble

NAMES = ["0_setup/01_a", "1_pipelines/02_b", "1_pipelines/10_c", "10_more/01_d"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in [*NAMES[::-1], "1_pipelines/.ipynb_checkpoints/02_b-checkpoint"]:
        path = tmp_path / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_all_are_found_in_the_courses_order(root: Path) -> None:
    assert [notebook.name for notebook in discover(root)] == NAMES


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], NAMES),
        (["1"], NAMES[1:3]),
        (["1_pipelines/"], NAMES[1:3]),
        (["1.10"], NAMES[2:3]),
        (["10", "0"], [NAMES[0], NAMES[3]]),
        (["1_pipelines/02_b.ipynb", "1.2"], NAMES[1:2]),
    ],
)
def test_they_are_chosen_by_any_of_their_names(
    root: Path, wanted: list[str], found: list[str]
) -> None:
    assert [notebook.name for notebook in select(wanted, root)] == found


def test_they_are_chosen_by_path(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "1_pipelines")
    assert [notebook.name for notebook in select(["02_b.ipynb"], root)] == NAMES[1:2]
    assert len(select([str(root / "1_pipelines")], root)) == 2


def test_an_unknown_name_lists_the_chapters_and_what_comes_close(root: Path) -> None:
    with pytest.raises(Trouble, match="No chapter or notebook is called '02'") as caught:
        select(["1", "02"], root)
    remedies = " ".join(caught.value.remedies)
    assert "0_setup, 10_more, 1_pipelines" in remedies
    assert "1_pipelines/02_b" in remedies


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="There is no notebook in"):
        select([], tmp_path)
