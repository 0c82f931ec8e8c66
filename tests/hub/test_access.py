"""A private repository is not there for anyone else, by whatever route they ask."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub import application
from setup.hub.store import Store

NAME = "learner/diary"
MISSING = "learner/nothing"
OID = "f" * 64


@dataclass
class Class:
    """A Hub with a private model and dataset of the learner's, and a stranger who has signed up."""

    client: TestClient
    owner: str
    stranger: str
    reader: str
    oid: str


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    store = Store(tmp_path_factory.mktemp("access"))
    app = application.create(store, sign_up=True)
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    accounts = app.state.accounts
    owner = (store.root / "token").read_text()
    stranger = accounts.sign_up("stranger")
    reader = accounts.issue("learner", "reading", "read")
    for kind in ("model", "dataset"):
        body = {"name": "diary", "type": kind, "visibility": "private"}
        assert client.post("/api/repos/create", json=body, headers=bearer(owner)).is_success
    made = upload(client, owner, b"secret " * 1000)
    for path in (f"/api/models/{NAME}/branch/dev", f"/api/models/{NAME}/tag/main"):
        assert client.post(path, json={"tag": "v1"}, headers=bearer(owner)).is_success
    talk = {"title": "A secret", "description": "of mine"}
    path = f"/api/models/{NAME}/discussions"
    assert client.post(path, json=talk, headers=bearer(owner)).is_success
    yield Class(client, owner, stranger, reader, made)
    store.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"x:{token}".encode()).decode()}


def upload(client: TestClient, token: str, data: bytes) -> str:
    """Put a large file into the diary as git-lfs and the clients do; gives its hash."""
    oid = hashlib.sha256(data).hexdigest()
    body = {"operation": "upload", "objects": [{"oid": oid, "size": len(data)}]}
    path = f"/{NAME}.git/info/lfs/objects/batch"
    told = client.post(path, json=body, headers=bearer(token)).json()
    assert client.put(told["objects"][0]["actions"]["upload"]["href"], content=data).is_success
    lines = (
        '{"key": "header", "value": {"summary": "add"}}\n'
        f'{{"key": "lfsFile", "value": {{"path": "w.bin", "oid": "{oid}", "size": {len(data)}}}}}\n'
        '{"key": "file", "value": {"path": "README.md", "content": "# Dear diary"}}'
    )
    commit = client.post(f"/api/models/{NAME}/commit/main", content=lines, headers=bearer(token))
    assert commit.is_success, commit.text
    return oid


READS = [
    "/api/models/{}", "/api/models/{}/revision/main", "/api/models/{}/tree/main",
    "/api/models/{}/refs", "/api/models/{}/commits/main", "/api/models/{}/discussions",
    "/api/models/{}/discussions/1", "/api/models/{}/auth-check", "/api/models/{}/lfs-files",
    "/{}/resolve/main/README.md", "/{}/resolve/main/w.bin", "/{}/raw/main/README.md",
    "/{}/info/refs?service=git-upload-pack", "/{}.git/info/refs?service=git-receive-pack",
    "/{}.git/info/lfs/objects/OID", "/api/datasets/{}", "/datasets/{}/resolve/main/.gitattributes",
    "/{}", "/{}/tree/main", "/{}/blob/main/README.md", "/{}/commits/main", "/{}/settings",
    "/{}/edit/main/README.md", "/{}/discussions", "/datasets/{}", "/datasets/{}/viewer",
]  # fmt: skip
WRITES = [
    ("POST", "/api/models/{}/paths-info/main", {"paths": ["README.md"]}),
    ("POST", "/api/models/{}/preupload/main", {"files": []}),
    ("POST", "/api/models/{}/commit/main", {"key": "header", "value": {"summary": "x"}}),
    ("PUT", "/api/models/{}/settings", {"visibility": "public"}),
    ("POST", "/api/models/{}/branch/new", {}),
    ("DELETE", "/api/models/{}/branch/dev", {}),
    ("POST", "/api/models/{}/tag/main", {"tag": "v2"}),
    ("DELETE", "/api/models/{}/tag/v1", {}),
    ("POST", "/api/models/{}/super-squash/main", {}),
    ("POST", "/api/models/{}/discussions", {"title": "hello", "description": "x"}),
    ("POST", "/api/models/{}/discussions/1/comment", {"comment": "hello"}),
    ("POST", "/api/models/{}/discussions/1/merge", {}),
    ("POST", "/{}.git/info/lfs/objects/batch", {"operation": "download", "objects": []}),
    ("POST", "/{}.git/info/lfs/objects/batch", {"operation": "upload", "objects": []}),
    ("POST", "/{}.git/info/lfs/verify", {"oid": OID, "size": 1}),
    ("POST", "/{}/git-upload-pack", {}),
    ("POST", "/{}/git-receive-pack", {}),
]  # fmt: skip


def told(
    room: Class, method: str, path: str, name: str, headers: dict[str, str], body: object = None
) -> tuple[int, str, str]:
    """Ask about a repository: what comes back, with its name taken out."""
    address = path.replace("OID", room.oid).format(name)
    answer = room.client.request(method, address, json=body, headers=headers)
    text = answer.text.replace(name, "NAME").replace(name.partition("/")[2], "NAME")
    return answer.status_code, answer.headers.get("x-error-code", ""), text


@pytest.mark.parametrize("path", READS)
def test_reading_what_is_private_looks_like_reading_what_is_not_there(
    room: Class, path: str
) -> None:
    for headers in ({}, bearer(room.stranger), basic(room.stranger), bearer("hf_wrong")):
        found = told(room, "GET", path, NAME, headers)
        assert found == told(room, "GET", path, MISSING, headers)
        assert found[0] in (401, 404)
        assert "secret" not in found[2].lower()
        assert "Dear diary" not in found[2]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_writing_to_what_is_private_looks_the_same_too(
    room: Class, method: str, path: str, body: object
) -> None:
    for headers in ({}, bearer(room.stranger), bearer("hf_wrong")):
        found = told(room, method, path, NAME, headers, body)
        assert found == told(room, method, path, MISSING, headers, body)
        assert found[0] in (401, 404)


@pytest.mark.parametrize("path", READS[:17])
def test_the_owner_reads_by_every_route(room: Class, path: str) -> None:
    """The check above could not fail if nobody could read."""
    assert told(room, "GET", path, NAME, bearer(room.owner))[0] == 200


def test_whole_repositories_of_others_cannot_be_touched(room: Class) -> None:
    for name in (NAME, MISSING):
        owner, _, short = name.partition("/")
        for body in ({"organization": owner, "name": short}, {"name": name}):
            answer = room.client.request(
                "DELETE", "/api/repos/delete", json=body, headers=bearer(room.stranger)
            )
            assert answer.status_code in (403, 404)
        body = {"fromRepo": name, "toRepo": "stranger/mine", "type": "model"}
        moved = room.client.post("/api/repos/move", json=body, headers=bearer(room.stranger))
        assert moved.status_code in (403, 404)
    assert room.client.get(f"/api/models/{NAME}", headers=bearer(room.owner)).is_success


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/repos/move", {"fromRepo": "NAME", "toRepo": "stranger/mine"}),
        ("POST", "/api/repos/move", {"fromRepo": "stranger/mine", "toRepo": "NAME"}),
        ("DELETE", "/api/repos/delete", {"name": "NAME"}),
        ("POST", "/api/repos/create", {"name": "NAME"}),
    ],
)
def test_making_deleting_and_moving_do_not_tell_what_is_there(
    room: Class, method: str, path: str, body: dict[str, str]
) -> None:
    found = []
    for name in (NAME, MISSING):
        sent = {key: value.replace("NAME", name) for key, value in body.items()}
        found.append(told(room, method, path, name, bearer(room.stranger), sent))
    assert found[0] == found[1]
    assert found[0][0] in (403, 404)


@pytest.mark.parametrize("kind", ["models", "datasets"])
def test_listings_leave_out_what_is_private(room: Class, kind: str) -> None:
    for path in (f"/api/{kind}", f"/api/{kind}?search=diary", f"/api/{kind}?author=learner"):
        for headers in ({}, bearer(room.stranger)):
            assert NAME not in room.client.get(path, headers=headers).text
        assert NAME in room.client.get(path, headers=bearer(room.owner)).text
    for path in ("/", f"/{kind}", f"/{kind}?search=diary", "/learner"):
        assert "diary</" not in room.client.get(path, headers={"Accept": "text/html"}).text


def test_an_overview_counts_what_the_caller_may_see(room: Class) -> None:
    path = "/api/users/learner/overview"
    assert room.client.get(path, headers=bearer(room.owner)).json()["numModels"] >= 1
    assert room.client.get(path, headers=bearer(room.stranger)).json()["numModels"] == 0
    listed = "/api/organizations/learner/settings/repositories"
    assert room.client.get(listed, headers=bearer(room.stranger)).status_code == 403


def test_a_hash_is_no_key_to_the_file(room: Class) -> None:
    """Whoever knows a private file's SHA-256 gets it neither from nor into their own repository."""
    headers = bearer(room.stranger)
    room.client.post("/api/repos/create", json={"name": "thief"}, headers=headers)
    assert room.client.get(f"/stranger/thief.git/info/lfs/objects/{room.oid}").status_code == 404
    line = f'{{"key": "lfsFile", "value": {{"path": "w", "oid": "{room.oid}", "size": 7000}}}}'
    lines = '{"key": "header", "value": {"summary": "x"}}\n' + line
    path = "/api/models/stranger/thief/commit/main"
    answer = room.client.post(path, content=lines, headers=headers)
    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "BadRequest")
    body = {"operation": "upload", "objects": [{"oid": room.oid, "size": 7000}]}
    path = "/stranger/thief.git/info/lfs/objects/batch"
    told = room.client.post(path, json=body, headers=headers).json()
    assert "upload" in told["objects"][0]["actions"]


def test_a_token_for_reading_does_not_write(room: Class) -> None:
    path = f"/api/models/{NAME}"
    assert room.client.get(path, headers=bearer(room.reader)).is_success
    answer = room.client.post(f"{path}/branch/mine", json={}, headers=bearer(room.reader))
    assert answer.status_code == 403
    assert "only allows reading" in answer.json()["error"]


def test_a_move_of_a_private_repository_leaves_no_trace(room: Class) -> None:
    headers = bearer(room.owner)
    create = {"name": "before", "visibility": "private"}
    room.client.post("/api/repos/create", json=create, headers=headers)
    body = {"fromRepo": "learner/before", "toRepo": "learner/after", "type": "model"}
    assert room.client.post("/api/repos/move", json=body, headers=headers).is_success
    assert room.client.get("/api/models/learner/before", headers=headers).status_code == 307
    for others in ({}, bearer(room.stranger)):
        answer = room.client.get("/api/models/learner/before", headers=others)
        assert answer.status_code == 404
        assert "after" not in answer.text


def test_tokens_are_not_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path)
    client = TestClient(application.create(store), raise_server_exceptions=False)
    token = (tmp_path / "token").read_text()
    for headers in (bearer(token), basic(token), bearer("hf_wrong")):
        client.get("/api/whoami-v2", headers=headers)
        client.post("/api/repos/create", json={"name": "?"}, headers=headers)
        client.get(f"/{NAME}/info/refs?service=git-receive-pack", headers=headers)
    written = capfd.readouterr()
    assert token not in written.out + written.err
    assert "hf_wrong" not in written.out + written.err
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "token"]
    assert files
    assert all(token.encode() not in path.read_bytes() for path in files)
    store.close()
