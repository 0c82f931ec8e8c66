"""git and git-lfs themselves, cloning from a live Hub."""

import gzip
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from starlette.testclient import TestClient

from tests.hub.conftest import BIG, MODEL, Live, environment

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
needs_lfs = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")


def git(home: Path, *words: str, expect: int = 0) -> str:
    """Run git as a user with a fresh home; gives what it prints."""
    variables = environment("", home) | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *words]
    done = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True)
    assert done.returncode == expect, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "address",
    [MODEL, f"{MODEL}.git", "tiny-bert", "tiny-bert.git", "datasets/acme/reviews",
     "spaces/evaluate-metric/tally.git"],
)  # fmt: skip
def test_every_repository_can_be_cloned(live: Live, tmp_path: Path, address: str) -> None:
    git(tmp_path, "-c", "filter.lfs.smudge=cat", "clone", "-q", f"{live.url}/{address}", "copy")
    assert git(tmp_path, "-C", "copy", "fsck", "--strict") == ""
    assert git(tmp_path, "-C", "copy", "branch", "--show-current") == "main\n"
    assert (tmp_path / "copy/README.md").stat().st_size > 0


def test_the_clone_is_the_commit_that_the_api_tells(
    live: Live, web: TestClient, sha: str, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "-b", "714eb0f", f"{live.url}/{MODEL}", "copy")
    assert git(tmp_path, "-C", "copy", "rev-parse", "HEAD").strip() == sha


@needs_lfs
def test_large_files_come_with_git_lfs(live: Live, seeds: Path, tmp_path: Path) -> None:
    git(tmp_path, "lfs", "install", "--skip-repo")
    git(tmp_path, "clone", "-q", f"{live.url}/acme/french", "copy")
    found = (tmp_path / "copy/weights/big.bin").read_bytes()
    assert len(found) == BIG
    assert found == (seeds / "models/acme/french/weights/big.bin").read_bytes()
    assert git(tmp_path, "-C", "copy", "status", "--porcelain") == ""
    assert "weights/big.bin" in git(tmp_path, "-C", "copy", "lfs", "ls-files")
    git(tmp_path, "-C", "copy", "lfs", "fsck")


def test_without_git_lfs_the_pointer_comes(live: Live, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", f"{live.url}/acme/french", "copy")
    pointer = (tmp_path / "copy/weights/big.bin").read_text()
    assert pointer.endswith(f"size {BIG}\n")


def test_shallow_and_partial_clones(live: Live, tmp_path: Path) -> None:
    options = ["--depth", "1", "--filter=blob:none", "--no-checkout"]
    git(tmp_path, "clone", "-q", *options, f"{live.url}/{MODEL}", "copy")
    missing = git(tmp_path, "-C", "copy", "rev-list", "--objects", "--missing=print", "HEAD")
    assert any(line.startswith("?") for line in missing.splitlines())


def test_the_old_protocol_is_spoken_too(live: Live, tmp_path: Path) -> None:
    git(tmp_path, "-c", "protocol.version=0", "clone", "-q", f"{live.url}/{MODEL}", "copy")
    assert (tmp_path / "copy/config.json").exists()


@pytest.mark.parametrize("packed", [False, True])
def test_requests_may_come_compressed_as_git_sends_long_ones(
    web: TestClient, sha: str, packed: bool
) -> None:
    want = f"want {sha} side-band-64k\n"
    body = f"{len(want) + 4:04x}{want}00000009done\n".encode()
    headers = {"Content-Type": "application/x-git-upload-pack-request"}
    if packed:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    answer = web.post(f"/{MODEL}/git-upload-pack", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-git-upload-pack-result"
    assert answer.content.startswith(b"0008NAK\n")
    assert b"PACK" in answer.content


def test_a_request_that_is_no_negotiation_sends_nothing(web: TestClient) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = web.post(f"/{MODEL}/git-upload-pack", content=b"x" * 100, headers=headers)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")


def test_a_fetch_that_breaks_off_leaves_no_process(live: Live, tmp_path: Path) -> None:
    hub = psutil.Process(live.process.pid)
    address = urlsplit(live.url)
    for _ in range(5):
        with socket.create_connection((address.hostname or "", address.port or 0), 10) as client:
            head = f"POST /{MODEL}/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n"
            client.sendall(
                f"{head}Content-Type: application/x-git-upload-pack-request\r\n\r\n".encode()
            )
    deadline = time.monotonic() + 20
    while hub.children(recursive=True):
        assert time.monotonic() < deadline, hub.children(recursive=True)
        time.sleep(0.05)
    assert live.process.poll() is None


def test_a_repository_that_is_not_there(live: Live, tmp_path: Path) -> None:
    """git is asked for a token: a missing repository and a private one look the same."""
    told = git(tmp_path, "clone", f"{live.url}/acme/nope", expect=128)
    assert "could not read Username" in told
    token = (live.state / "token").read_text()
    address = live.url.replace("://", f"://learner:{token}@")
    assert "not found" in git(tmp_path, "clone", f"{address}/acme/nope", expect=128)


def test_pushing_to_the_repositories_of_others_is_refused(live: Live, tmp_path: Path) -> None:
    token = (live.state / "token").read_text()
    address = live.url.replace("://", f"://learner:{token}@")
    git(tmp_path, "clone", "-q", f"{address}/other/copied", "copy")
    identity = ["-c", "user.name=U", "-c", "user.email=u@localhost"]
    git(tmp_path, "-C", "copy", *identity, "commit", "-q", "--allow-empty", "-m", "mine")
    assert "403" in git(tmp_path, "-C", "copy", "push", expect=128)


def batch(web: TestClient, *objects: dict[str, object], operation: str = "download") -> dict:  # type: ignore[type-arg]
    body = {"operation": operation, "transfers": ["basic"], "objects": list(objects)}
    answer = web.post("/acme/french.git/info/lfs/objects/batch", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/vnd.git-lfs+json"
    return dict(answer.json())


def test_the_batch_call_leads_to_each_object(web: TestClient) -> None:
    oid = web.head("/acme/french/resolve/main/weights/big.bin").headers["ETag"].strip('"')
    told = batch(web, {"oid": oid, "size": BIG}, {"oid": "0" * 64, "size": 1})
    here, missing = told["objects"]
    assert (told["transfer"], missing["error"]["code"]) == ("basic", 404)
    part = web.get(here["actions"]["download"]["href"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)


def test_uploads_need_a_token(web: TestClient) -> None:
    body = {"operation": "upload", "objects": [{"oid": "0" * 64, "size": 1}]}
    answer = web.post("/acme/french.git/info/lfs/objects/batch", json=body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (401, "Unauthorized")


@pytest.mark.parametrize("objects", [[{}], [{"oid": "x", "size": "y"}], "x", [1], [{"oid": "x"}]])
def test_batches_that_cannot_be_read(web: TestClient, objects: object) -> None:
    body = {"operation": "download", "objects": objects}
    answer = web.post("/acme/french.git/info/lfs/objects/batch", json=body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")
