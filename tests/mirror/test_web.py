"""Mirrored files come as their hosts give them: whole, in part, redirected, with their types."""

import doctest
import gzip
import os
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub.errors import NotFound
from setup.mirror import web as module
from setup.mirror.web import Web
from tests.mirror.conftest import BIG, write

RAW = "/web/raw.githubusercontent.com/crux82/squad-it/master/SQuAD_it-test.json.gz"


def test_the_examples_hold() -> None:
    assert doctest.testmod(module) == doctest.TestResults(failed=0, attempted=2)


def test_githubs_raw_address_leads_to_the_host_of_its_files(web: TestClient) -> None:
    address = "/web/github.com/crux82/squad-it/raw/master/SQuAD_it-test.json.gz"
    answer = web.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, RAW)
    whole = web.get(address, follow_redirects=True)
    assert gzip.decompress(whole.content) == b'{"data": []}'


def test_a_packed_file_stays_packed(web: TestClient) -> None:
    answer = web.get(RAW)
    assert answer.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in answer.headers


def test_what_a_download_library_asks_for_first(web: TestClient, root: Path) -> None:
    head = web.head("/web/example.org/big.jsonl.zst")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(BIG))
    assert head.headers["Accept-Ranges"] == "bytes"
    assert head.headers["Content-Type"] == "application/zstd"
    changed = (root / "example.org/big.jsonl.zst").stat().st_mtime
    assert parsedate_to_datetime(head.headers["Last-Modified"]).timestamp() == int(changed)
    tag = {"If-None-Match": head.headers["ETag"]}
    assert web.get("/web/example.org/big.jsonl.zst", headers=tag).status_code == 304


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=1000000-1000009", 1_000_000, 1_000_010), ("bytes=-5", -5, None)],
)
def test_a_part_of_a_file(web: TestClient, wanted: str, start: int, stop: int | None) -> None:
    answer = web.get("/web/example.org/big.jsonl.zst", headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (206, BIG[start:stop])
    assert answer.headers["Content-Range"].endswith(f"/{len(BIG)}")


def test_names_with_spaces_and_accents(web: TestClient) -> None:
    answer = web.get("/web/example.org/a%20b/%C3%A9.tsv")
    assert (answer.status_code, answer.text) == (200, "x\ty\n")
    assert answer.headers["Content-Type"] == "text/tab-separated-values; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("example.org/none", 404), ("example.org", 404), ("", 404), ("example.org/a%20b", 404),
        ("example.org/%2e%2e/%2e%2e/etc/passwd", 400), ("example.org//big.jsonl.zst", 400),
        ("%ff", 400),
    ],
)  # fmt: skip
def test_what_is_not_there(web: TestClient, path: str, status: int) -> None:
    answer = web.get(f"/web/{path}")
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret", b"s")
    (tmp_path / "root/host").mkdir(parents=True)
    os.symlink(tmp_path / "secret", tmp_path / "root/host/file")
    with pytest.raises(NotFound):
        Web([tmp_path / "root"]).find("host/file")


def test_an_instructors_own_files_come_first(tmp_path: Path) -> None:
    for name in ("own", "classroom"):
        write(tmp_path / name / "host/both", name.encode())
    write(tmp_path / "classroom/host/one", b"classroom")
    found = Web([tmp_path / "own", tmp_path / "classroom"])
    assert found.find("host/both").read_bytes() == b"own"
    assert found.find("host/one").read_bytes() == b"classroom"
