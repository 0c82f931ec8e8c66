"""GitHub's API: paging, states, pull requests among issues, comments, tokens, limits, errors."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub import application
from setup.hub.store import Store
from setup.mirror import tracker
from setup.mirror.limits import Counter, Limits
from tests.mirror.conftest import FEW, lines, write

ISSUES = "/github/repos/acme/tool/issues"
TOKEN = {"Authorization": "token ghp_classroom"}
KEYS = [
    "url", "repository_url", "labels_url", "comments_url", "events_url", "html_url", "id",
    "node_id", "number", "title", "user", "labels", "state", "locked", "assignee", "assignees",
    "milestone", "comments", "created_at", "updated_at", "closed_at", "author_association",
    "active_lock_reason", "pull_request", "body", "timeline_url", "performed_via_github_app",
]  # fmt: skip


def get(web: TestClient, **query: object) -> list[dict[str, object]]:
    answer = web.get(ISSUES, params=query, headers=TOKEN)  # type: ignore[arg-type]
    assert answer.status_code == 200
    found: list[dict[str, object]] = answer.json()
    return found


def test_an_issue_has_the_keys_that_github_gives(web: TestClient) -> None:
    (pull,) = get(web, state="all", per_page=1, page=4, labels="")
    assert pull["number"] == 232
    assert list(pull) == KEYS
    assert pull["html_url"] == "https://github.com/acme/tool/pull/232"
    (issue,) = get(web, state="all", per_page=1)
    assert list(issue) == [key for key in KEYS if key != "pull_request"]
    user = issue["user"]
    assert isinstance(user, dict)
    assert len(user) == 18
    assert (user["login"], user["type"]) == ("ann", "User")


def test_pages_begin_at_one_and_hold_every_issue_once(web: TestClient) -> None:
    seen: list[object] = []
    for page in range(1, 5):
        seen += [item["number"] for item in get(web, state="all", per_page=100, page=page)]
    assert seen == list(range(235, 0, -1))
    assert get(web, state="all", per_page=100, page=0) == get(web, state="all", per_page=100)
    assert get(web, state="all", per_page=100, page=4) == []


@pytest.mark.parametrize(("asked", "given"), [("", 30), ("1000", 100), ("x", 30), ("0", 30)])
def test_sizes_of_pages(web: TestClient, asked: str, given: int) -> None:
    assert len(get(web, state="all", per_page=asked)) == given


def test_links_lead_through_all_pages(web: TestClient) -> None:
    address: str | None = f"{ISSUES}?state=all&per_page=60"
    count = 0
    while address:
        answer = web.get(address, headers=TOKEN)
        count += len(answer.json())
        links = dict(
            (name, target)
            for target, name in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"])
        )
        address = links.get("next")
    assert count == 235
    assert set(links) == {"prev", "first"}


def test_a_single_page_has_no_links(web: TestClient) -> None:
    answer = web.get(f"{ISSUES}/1/comments", headers=TOKEN)
    assert answer.json() == []
    assert "Link" not in answer.headers


def test_states_and_labels(web: TestClient) -> None:
    assert {item["state"] for item in get(web, per_page=100)} == {"open"}
    assert {item["state"] for item in get(web, state="closed", per_page=100)} == {"closed"}
    assert len(get(web, state="all", labels="bug", per_page=100)) == 47
    assert {item["number"] for item in get(web, state="all", creator="ann")} <= set(
        range(1, 236, 2)
    )


def test_comments_come_oldest_first_and_are_counted(web: TestClient) -> None:
    issue = web.get(f"{ISSUES}/7", headers=TOKEN).json()
    assert issue["comments"] == 40
    first = web.get(f"{ISSUES}/7/comments", headers=TOKEN).json()
    more = web.get(f"{ISSUES}/7/comments?page=2", headers=TOKEN).json()
    assert [item["body"] for item in first + more] == [f"comment {n}" for n in range(40)]
    assert first[0]["html_url"].endswith("/issues/7#issuecomment-9000")
    assert len(web.get(f"{ISSUES}/comments?per_page=100", headers=TOKEN).json()) == 40


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("repos/acme/none/issues", 404, "Not Found"),
        ("repos/acme/tool/issues/999", 404, "Not Found"),
        ("repos/acme/tool/issues/x", 404, "Not Found"),
        ("repos/acme/tool/issues/7/none", 404, "Not Found"),
        ("repos/acme/tool/pulls", 404, "Not Found"),
        ("repos/acme/tool/issues?state=lost", 422, "Validation Failed"),
        ("repos/acme/tool/issues?page=99999999", 422, "In order to keep the API fast"),
    ],
)
def test_errors_have_githubs_shape(web: TestClient, path: str, status: int, message: str) -> None:
    answer = web.get(f"/github/{path}", headers=TOKEN)
    assert answer.status_code == status
    body = answer.json()
    assert body["message"].startswith(message)
    assert body["status"] == str(status)
    assert body["documentation_url"]
    assert answer.headers["X-RateLimit-Remaining"]


@pytest.mark.parametrize("header", ["token", "token xxx", "Bearer hf_abc", "Basic ghp_x"])
def test_what_is_no_token_is_told(web: TestClient, header: str) -> None:
    answer = web.get(ISSUES, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_without_a_token_the_limit_is_low_and_the_answer_says_when_it_ends(web: TestClient) -> None:
    left = [web.get(ISSUES).headers["X-RateLimit-Remaining"] for _ in range(FEW.anonymous)]
    assert left == ["4", "3", "2", "1", "0"]
    refused = web.get(ISSUES)
    assert refused.status_code == 403
    assert refused.json()["message"].startswith("API rate limit exceeded for testclient")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert web.get("/github/rate_limit").json()["rate"]["remaining"] == 0
    assert web.get(ISSUES, headers=TOKEN).headers["X-RateLimit-Limit"] == str(FEW.known)


def test_what_the_caller_has_already_costs_nothing(web: TestClient) -> None:
    first = web.get(ISSUES, headers=TOKEN)
    again = web.get(ISSUES, headers=TOKEN | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]


def test_a_window_begins_anew_at_its_reset() -> None:
    moment = [1000.0]
    counter = Counter(Limits(anonymous=2, window=60), now=lambda: moment[0])
    counts = [counter.count("a", with_token=False) for _ in range(3)]
    assert [count.exceeded for count in counts] == [False, False, True]
    assert {count.reset for count in counts} == {1060}
    assert not counter.count("b", with_token=False).exceeded
    moment[0] = 1060.0
    assert not counter.count("a", with_token=False).exceeded


def test_githubs_own_numbers_are_the_default() -> None:
    assert (Limits().anonymous, Limits().known, Limits().window) == (60, 5000, 3600)


def test_a_file_that_changes_is_read_anew(web: TestClient, tmp_path: Path) -> None:
    place = tmp_path / "own/api.github.com/repos/a/b/issues.jsonl"
    web.app.state.github.roots.insert(0, tmp_path / "own")  # type: ignore[attr-defined]
    for count in (1, 2):
        rows: list[dict[str, object]] = [
            {"number": n, "created_at": "2024-01-01T00:00:00Z"} for n in range(count)
        ]
        write(place, lines(rows))
        found = web.get("/github/repos/a/b/issues", headers=TOKEN).json()
        assert len(found) == count


def test_whole_records_are_given_as_they_are(tmp_path: Path) -> None:
    """What was downloaded from GitHub itself comes out key by key the same."""
    user = {"login": "ann", "id": 5, "type": "User", "url": "https://api.github.com/users/ann"}
    row = {
        "url": "https://api.github.com/repos/a/b/issues/3", "number": 3, "title": "T", "id": 77,
        "user": user, "comments": 2, "created_at": "2024-01-01T00:00:00Z", "labels": [],
    }  # fmt: skip
    comment = {
        "id": 1,
        "issue_url": f"{row['url']}",
        "body": "b",
        "created_at": "2024",
        "user": user,
    }
    write(tmp_path / "api.github.com/repos/a/b/issues.jsonl", lines([row]))
    write(tmp_path / "api.github.com/repos/a/b/comments.jsonl", lines([comment]))
    project = tracker.load(tmp_path, "a", "b")
    assert project is not None
    found = tracker.issue(project, row, "https://api.github.com")
    assert {key: found[key] for key in row if key != "user"} == {
        key: value for key, value in row.items() if key != "user"
    }
    assert {key: found["user"][key] for key in user} == user
    assert project.comments[3][0]["body"] == "b"


def test_comments_on_all_issues_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    issues: list[dict[str, object]] = [
        {"number": n, "id": n, "created_at": f"2024-01-0{n}T00:00:00Z"} for n in (1, 2)
    ]
    comments: list[dict[str, object]] = [
        {"id": at, "issue": 2 - at % 2, "body": "", "created_at": f"2024-02-0{at}T00:00:00Z"}
        for at in range(1, 9)
    ]
    comments[0]["updated_at"] = "2024-03-01T00:00:00Z"
    write(tmp_path / "web/api.github.com/repos/a/b/issues.jsonl", lines(issues))
    write(tmp_path / "web/api.github.com/repos/a/b/comments.jsonl", lines(comments))
    store = Store(tmp_path / "hub")
    served = TestClient(application.create(store, mirrored=[tmp_path / "web"]))
    every = "/github/repos/a/b/issues/comments"
    assert [row["id"] for row in served.get(every).json()] == list(range(1, 9))
    changed = served.get(every, params={"since": "2024-02-06T00:00:00Z"}).json()
    assert [row["id"] for row in changed] == [1, 6, 7, 8]
    store.close()
