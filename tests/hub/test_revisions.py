"""Revisions over HTTP: every way to name one, in every address that takes one."""

import pytest
from starlette.testclient import TestClient

from tests.hub.conftest import MODEL

ADDRESSES = [
    "/api/models/{id}/revision/{rev}",
    "/api/models/{id}/tree/{rev}",
    "/api/models/{id}/commits/{rev}",
    "/{id}/resolve/{rev}/config.json",
    "/{id}/raw/{rev}/config.json",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("revision", ["main", "714eb0f", "refs%2Fheads%2Fmain", "SHA", "SHORT"])
def test_every_address_takes_every_revision(
    web: TestClient, sha: str, address: str, revision: str
) -> None:
    named = {"SHA": sha, "SHORT": sha[:7]}.get(revision, revision)
    answer = web.get(address.format(id=MODEL, rev=named))
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Repo-Commit"] == sha


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("revision", ["nope", "0" * 40, "refs%2Fpr%2F9", "FETCH_HEAD"])
def test_unknown_revisions_have_their_own_code(
    web: TestClient, address: str, revision: str
) -> None:
    answer = web.get(address.format(id=MODEL, rev=revision))
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RevisionNotFound")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "revision", ["main~1", "main%3Aconfig.json", "a%2F..%2Fb", "%00", "%20", "%0A"]
)
def test_expressions_are_no_revisions(web: TestClient, address: str, revision: str) -> None:
    answer = web.get(address.format(id=MODEL, rev=revision))
    assert answer.status_code in (400, 404)
    assert answer.headers["X-Error-Code"] in ("BadRequest", "NotFound", "RepoNotFound")


def test_info_without_a_revision_is_of_main(web: TestClient, sha: str) -> None:
    assert web.get(f"/api/models/{MODEL}").json()["sha"] == sha
    assert web.get(f"/api/models/{MODEL}/revision/{sha[:9]}").json()["sha"] == sha


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/models/tiny-bert", "/api/models/acme/tiny-bert"),
        ("/api/models/tiny-bert?blobs=true&x=%20", "/api/models/acme/tiny-bert?blobs=true&x=%20"),
        (
            "/api/models/tiny-bert/tree/main/a%2Fb?x=1",
            "/api/models/acme/tiny-bert/tree/main/a%2Fb?x=1",
        ),
        ("/api/models/tiny-bert/revision/714eb0f", "/api/models/acme/tiny-bert/revision/714eb0f"),
        ("/tiny-bert/resolve/main/config.json", "/acme/tiny-bert/resolve/main/config.json"),
        ("/tiny-bert/info/refs?service=x", "/acme/tiny-bert/info/refs?service=x"),
        ("/tiny-bert.git/info/refs", "/acme/tiny-bert.git/info/refs"),
    ],
)
def test_old_ids_lead_to_canonical_ones(web: TestClient, path: str, target: str) -> None:
    answer = web.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (307, target)


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_old_ids_redirect_whatever_the_method(web: TestClient, method: str) -> None:
    path = "/api/models/tiny-bert/paths-info/main"
    answer = web.request(method, path)
    assert (answer.status_code, answer.headers["Location"]) == (
        307,
        "/api/models/acme/tiny-bert/paths-info/main",
    )


@pytest.mark.parametrize(
    "path",
    ["/api/datasets/tiny-bert", "/datasets/tiny-bert/resolve/main/x", "/api/models/tiny-bert/x"],
)
def test_old_ids_are_of_one_kind_and_whole(web: TestClient, path: str) -> None:
    answer = web.get(path)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")


def test_head_names_main_as_git_and_the_javascript_client_write_it(
    web: TestClient, sha: str
) -> None:
    assert web.get(f"/api/models/{MODEL}/revision/HEAD").json()["sha"] == sha
