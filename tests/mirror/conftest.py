"""A mirror over a folder of small files and a small project."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub import application
from setup.hub.store import Store
from setup.mirror.limits import Limits

BIG = bytes(range(256)) * 8000
FEW = Limits(anonymous=5, known=50, window=100)


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    raw = folder / "raw.githubusercontent.com/crux82/squad-it/master"
    write(raw / "SQuAD_it-test.json.gz", gzip.compress(b'{"data": []}', mtime=0))
    write(folder / "example.org/a b/é.tsv", b"x\ty\n")
    write(folder / "example.org/big.jsonl.zst", BIG)
    place = folder / "api.github.com/repos/acme/tool"
    issues: list[dict[str, object]] = [
        {
            "number": number, "title": f"Issue {number}", "body": None if number % 10 == 0 else "?",
            "user": {"login": "ann" if number % 2 else "helper[bot]", "id": number},
            "state": "closed" if number % 3 == 0 else "open", "labels": ["bug"] * (number % 5 == 0),
            "created_at": f"2024-01-01T00:{number // 60:02}:{number % 60:02}Z", "id": 1000 + number,
            **({"pull_request": {}} if number % 4 == 0 else {}),
        }
        for number in range(1, 236)
    ]  # fmt: skip
    comments: list[dict[str, object]] = [
        {"id": 9000 + n, "issue": 7, "body": f"comment {n}", "user": {"login": "bob", "id": 2},
         "created_at": f"2024-02-01T00:00:{n:02}Z"}
        for n in range(40)
    ]  # fmt: skip
    write(place / "issues.jsonl", lines(issues))
    write(place / "comments.jsonl", lines(comments))
    return folder


@pytest.fixture
def web(root: Path, tmp_path: Path) -> Iterator[TestClient]:
    store = Store(tmp_path)
    app = application.create(store, mirrored=[root], limits=FEW)
    yield TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    store.close()
