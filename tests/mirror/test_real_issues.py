"""Real issues, as an instructor would bring them, are served with every key as it was."""

import json
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub import application
from setup.hub.store import Store
from tests.realdata import real_data

PROJECT = "repos/huggingface/datasets"


@pytest.fixture
def sample() -> Path:
    """Return a file of real issues, or skip: others wrote them, so they are not committed."""
    return real_data("samples", "github-issues.head60.jsonl")


def test_real_issues_are_given_unchanged(sample: Path, tmp_path: Path) -> None:
    place = tmp_path / "web/api.github.com" / PROJECT
    place.mkdir(parents=True)
    shutil.copy(sample, place / "issues.jsonl")
    store = Store(tmp_path / "hub")
    web = TestClient(application.create(store, mirrored=[tmp_path / "web"]))
    query = {"state": "all", "per_page": "100"}
    served = web.get(f"/github/{PROJECT}/issues", params=query).json()
    store.close()
    lines = sample.read_text("utf-8").splitlines()
    real = sorted((json.loads(line) for line in lines), key=lambda row: -row["number"])
    assert [row["number"] for row in served] == [row["number"] for row in real]
    for given, was in zip(served, real, strict=True):
        assert set(given) == set(was)
        assert given == was
