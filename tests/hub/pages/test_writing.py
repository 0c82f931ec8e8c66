"""Forms: only from the Hub's own pages, only by who may, and with what was typed kept."""

import re

import pytest
from starlette.testclient import TestClient

from setup.hub.accounts import COOKIE
from tests.hub.conftest import MODEL
from tests.hub.pages.people import HTML, KEY, Person, accounts

POSTS = [
    "/new", "/new-dataset", "/settings/tokens", "/settings/tokens/revoke", "/logout",
    "/oauth/device/answer", "/learner/mine/new/main", "/learner/mine/edit/main/.gitattributes",
    "/learner/mine/delete/main/.gitattributes", "/learner/mine/settings/visibility",
    "/learner/mine/settings/move", "/learner/mine/settings/delete",
]  # fmt: skip


@pytest.mark.parametrize("address", POSTS)
def test_a_form_without_its_key_is_refused(learner: Person, address: str) -> None:
    sent = {"owner": "learner", "name": "other", "typed": "learner/mine", "visibility": "private"}
    for key in ({}, {"form_key": "0" * 64}):
        assert learner.web.post(address, data={**sent, **key}).status_code == 403
    assert learner.web.get("/learner/mine").status_code == 200
    assert learner.web.get("/learner/other").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://elsewhere.org"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_form_of_another_site_is_refused(learner: Person, headers: dict[str, str]) -> None:
    sent = {"form_key": learner.key(), "typed": "learner/mine"}
    answer = learner.web.post("/learner/mine/settings/delete", data=sent, headers=headers)
    assert answer.status_code == 403
    assert learner.web.get("/learner/mine").status_code == 200


def test_the_key_of_another_session_is_refused(learner: Person, stranger: Person) -> None:
    sent = {"form_key": stranger.key(), "typed": "learner/mine"}
    answer = learner.web.post("/learner/mine/settings/delete", data=sent)
    assert answer.status_code == 403


def test_a_session_alone_changes_nothing_through_the_api(learner: Person) -> None:
    sent = {"name": "mine", "organization": "learner"}
    answer = learner.web.request("DELETE", "/api/repos/delete", json=sent)
    assert answer.status_code == 401


def test_the_sessions_cookie_is_out_of_reach(hub: TestClient) -> None:
    person = Person(hub)
    answer = person.post("/login", token=accounts(hub).issue("learner", "test"), next="/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize("goal", ["https://elsewhere.org", "//elsewhere.org", "/\\elsewhere.org"])
def test_signing_in_leads_to_this_hub_only(hub: TestClient, goal: str) -> None:
    token = accounts(hub).issue("learner", "test")
    answer = Person(hub).post("/login", token=token, next=goal)
    assert answer.headers["location"] == "/"


def test_an_unknown_token_is_told_in_the_form(hub: TestClient) -> None:
    answer = Person(hub).post("/login", token="hf_wrong", next="/new")
    assert answer.status_code == 401
    assert "does not know that token" in answer.text
    assert 'value="/new"' in answer.text
    assert "hf_wrong" not in answer.text


def test_others_cannot_write(learner: Person, stranger: Person) -> None:
    for address in POSTS[6:]:
        assert stranger.post(address, typed="learner/mine", path="x").status_code == 403
    for end in ("new/main", "edit/main/.gitattributes", "upload/main", "settings"):
        assert stranger.web.get(f"/learner/mine/{end}").status_code == 403
    assert "Settings" not in stranger.web.get("/learner/mine").text


def test_a_private_repository_is_like_none_to_others(learner: Person, stranger: Person) -> None:
    learner.post("/learner/mine/settings/visibility", visibility="private")
    for end in (
        "", "/tree/main", "/blob/main/.gitattributes", "/commits/main", "/commit/main",
        "/settings", "/new/main", "/edit/main/x", "/delete/main/x", "/upload/main", "/nothing",
        "/tree", "/try", "/resolve/main/.gitattributes", "/resolve/main", "/discussions",
        "/discussions/1",
    ):  # fmt: skip
        here, gone = (stranger.web.get(f"/learner/{n}{end}") for n in ("mine", "gone"))
        assert here.status_code == gone.status_code == 404, end
        assert here.headers["x-error-code"] == gone.headers["x-error-code"], end
        assert (
            here.headers["x-error-message"].replace("mine", "gone")
            == (gone.headers["x-error-message"])
        )
        assert without_key(here.text.replace("mine", "gone")) == without_key(gone.text)
    for address in ("/", "/models?search=mine", "/learner", "/models?author=learner"):
        assert "learner/mine" not in stranger.web.get(address).text.split("<main")[1]
    assert "learner/mine" in learner.web.get("/models").text


def without_key(text: str) -> str:
    return KEY.sub("", text)


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("", 400, "Invalid repository id"),
        ("a b", 400, "letters, digits"),
        ("x" * 97, 400, "at most 96"),
        ("mine", 409, "already created"),
        ("MINE", 409, "already created"),
    ],
)
def test_a_name_that_cannot_be_is_told_in_the_form(
    learner: Person, name: str, status: int, words: str
) -> None:
    answer = learner.post("/new", owner="learner", name=name, visibility="private")
    assert answer.status_code == status
    assert words in answer.text
    assert f'value="{name}"' in answer.text
    assert re.search(r'value="private" checked', answer.text)


def test_nobody_makes_a_repository_for_another(learner: Person, stranger: Person) -> None:
    answer = stranger.post("/new", owner="learner", name="gift")
    assert answer.status_code == 403
    assert learner.web.get("/learner/gift").status_code == 404


def test_an_organization_may_own(learner: Person, stranger: Person) -> None:
    assert learner.post("/new-dataset", owner="our-class", name="d").status_code == 303
    page = stranger.web.get("/datasets/our-class/d")
    assert page.status_code == 200


def test_a_card_that_cannot_be_read_is_told_with_what_was_typed(learner: Person) -> None:
    typed = "---\nlicense: [mit\n---\n</textarea><script>alert(1)</script>"
    answer = learner.post(
        "/learner/mine/new/main", path="README.md", content=typed, title="A card", action="commit"
    )
    assert answer.status_code == 400
    assert "Invalid YAML" in answer.text
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)" in answer.text
    assert 'value="A card"' in answer.text


def test_a_file_that_changed_meanwhile_is_not_overwritten(learner: Person) -> None:
    address = "/learner/mine/edit/main/.gitattributes"
    known = re.search(r'name="known" value="(\w+)"', learner.web.get(address).text)
    assert known is not None
    for text, status in {"first": 303, "second": 409}.items():
        answer = learner.post(
            address, path=".gitattributes", content=text, known=known[1], action="commit"
        )
        assert answer.status_code == status
    assert "has changed since you opened it" in answer.text
    assert "second" in answer.text
    assert learner.web.get("/learner/mine/raw/main/.gitattributes").text == "first\n"


def test_a_new_file_does_not_replace_one(learner: Person) -> None:
    answer = learner.post("/learner/mine/new/main", path=".gitattributes", content="x")
    assert answer.status_code == 409
    assert "already a file" in answer.text


@pytest.mark.parametrize("path", ["", "../x", "a//b", ".git/config", "a\x00b"])
def test_a_path_that_cannot_be_is_told(learner: Person, path: str) -> None:
    answer = learner.post("/learner/mine/new/main", path=path, content="x")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_line_ends_stay_those_of_the_file(learner: Person) -> None:
    sent = {"path": "a.txt", "content": "one\r\ntwo"}
    learner.post("/learner/mine/new/main", **sent)
    assert learner.web.get("/learner/mine/raw/main/a.txt").content == b"one\ntwo\n"


def test_a_file_is_renamed_and_deleted(learner: Person) -> None:
    learner.post("/learner/mine/new/main", path="a.txt", content="one")
    page = learner.web.get("/learner/mine/edit/main/a.txt").text
    known = re.search(r'name="known" value="(\w+)"', page)
    assert known is not None
    learner.post("/learner/mine/edit/main/a.txt", path="docs/b.txt", content="one", known=known[1])
    assert learner.web.get("/learner/mine/raw/main/docs/b.txt").text == "one\n"
    assert learner.web.get("/learner/mine/raw/main/a.txt").status_code == 404
    learner.post("/learner/mine/delete/main/docs/b.txt")
    assert learner.web.get("/learner/mine/raw/main/docs/b.txt").status_code == 404


def test_an_upload_needs_its_key_and_the_right(learner: Person, stranger: Person) -> None:
    files = {"files": ("a.txt", b"text")}
    address = "/learner/mine/upload/main"
    assert learner.web.post(address, files=files).status_code == 403
    sent = {"form_key": stranger.key()}
    assert stranger.web.post(address, files=files, data=sent).status_code == 403
    sent = {"form_key": learner.key(), "folder": "sub"}
    assert learner.web.post(address, files=files, data=sent).status_code == 303
    assert learner.web.get("/learner/mine/raw/main/sub/a.txt").text == "text"


def test_a_large_upload_lands_beside_git(learner: Person) -> None:
    data = bytes(range(256)) * 50_000  # 12.8 MB: more than git takes
    sent = {"form_key": learner.key()}
    answer = learner.web.post(
        "/learner/mine/upload/main", files={"files": ("a.dat", data)}, data=sent
    )
    assert answer.status_code == 303
    assert learner.web.get("/learner/mine/resolve/main/a.dat").content == data
    assert "oid sha256:" in learner.web.get("/learner/mine/raw/main/a.dat").text
    assert "a.dat filter=lfs" in learner.web.get("/learner/mine/raw/main/.gitattributes").text


def test_a_repository_moves_and_its_old_address_leads_there(learner: Person) -> None:
    answer = learner.post("/learner/mine/settings/move", owner="our-class", name="ours")
    assert answer.headers["location"] == "/our-class/ours/settings"
    assert learner.web.get("/learner/mine").headers["location"] == "/our-class/ours"
    taken = learner.post("/our-class/ours/settings/move", owner="acme", name="ours")
    assert taken.status_code == 403


def test_deleting_needs_the_name(learner: Person) -> None:
    assert learner.post("/learner/mine/settings/delete", typed="mine").status_code == 400
    assert learner.post("/learner/mine/settings/delete", typed="learner/mine").status_code == 303
    assert learner.web.get("/learner/mine").status_code == 404


def test_a_reading_token_makes_no_tokens(hub: TestClient) -> None:
    reader = Person(hub, accounts(hub).issue("learner", "reading", "read"))
    assert reader.post("/settings/tokens", name="more", role="write").status_code == 403
    begun = hub.post("/oauth/device", data={"client_id": "x"}).json()
    sent = {"user_code": begun["user_code"], "answer": "authorize"}
    assert reader.post("/oauth/device/answer", **sent).status_code == 403


@pytest.mark.parametrize(("answer", "status"), [("authorize", 200), ("deny", 400)])
def test_a_program_signs_in_by_a_code(
    hub: TestClient, learner: Person, answer: str, status: int
) -> None:
    begun = hub.post("/oauth/device", data={"client_id": "x"}).json()
    page = learner.web.get(begun["verification_uri_complete"].removeprefix("http://testserver"))
    assert begun["user_code"] in page.text
    learner.post("/oauth/device/answer", user_code=begun["user_code"], answer=answer)
    sent = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
    got = hub.post("/oauth/token", data={**sent, "device_code": begun["device_code"]})
    assert got.status_code == status
    if status == 200:
        found = accounts(hub).find(got.json()["access_token"])
        assert found is not None
        assert found.name == "learner"


def test_pages_for_people_lead_to_the_sign_in(hub: TestClient) -> None:
    for address in ("/new", "/settings/tokens", "/oauth/device?user_code=ABCD-EFGH"):
        answer = Person(hub).web.get(address)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=%2F")


def test_signing_up_is_closed_unless_it_was_opened(web: TestClient) -> None:
    assert web.get("/join", headers=HTML).status_code == 403
    assert web.post("/join", data={"form_key": "", "name": "x"}).status_code == 403


def test_a_public_seed_offers_no_settings(learner: Person) -> None:
    text = learner.web.get(f"/{MODEL}").text
    assert "Settings" not in text.split("<main")[0].split("band")[1]
    assert learner.web.get(f"/{MODEL}/settings").status_code == 403
