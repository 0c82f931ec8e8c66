"""Files over HTTP, in memory: headers, parts, conditions, and paths that must not pass."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub.store import Store
from tests.hub.conftest import BIG, MODEL, WORDS, raw_get

VOCAB = f"/{MODEL}/resolve/main/vocab.txt"
LARGE = "/acme/french/resolve/main/weights/big.bin"


@pytest.fixture(scope="module")
def big(seeds: Path) -> bytes:
    return (seeds / "models/acme/french/weights/big.bin").read_bytes()


def test_a_small_file_comes_with_all_that_the_clients_read(web: TestClient, sha: str) -> None:
    answer = web.get(VOCAB)
    text = "\n".join(WORDS)
    git_hash = hashlib.sha1(b"blob %d\0" % len(text) + text.encode()).hexdigest()
    assert answer.text == text
    assert answer.headers["ETag"] == f'"{git_hash}"'
    assert answer.headers["X-Repo-Commit"] == sha
    assert answer.headers["Content-Length"] == str(len(text))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "X-Linked-Etag" not in answer.headers


def test_a_large_file_is_answered_directly_with_its_sha256(web: TestClient, big: bytes) -> None:
    answer = web.get(LARGE)
    etag = f'"{hashlib.sha256(big).hexdigest()}"'
    assert (answer.status_code, answer.content) == (200, big)
    assert answer.headers["ETag"] == answer.headers["X-Linked-Etag"] == etag
    assert answer.headers["X-Linked-Size"] == answer.headers["Content-Length"] == str(BIG)


@pytest.mark.parametrize("path", [VOCAB, LARGE])
def test_head_tells_what_get_would(web: TestClient, path: str) -> None:
    head, get = web.head(path), web.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=2999990-", slice(2999990, None)),
        ("bytes=-100", slice(-100, None)),
        ("bytes=1048570-2097160", slice(1048570, 2097161)),
        ("bytes=2999999-9999999", slice(2999999, None)),
    ],
)
def test_parts_of_a_large_file(web: TestClient, big: bytes, header: str, part: slice) -> None:
    answer = web.get(LARGE, headers={"Range": header})
    start, stop, _ = part.indices(BIG)
    assert (answer.status_code, answer.content) == (206, big[part])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{BIG}"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert web.head(LARGE, headers={"Range": header}).status_code == 206


def test_parts_of_a_small_file(web: TestClient) -> None:
    answer = web.get(VOCAB, headers={"Range": "bytes=1-3"})
    assert (answer.status_code, answer.text) == (206, "PAD")


@pytest.mark.parametrize("path", [VOCAB, LARGE])
def test_a_part_beyond_the_end_is_416_with_the_size(web: TestClient, path: str) -> None:
    answer = web.get(path, headers={"Range": "bytes=9999999-"})
    assert answer.status_code == 416
    assert answer.headers["X-Error-Code"] == "RangeNotSatisfiable"
    size = web.head(path).headers["Content-Length"]
    assert answer.headers["Content-Range"] == f"bytes */{size}"


@pytest.mark.parametrize("path", [VOCAB, LARGE])
def test_what_the_client_has_is_not_sent_again(web: TestClient, path: str) -> None:
    etag = web.head(path).headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = web.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
    assert web.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_part_of_another_version_is_not_continued(web: TestClient) -> None:
    part = {"Range": "bytes=0-1"}
    etag = web.head(VOCAB).headers["ETag"]
    assert web.get(VOCAB, headers=part | {"If-Range": etag}).status_code == 206
    assert web.get(VOCAB, headers=part | {"If-Range": '"old"'}).status_code == 200


def test_raw_gives_what_git_holds(web: TestClient, big: bytes) -> None:
    pointer = web.get(LARGE.replace("resolve", "raw")).text
    assert f"oid sha256:{hashlib.sha256(big).hexdigest()}\nsize {BIG}\n" in pointer
    assert web.get(VOCAB.replace("resolve", "raw")).text == "\n".join(WORDS)


def test_names_with_spaces_and_accents(web: TestClient) -> None:
    answer = web.get("/other/copied/resolve/main/a%20b/%C3%A9.txt")
    assert answer.text == "accent"
    assert "%C3%A9.txt" in answer.headers["Content-Disposition"]
    assert web.get("/other/copied/resolve/main/a%20b%2F%C3%A9.txt").text == "accent"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (VOCAB, "text/plain; charset=utf-8"),
        (f"/{MODEL}/resolve/main/model.safetensors", "application/octet-stream"),
        ("/spaces/evaluate-metric/tally/resolve/main/tally.py", "text/plain; charset=utf-8"),
    ],
)
def test_no_file_is_sent_as_something_that_a_browser_runs(
    web: TestClient, path: str, expected: str
) -> None:
    answer = web.get(path)
    assert answer.headers["Content-Type"] == expected
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["nope.txt", "weights", "weights/nope", ""])
def test_missing_files_tell_the_commit(web: TestClient, path: str) -> None:
    answer = web.get(f"/acme/french/resolve/main/{path}")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert answer.headers["X-Repo-Commit"] == web.get("/api/models/acme/french").json()["sha"]


def test_a_large_file_that_is_gone_is_a_missing_entry(web: TestClient, store: Store) -> None:
    oid = web.head(f"/{MODEL}/resolve/main/model.safetensors").headers["ETag"].strip('"')
    stored = store.objects.path(oid)
    hidden = stored.rename(stored.with_suffix(".hidden"))
    try:
        answer = web.get(f"/{MODEL}/resolve/main/model.safetensors")
    finally:
        hidden.rename(stored)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert oid in answer.json()["error"]


def test_the_raw_request_reaches_files(web: TestClient) -> None:
    assert raw_get(web, VOCAB)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "../../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/lock",
        "a/../vocab.txt",
        ".git/config",
        "%2fetc%2fpasswd",
        "vocab.txt%00.json",
        "vocab.txt%0d%0aX-Evil:%201",
        "..%5c..%5clock",
        "%ff%fe",
        "//etc/passwd",
        "a" * 1100,
    ],
)
def test_paths_that_leave_the_repository_are_bad_requests(web: TestClient, path: str) -> None:
    status, headers = raw_get(web, f"/{MODEL}/resolve/main/{path}")
    assert (status, headers["x-error-code"]) == (400, "BadRequest")
    assert "x-evil" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/acme/..%2f..%2fother/resolve/main/x",
        "/acme/%2e%2e/resolve/main/x",
        "/%00/x/resolve/main/x",
        "/datasets/../acme/resolve/main/x",
        "/api/models/acme/..%2ftiny-bert",
    ],
)
def test_ids_that_leave_the_store_are_not_found(web: TestClient, path: str) -> None:
    status, headers = raw_get(web, path)
    assert status in (400, 404)
    assert headers["x-error-code"] in ("BadRequest", "NotFound", "RepoNotFound")


def test_the_objects_folder_holds_what_sha256sum_says(store: Store) -> None:
    files = [path for path in store.objects.root.rglob("*") if path.is_file()]
    done = subprocess.run(["sha256sum", *files], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [path.name for path in files]
