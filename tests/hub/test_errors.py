"""One shape for every error: status, code, message, and never a traceback."""

import pytest
from starlette.testclient import TestClient

from setup.hub import application, errors
from setup.hub.store import Store
from tests.hub.conftest import MODEL

API = f"/api/models/{MODEL}"
JSON = {"Content-Type": "application/json"}
CASES = [
    ("GET", "/nothing", 404, "NotFound"),
    ("GET", "/api", 404, "NotFound"),
    ("GET", "/api/agent-harnesses", 404, "NotFound"),
    ("GET", "/api/models/nope", 404, "RepoNotFound"),
    ("GET", "/api/models/nope/revision/main", 404, "RepoNotFound"),
    ("GET", "/api/models/acme/nope", 404, "RepoNotFound"),
    ("GET", "/api/datasets/acme/tiny-bert", 404, "RepoNotFound"),
    ("GET", "/nope/resolve/main/x", 404, "RepoNotFound"),
    ("GET", "/acme/nope/resolve/main/x", 404, "RepoNotFound"),
    ("GET", "/datasets/acme/nope/resolve/main/x", 404, "RepoNotFound"),
    ("GET", "/acme/nope/info/refs?service=git-upload-pack", 401, "RepoNotFound"),
    ("GET", f"{API}/revision/nope", 404, "RevisionNotFound"),
    ("GET", f"{API}/tree/main/nope", 404, "EntryNotFound"),
    ("GET", f"{API}/tree/main/config.json", 404, "EntryNotFound"),
    ("GET", f"{API}/tree/main?limit=0", 400, "BadRequest"),
    ("GET", f"{API}/tree/main?cursor=-1", 400, "BadRequest"),
    ("GET", f"{API}/commits/main?limit=x", 400, "BadRequest"),
    ("GET", "/api/models?sort=colour", 400, "BadRequest"),
    ("GET", "/api/models?limit=99999999999999999999", 400, "BadRequest"),
    ("GET", "/api/whoami-v2", 401, "Unauthorized"),
    ("GET", f"{API}/discussions/1", 404, "NotFound"),
    ("GET", f"{API}/discussions/x", 400, "BadRequest"),
    ("GET", "/api/models/acme/nope/discussions", 404, "RepoNotFound"),
    ("POST", "/api/repos/create", 401, "Unauthorized"),
    ("POST", "/api/repos/move", 401, "Unauthorized"),
    ("DELETE", "/api/repos/delete", 401, "Unauthorized"),
    ("GET", "/api/settings/repositories", 401, "Unauthorized"),
    ("PUT", f"{API}/settings", 401, "Unauthorized"),
    ("POST", f"{API}/preupload/main", 401, "Unauthorized"),
    ("POST", f"{API}/commit/main", 401, "Unauthorized"),
    ("POST", f"{API}/branch/dev", 401, "Unauthorized"),
    ("POST", f"{API}/tag/main", 401, "Unauthorized"),
    ("POST", f"{API}/super-squash/main", 401, "Unauthorized"),
    ("POST", f"{API}/discussions", 401, "Unauthorized"),
    ("POST", f"{API}/discussions/1/merge", 401, "Unauthorized"),
    ("POST", "/api/models", 405, "MethodNotAllowed"),
    ("DELETE", API, 405, "MethodNotAllowed"),
    ("PUT", f"/{MODEL}/resolve/main/config.json", 405, "MethodNotAllowed"),
    ("POST", f"{API}/paths-info/main", 400, "BadRequest"),
    ("POST", f"{API}/paths-info/nope", 400, "BadRequest"),
    ("POST", "/api/validate-yaml", 400, "BadRequest"),
    ("GET", f"/{MODEL}/info/refs", 400, "BadRequest"),
    ("GET", f"/{MODEL}/info/refs?service=git-receive-pack", 401, "Unauthorized"),
    ("POST", f"/{MODEL}/git-receive-pack", 401, "Unauthorized"),
    ("PUT", f"/{MODEL}.git/info/lfs/objects/{'0' * 64}", 403, "Forbidden"),
    ("POST", f"/{MODEL}.git/info/lfs/objects/batch", 400, "BadRequest"),
    ("GET", f"/{MODEL}.git/info/lfs/objects/nope", 400, "BadRequest"),
    ("GET", f"/{MODEL}.git/info/lfs/objects/{'0' * 64}", 404, "NotFound"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), CASES)
def test_every_error_has_the_same_shape(
    web: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = web.request(method, path)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    assert answer.headers["X-Error-Message"].isprintable()
    assert list(answer.json()) == ["error"]
    assert " ".join(answer.json()["error"].split())[:500] == answer.headers["X-Error-Message"]


@pytest.mark.parametrize("path", [path for method, path, *_ in CASES if method == "GET"])
def test_head_has_the_same_error_without_a_body(web: TestClient, path: str) -> None:
    get, head = web.get(path), web.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["X-Error-Code"] == get.headers["X-Error-Code"]


def test_a_wrong_method_is_told_the_right_ones(web: TestClient) -> None:
    assert "GET" in web.delete(API).headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b"\xff", b"{}", b'{"paths": 3}', b'{"paths": [3]}', b"[" * 9999],
)
def test_bodies_that_cannot_be_read_are_bad_requests(web: TestClient, body: bytes) -> None:
    answer = web.post(f"{API}/paths-info/main", content=body, headers=JSON)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")


def test_a_body_beyond_the_limit_is_413(web: TestClient) -> None:
    answer = web.post(f"{API}/paths-info/main", content=b"x" * (2 << 20))
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (413, "PayloadTooLarge")


def test_messages_name_the_offending_value(web: TestClient) -> None:
    assert "colour" in web.get("/api/models?sort=colour").json()["error"]
    assert "acme/nope" in web.get("/api/models/acme/nope").json()["error"]
    assert "v9" in web.get(f"{API}/revision/v9").json()["error"]


def test_a_message_cannot_break_out_of_its_header(web: TestClient) -> None:
    answer = web.get(f"{API}/tree/main/%C3%A9%E2%82%AC")
    assert answer.status_code == 404
    assert answer.headers["X-Error-Message"].isascii()
    assert "é€" in answer.json()["error"]


def test_a_defect_of_the_hub_shows_no_traceback(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    client = TestClient(application.create(store), raise_server_exceptions=False)
    monkeypatch.setattr(Store, "open", broken)
    answer = client.get(API)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (500, "InternalError")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_every_member_of_the_family_has_a_status_and_a_code_of_its_own() -> None:
    family = [errors.HubError]
    for member in family:
        family += [one for one in member.__subclasses__() if one.__module__ == errors.__name__]
    assert len({member.code for member in family}) == len(family)
    assert all(400 <= member.status < 600 for member in family)
