"""Discussions and pull requests in the pages."""

import re

from starlette.testclient import TestClient

from tests.hub.pages.people import Person, accounts


def begun(person: Person, **sent: str) -> str:
    told = {"title": "How good?", "text": "I **ask**. <script>alert(1)</script>", **sent}
    answer = person.post("/learner/mine/discussions", **told)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def pull_request(hub: TestClient) -> str:
    """Propose a file as the clients do; a form cannot."""
    token = accounts(hub).issue("stranger", "api")
    lines = (
        '{"key": "header", "value": {"summary": "Add notes", "description": "They help."}}\n'
        '{"key": "file", "value": {"path": "notes.txt", "content": "one line\\n"}}\n'
    )
    answer = hub.post(
        "/api/models/learner/mine/commit/main?create_pr=1",
        content=lines,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
    )
    address = str(answer.json()["pullRequestUrl"])
    return re.sub("http://[^/]+", "", address)


def test_anyone_signed_in_asks_and_the_owner_answers(learner: Person, stranger: Person) -> None:
    address = begun(stranger)
    assert address == "/learner/mine/discussions/1"
    assert learner.post(f"{address}/comment", text="Quite.").status_code == 303
    text = learner.web.get(address).text
    assert "<strong>ask</strong>" in text
    assert "<script>alert" not in text
    assert "Quite." in text
    listed = stranger.web.get("/learner/mine/discussions").text
    assert "How good?" in listed
    assert 'Open <span class="count">1</span>' in listed


def test_a_title_that_is_too_short_is_told_with_what_was_typed(
    stranger: Person, learner: Person
) -> None:
    answer = stranger.post("/learner/mine/discussions", title="Hm", text="my words")
    assert answer.status_code == 400
    assert "3 to 200" in answer.text
    assert "my words" in answer.text


def test_closing_is_for_the_author_and_the_owner(
    learner: Person,
    stranger: Person,
) -> None:
    address = begun(learner)
    assert stranger.post(f"{address}/status", status="closed").status_code == 403
    assert "Close" not in stranger.web.get(address).text.split("<main")[1]
    assert learner.post(f"{address}/status", status="closed").status_code == 303
    assert "closed this" in learner.web.get(address).text
    assert "How good?" not in learner.web.get("/learner/mine/discussions").text
    assert "How good?" in learner.web.get("/learner/mine/discussions?status=closed").text


def test_a_pull_request_shows_its_changes_and_is_merged(
    hub: TestClient,
    learner: Person,
    stranger: Person,
) -> None:
    address = pull_request(hub)
    text = learner.web.get(address).text
    assert re.search(r"notes\.txt.*added.*one line", text, re.DOTALL)
    assert "Merge pull request" in text
    assert "Merge pull request" not in stranger.web.get(address).text
    assert stranger.post(f"{address}/merge").status_code == 403
    assert learner.post(f"{address}/merge").status_code == 303
    assert learner.web.get("/learner/mine/raw/main/notes.txt").text == "one line\n"
    again = learner.post(f"{address}/merge")
    assert again.status_code == 409
    assert "merged" in again.text


def test_a_key_is_needed_here_too(learner: Person) -> None:
    address = begun(learner)
    for end in ("comment", "status", "merge"):
        assert learner.web.post(f"{address}/{end}", data={"text": "x"}).status_code == 403
    assert learner.web.post("/learner/mine/discussions", data={"title": "abc"}).status_code == 403


def test_a_private_repositorys_discussions_are_not_there(
    learner: Person,
    stranger: Person,
) -> None:
    address = begun(learner)
    learner.post("/learner/mine/settings/visibility", visibility="private")
    for end in (address, "/learner/mine/discussions", "/learner/mine/discussions/new"):
        assert stranger.web.get(end).status_code == 404
    assert stranger.post(f"{address}/comment", text="x").status_code == 404
