"""The functions of 5.5 on real issues, as GitHub gave them, through a running mirror.

The real rows are not part of this repository. Without them the tests are skipped.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from datasets import Dataset, load_dataset
from datasets.exceptions import DatasetGenerationError

from tests.notebooks.pieces import functions
from tests.notebooks.unreliable import NOTEBOOK, Line, Unplugged, code, mirror, unplugged
from tests.realdata import real_data

PROJECT = "repos/huggingface/datasets"
SMALL = 30_000  # bytes of a block, as in the notebook
Record = dict[str, Any]


@pytest.fixture(scope="module")
def sample() -> Path:
    """Return a file of real issues, or skip."""
    return real_data("samples", "github-issues.head60.jsonl")


@pytest.fixture(scope="module")
def real(sample: Path) -> list[Record]:
    """Return the real records, newest first."""
    rows = [json.loads(line) for line in sample.read_bytes().splitlines()]
    return sorted(rows, key=lambda row: (row["created_at"], row["number"]), reverse=True)


@pytest.fixture(scope="module")
def api(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the real issues."""
    place = tmp_path_factory.mktemp("real")
    with mirror(place, "999,999,3600") as (address, folder):
        own = folder.parents[1] / "huggingface" / "datasets"
        own.mkdir(parents=True)
        shutil.copy(sample, own / "issues.jsonl")
        yield address


@pytest.fixture(scope="module")
def path(api: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that the notebook's download writes."""
    found = tmp_path_factory.mktemp("download") / "datasets-issues.jsonl"
    code(api, Line()).fetch(f"{api}/{PROJECT}/issues?state=all", found)
    return found


def loaded(path: Path, tmp_path: Path, **how: Any) -> Dataset:  # noqa: ANN401
    """Return the rows as `load_dataset` reads them."""
    return load_dataset("json", data_files=str(path), split="train", cache_dir=tmp_path, **how)


def test_every_real_record_comes_once_and_unchanged(path: Path, real: list[Record]) -> None:
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == real
    assert len(real) == 60


def test_a_download_of_real_records_goes_on_after_any_cut(
    api: str, path: Path, real: list[Record], tmp_path: Path
) -> None:
    whole = path.read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in (0, 1, ends[0], ends[10] + 1, ends[30] - 7, len(whole) - 1):
        copy = tmp_path / f"{cut}.jsonl"
        copy.write_bytes(whole[:cut])
        with pytest.raises(Unplugged):
            code(api, Line({1: unplugged})).fetch(f"{api}/{PROJECT}/issues?state=all", copy)
        code(api, Line()).fetch(f"{api}/{PROJECT}/issues?state=all", copy)
        assert [json.loads(line) for line in copy.read_bytes().splitlines()] == real


def test_pull_requests_are_told_from_issues(path: Path, tmp_path: Path, real: list[Record]) -> None:
    rows = loaded(path, tmp_path, chunksize=100 << 20)
    marked = rows.map(lambda x: {"is_pull_request": x["pull_request"] is not None})
    assert rows.num_rows == 60
    for row in marked:
        assert row["is_pull_request"] == ("/pull/" in row["html_url"])
    assert 0 < sum(marked["is_pull_request"]) < 60
    assert set(rows.column_names) >= {"title", "body", "labels", "comments", "closed_at"}


def test_small_blocks_fail_and_each_cure_works(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetGenerationError) as caught:
        loaded(path, tmp_path, chunksize=SMALL)
    assert "to null" in str(caught.value.__cause__)
    whole = loaded(path, tmp_path, chunksize=100 << 20)
    typed = loaded(path, tmp_path, chunksize=SMALL, features=whole.features)
    assert typed["closed_at"][:] == whole["closed_at"][:]
    by_pandas = Dataset.from_pandas(pd.read_json(path, lines=True))
    assert by_pandas["number"][:] == whole["number"][:]


def test_the_time_to_close_is_that_of_the_records(
    path: Path, tmp_path: Path, real: list[Record]
) -> None:
    around: dict[str, Any] = {}
    exec(functions(NOTEBOOK, "days_to_close"), around)
    found = SimpleNamespace(**around).days_to_close(loaded(path, tmp_path, chunksize=100 << 20))
    closed = [row for row in real if row["closed_at"]]
    expected = [
        (pd.Timestamp(row["closed_at"]) - pd.Timestamp(row["created_at"])).total_seconds() / 86_400
        for row in closed
    ]
    assert found.tolist() == pytest.approx(expected)
    assert 0 < len(closed) < 60


def test_a_real_issue_without_stored_comments_has_none(api: str, real: list[Record]) -> None:
    line = Line()
    assert code(api, line, "huggingface/datasets").get_comments(real[0]["number"]) == []
    assert line.statuses == [200]
