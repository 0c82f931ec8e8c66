"""Uploads that go wrong leave nothing; commits are whole; many writers lose nothing."""

import hashlib
import json
import os
import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from setup.hub import application, lfs
from setup.hub.objects import Incoming
from setup.hub.store import Store
from tests.hub.conftest import ready_url, start
from tests.hub.test_faults import Client

NAME = "learner/box"
DATA = b"large " * 500_000
OID = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[TestClient]:
    """A Hub in memory with an empty model of the learner's; its token is sent along."""
    store = Store(tmp_path)
    client = TestClient(application.create(store), raise_server_exceptions=False)
    client.headers["Authorization"] = f"Bearer {(tmp_path / 'token').read_text()}"
    assert client.post("/api/repos/create", json={"name": "box"}).is_success
    yield client
    store.close()


def stored(box: TestClient) -> list[Path]:
    store: Store = box.app.state.store  # type: ignore[attr-defined]
    return [path for path in store.objects.root.rglob("*") if path.is_file()]


def address(box: TestClient, oid: str = OID, size: int = len(DATA)) -> str:
    body = {"operation": "upload", "objects": [{"oid": oid, "size": size}]}
    told = box.post(f"/{NAME}.git/info/lfs/objects/batch", json=body).json()
    return str(told["objects"][0]["actions"]["upload"]["href"])


def commit(box: TestClient, *lines: dict[str, object], header: object = None) -> dict[str, object]:
    first = {"key": "header", "value": header or {"summary": "change"}}
    body = "\n".join(json.dumps(line) for line in (first, *lines))
    answer = box.post(f"/api/models/{NAME}/commit/main", content=body)
    told = answer.json()
    return {"status": answer.status_code, "code": answer.headers.get("x-error-code"), **told}


def large(path: str, oid: str = OID, size: int = len(DATA)) -> dict[str, object]:
    return {"key": "lfsFile", "value": {"path": path, "oid": oid, "size": size}}


def small(path: str, data: bytes = b"x") -> dict[str, object]:
    content = b64encode(data).decode()
    return {"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}}


def paths(box: TestClient) -> list[str]:
    tree = box.get(f"/api/models/{NAME}/tree/main?recursive=true").json()
    return [entry["path"] for entry in tree]


def head(box: TestClient) -> str:
    return str(box.get(f"/api/models/{NAME}").json()["sha"])


def test_a_large_file_goes_up_and_comes_down(box: TestClient) -> None:
    assert box.put(address(box), content=DATA).status_code == 200
    assert commit(box, large("w.bin"))["status"] == 200
    assert box.get(f"/{NAME}/resolve/main/w.bin").content == DATA
    body = {"operation": "upload", "objects": [{"oid": OID, "size": len(DATA)}]}
    again = box.post(f"/{NAME}.git/info/lfs/objects/batch", json=body).json()
    assert "actions" not in again["objects"][0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (DATA[:-1] + b"!", "not"),
        (DATA[:-1], "announces 2999999"),
        (DATA + b"!", "announces 3000001"),
        (b"", "announces 0"),
    ],
)
def test_what_is_not_the_announced_file_leaves_nothing(
    box: TestClient, data: bytes, says: str
) -> None:
    answer = box.put(address(box), content=data)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")
    assert says in answer.json()["error"]
    assert stored(box) == []
    assert commit(box, large("w.bin"))["code"] == "BadRequest"
    assert paths(box) == [".gitattributes"]


@pytest.mark.parametrize("extra", [b"", b"!!"])
def test_sizes_are_checked_without_an_announcement_too(box: TestClient, extra: bytes) -> None:
    def chunks() -> Iterator[bytes]:
        yield DATA[:-1]
        yield extra

    answer = box.put(address(box), content=chunks())
    assert answer.status_code == 400
    assert stored(box) == []


@pytest.mark.parametrize(
    "change",
    [("key=", "key=0"), ("size=3000000", "size=2999999"), (OID, "0" * 64), ("until=", "until=9")],
)
def test_an_address_is_good_for_its_own_object_only(
    box: TestClient, change: tuple[str, str]
) -> None:
    answer = box.put(address(box).replace(*change), content=DATA)
    assert answer.status_code == 403
    assert stored(box) == []


def test_an_address_runs_out(box: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lfs, "LASTS", -1)
    assert box.put(address(box), content=DATA).status_code == 403


def test_an_address_is_good_for_its_own_repository_only(box: TestClient) -> None:
    box.post("/api/repos/create", json={"name": "other"})
    assert box.put(address(box).replace("/box", "/other"), content=DATA).status_code == 403


def test_a_full_disk_is_told_and_leaves_the_store_as_before(
    box: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = head(box)
    with monkeypatch.context() as patch:
        patch.setattr(Incoming, "write", full)
        answer = box.put(address(box), content=DATA)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (507, "InsufficientStorage")
    assert stored(box) == []
    assert head(box) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to mount a small disk")
def test_a_disk_that_really_is_full(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(state)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let a test mount a small disk")
    (tmp_path / "seeds").mkdir()
    process = start(tmp_path / "seeds", state)
    try:
        client = Client(ready_url(process), (state / "token").read_text())
        fill(client, state)
    finally:
        process.terminate()
        _, written = process.communicate(timeout=20)
        subprocess.run(["umount", "-l", str(state)], check=True)
    assert "Traceback" not in written


def fill(client: Client, state: Path) -> None:
    """Fill the disk by an upload and by commits: each is refused with 507, nothing is lost."""
    client.call("POST", "/api/repos/create", json.dumps({"name": "target"}).encode())
    first = client.commit(small("first.txt"))
    data = os.urandom(6_000_000)
    body = {
        "operation": "upload",
        "objects": [{"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}],
    }
    batch = "/learner/target.git/info/lfs/objects/batch"
    told = json.loads(client.call("POST", batch, json.dumps(body).encode()))
    href = urlsplit(told["objects"][0]["actions"]["upload"]["href"])
    with pytest.raises(OSError, match="507"):
        client.call("PUT", f"{href.path}?{href.query}", data)
    assert list((state / "objects" / "incoming").iterdir()) == []
    kept = commit_until_full(client)
    assert kept != first
    listed = json.loads(client.call("GET", "/api/models/learner/target/commits/main", b""))
    assert listed[0]["id"] == kept
    repository = state / "repos/models/learner/target.git"
    done = subprocess.run(
        ["git", "-C", str(repository), "fsck", "--strict", "--no-dangling"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def commit_until_full(client: Client) -> str:
    """Commit until the Hub says 507; gives the last commit that it acknowledged."""
    kept = ""
    for number in range(40):
        try:
            kept = client.commit(small(f"{number}.txt", os.urandom(500_000)))
        except OSError as err:
            told = str(err)
            break
    else:
        told = "the disk never filled up"
    assert "507" in told
    return kept


def test_an_upload_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    process = start(tmp_path / "seeds", tmp_path / "state")
    try:
        url, token = ready_url(process), (tmp_path / "state/token").read_text()
        client = Client(url, token)
        client.call("POST", "/api/repos/create", json.dumps({"name": "target"}).encode())
        wanted = {"operation": "upload", "objects": [{"oid": OID, "size": len(DATA)}]}
        batch = "/learner/target.git/info/lfs/objects/batch"
        told = json.loads(client.call("POST", batch, json.dumps(wanted).encode()))
        href = urlsplit(told["objects"][0]["actions"]["upload"]["href"])
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), 10) as cut:
            lines = f"PUT {href.path}?{href.query} HTTP/1.1\r\nHost: x\r\n"
            cut.sendall(f"{lines}Content-Length: {len(DATA)}\r\n\r\n".encode() + DATA[:2_000_000])
            wait_for(lambda: bool(incoming(tmp_path)))
        wait_for(lambda: not incoming(tmp_path))
        with pytest.raises(OSError, match="never uploaded"):
            client.commit(large("w.bin"))
    finally:
        process.terminate()
        _, written = process.communicate(timeout=20)
    assert "Traceback" not in written


def incoming(folder: Path) -> list[Path]:
    return list((folder / "state/objects/incoming").iterdir())


def wait_for(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "bad",
    [
        small("../up"), small("a/../b"), small("/etc/passwd"), small("a\\b"), small("a\x00b"),
        small(".git/config"), small("A/.GIT/x"), small(""), small("x" * 1025), small("a//b"),
        small(".gitattributes/x"), small("README.md", b"---\na: [\n---\n"), large("never.bin"),
        {"key": "deletedFile", "value": {"path": "nothing"}},
        {"key": "deletedFolder", "value": {"path": "nothing/"}},
        {"key": "file", "value": {"path": "x", "content": "!", "encoding": "base64"}},
        {"key": "file", "value": {"path": "x"}}, {"key": "nonsense", "value": {"path": "x"}},
        {"key": "copyFile", "value": {"path": "x", "srcPath": "nothing"}},
        {"key": "lfsFile", "value": {"path": "x", "oid": "zz", "size": 1}},
        {"key": "lfsFile", "value": {"path": "x", "oid": OID, "size": -1}},
    ],
)  # fmt: skip
def test_a_commit_is_all_or_nothing(box: TestClient, bad: dict[str, object]) -> None:
    before = head(box)
    told = commit(box, small("good.txt"), bad, small("better.txt"))
    assert told["status"] in (400, 404)
    assert told["error"]
    assert (head(box), paths(box)) == (before, [".gitattributes"])


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"{", b"[]", b'{"key": "header"}', b"\xff\n", b"[" * 9]
)
def test_commits_that_cannot_be_read(box: TestClient, body: bytes) -> None:
    answer = box.post(f"/api/models/{NAME}/commit/main", content=body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")


def test_a_line_too_long_for_a_small_file_is_413(box: TestClient) -> None:
    answer = box.post(f"/api/models/{NAME}/commit/main", content=b"x" * 15_000_000)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (413, "PayloadTooLarge")


def test_a_commit_on_an_outdated_parent_is_412_and_changes_nothing(box: TestClient) -> None:
    first = head(box)
    assert commit(box, small("a.txt"))["status"] == 200
    told = commit(box, small("b.txt"), header={"summary": "x", "parentCommit": first})
    assert (told["status"], told["code"]) == (412, "PreconditionFailed")
    assert "b.txt" not in paths(box)
    told = commit(box, small("b.txt"), header={"summary": "x", "parentCommit": head(box)[:10]})
    assert told["status"] == 200


def test_a_file_and_a_folder_of_one_name_do_not_replace_each_other(box: TestClient) -> None:
    assert commit(box, small("a/b.txt"))["status"] == 200
    assert commit(box, small("a"))["status"] == 400
    assert commit(box, small("a/b.txt/c"))["status"] == 400
    deleted: dict[str, object] = {"key": "deletedFolder", "value": {"path": "a/"}}
    assert commit(box, deleted, small("a"))["status"] == 200
    assert paths(box) == [".gitattributes", "a"]


@pytest.mark.parametrize(
    "name",
    ["", "x" * 97, "a b", "-x", "x--y", "a..b", "x.git", "../x", "a/b/c", "é", "a\x00", ".hidden"],
)
def test_names_that_no_repository_can_have(box: TestClient, name: str) -> None:
    answer = box.post("/api/repos/create", json={"name": name, "organization": "learner"})
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")


@pytest.mark.parametrize("name", ["Box", "BOX", "box"])
def test_names_that_differ_only_in_case_collide(box: TestClient, name: str) -> None:
    answer = box.post("/api/repos/create", json={"name": name})
    assert answer.status_code == 409
    assert answer.json()["url"].endswith("/learner/box")
    made = box.post("/api/repos/create", json={"name": name, "type": "dataset"})
    assert made.status_code == 200


@pytest.mark.parametrize(
    "name", ["a..b", "a b", "-a", "HEAD", "refs/heads/x", "a~1", "x.lock", ".a"]
)
def test_names_that_no_branch_can_have(box: TestClient, name: str) -> None:
    path = f"/api/models/{NAME}/branch/{name.replace('/', '%2F')}"
    assert box.post(path, json={}).status_code == 400


def test_a_branch_cannot_be_inside_another(box: TestClient) -> None:
    assert box.post(f"/api/models/{NAME}/branch/a", json={}).status_code == 200
    assert box.post(f"/api/models/{NAME}/branch/a%2Fb", json={}).status_code == 409
    assert box.post(f"/api/models/{NAME}/branch/a", json={}).status_code == 409


def test_ten_clients_at_once_lose_no_commit(box: TestClient) -> None:
    """Each lands, since none names a parent; git's history holds them all."""

    def write(number: int) -> dict[str, object]:
        return commit(box, small(f"{number % 10}/{number}.txt", str(number).encode()))

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(write, range(100)))
    assert {one["status"] for one in told} == {200}
    assert len({one["commitOid"] for one in told}) == 100
    listed = box.get(f"/api/models/{NAME}/commits/main", params={"limit": "50"})
    assert listed.headers["X-Total-Count"] == "101"
    files = [path for path in paths(box) if path.endswith(".txt")]
    assert sorted(files) == sorted(f"{number % 10}/{number}.txt" for number in range(100))


def test_of_ten_clients_on_one_parent_one_wins_and_nine_are_told(box: TestClient) -> None:
    for _ in range(10):
        header: object = {"summary": "race", "parentCommit": head(box)}
        start_line = threading.Barrier(10)

        def write(number: int, header: object, line: threading.Barrier) -> dict[str, object]:
            line.wait()
            return commit(box, small(f"{number}.txt", os.urandom(9)), header=header)

        with ThreadPoolExecutor(10) as pool:
            jobs = [pool.submit(write, number, header, start_line) for number in range(10)]
            told = [job.result() for job in jobs]
        assert sorted(str(one["status"]) for one in told) == ["200", *["412"] * 9]
        winner = next(one for one in told if one["status"] == 200)
        assert head(box) == winner["commitOid"]


def test_the_same_name_is_given_to_one_of_ten_clients(box: TestClient) -> None:
    def make(_: int) -> int:
        return box.post("/api/repos/create", json={"name": "wanted"}).status_code

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(make, range(10)))
    assert sorted(told) == [200, *[409] * 9]
