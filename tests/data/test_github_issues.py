"""The classroom's lewtun/github-issues: the published columns, the mirror's texts, made again."""

import json
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import Dataset, load_dataset

from data.build import github_issues, project

# As the course prints them.
PUBLISHED = [
    "url", "repository_url", "labels_url", "comments_url", "events_url", "html_url", "id",
    "node_id", "number", "title", "user", "labels", "state", "locked", "assignee", "assignees",
    "milestone", "comments", "created_at", "updated_at", "closed_at", "author_association",
    "active_lock_reason", "pull_request", "body", "performed_via_github_app", "is_pull_request",
]  # fmt: skip
PATH = github_issues.FOLDER / github_issues.FILE


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    cache = str(tmp_path_factory.mktemp("cache"))
    return load_dataset(str(github_issues.FOLDER), split="train", cache_dir=cache)


def test_the_columns_are_the_published_ones(rows: Dataset) -> None:
    assert rows.column_names == PUBLISHED
    assert len(PUBLISHED) == 27
    assert {str(rows.features[name].dtype) for name in ("created_at", "closed_at")} == {
        "timestamp[s]"
    }
    assert rows.features["is_pull_request"].dtype == "bool"
    assert rows.features["comments"].feature.dtype == "string"


def test_every_record_of_the_mirror_is_there_newest_first(rows: Dataset) -> None:
    lines = (project.FOLDER / "issues.jsonl").read_text("utf-8").splitlines()
    assert rows["number"][:] == [json.loads(line)["number"] for line in lines]
    assert rows["number"][0] == 2792
    times = rows["created_at"][:]
    assert times == sorted(times, reverse=True)
    assert times[0] == datetime(2021, 8, 12, 11, 40, 18)


def test_comments_are_texts_oldest_first(rows: Dataset) -> None:
    below: dict[int, list[tuple[str, int, str]]] = {number: [] for number in rows["number"]}
    for line in (project.FOLDER / "comments.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        below[one["issue"]].append((one["created_at"], one["id"], one["body"]))
    for number, comments in zip(rows["number"], rows["comments"], strict=True):
        assert comments == [text for _, _, text in sorted(below[number])]
    assert max(len(comments) for comments in rows["comments"]) > 30


def test_pull_requests_are_marked(rows: Dataset) -> None:
    for row in rows:
        assert row["is_pull_request"] == (row["pull_request"] is not None)
        assert row["is_pull_request"] == ("/pull/" in row["html_url"])
        assert row["html_url"].startswith("https://github.com/huggingface/datasets/")
    assert sum(rows["is_pull_request"]) == 152


def test_records_are_as_complete_as_the_api_s(rows: Dataset) -> None:
    for row in rows:
        assert len(row["user"]) == 18
        assert row["repository_url"] == "https://api.github.com/repos/huggingface/datasets"
    assert 0 < rows["body"][:].count(None) < 25


def test_the_file_can_be_made_again(tmp_path: Path) -> None:
    again = tmp_path / "again.parquet"
    github_issues.write(again)
    assert pq.read_table(again).equals(pq.read_table(PATH), check_metadata=True)
    # Another release of the writer may pack the same rows in other bytes.
    if pq.read_metadata(again).created_by == pq.read_metadata(PATH).created_by:
        assert again.read_bytes() == PATH.read_bytes()
    assert PATH.stat().st_size < 250_000


def test_the_card_s_header_tells_what_is_there(tmp_path: Path) -> None:
    text = (github_issues.FOLDER / "README.md").read_text("utf-8")
    assert yaml.safe_load(text.split("---")[1]) == github_issues.header(PATH)
    assert github_issues.card(text, PATH) == text
    schema = pq.read_schema(PATH).remove(0)
    short = tmp_path / "short.parquet"
    pq.write_table(pa.Table.from_pylist([], schema.with_metadata(schema.metadata)), short)
    assert github_issues.card(text, short) != text


def test_without_the_mirror_s_files_the_message_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(github_issues, "WEB", tmp_path)
    with pytest.raises(FileNotFoundError, match="data.build.project"):
        github_issues.rows()
