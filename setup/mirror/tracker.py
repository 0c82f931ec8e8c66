"""The issues, pull requests and comments of a project, as GitHub's REST API gives them. No HTTP.

``ROOT/api.github.com/repos/OWNER/NAME/issues.jsonl`` holds one issue or pull request a line,
``comments.jsonl`` beside it one comment a line with the number of its ``issue``. A line may leave
out what follows from the rest (addresses, the many keys of a user): it is filled in here, so that
the classroom's files stay small, and real ones, downloaded whole, are given as they are.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "api.github.com"
ISSUES, COMMENTS = "issues.jsonl", "comments.jsonl"
Record = dict[str, Any]
# The addresses of a user, after the API's address and the login.
_USER_PARTS = {
    "followers_url": "/followers", "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}", "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions", "organizations_url": "/orgs", "repos_url": "/repos",
    "events_url": "/events{/privacy}", "received_events_url": "/received_events",
}  # fmt: skip


@dataclass
class Project:
    """One repository's issues, newest first, and the comments on each, oldest first."""

    name: str
    issues: list[Record] = field(default_factory=list)
    comments: dict[int, list[Record]] = field(default_factory=lambda: defaultdict(list))

    def issue(self, number: int) -> Record | None:
        """Find an issue or pull request by its number."""
        return next((item for item in self.issues if item["number"] == number), None)


def load(folder: Path, owner: str, name: str) -> Project | None:
    """Read a project below ``folder``; None where there is none.

    Raises ValueError for a line that is not JSON, or has no number.
    """
    place = folder / HOST / "repos" / owner / name
    if not (place / ISSUES).is_file():
        return None
    project = Project(f"{owner}/{name}")
    for comment in _lines(place / COMMENTS):
        project.comments[_issue_of(comment)].append(comment)
    for found in project.comments.values():
        found.sort(key=lambda item: (item["created_at"], item["id"]))
    rows = _lines(place / ISSUES)
    project.issues = sorted(rows, key=lambda row: (row["created_at"], row["number"]), reverse=True)
    return project


def _lines(path: Path) -> list[Record]:
    if not path.is_file():
        return []
    text = path.read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _issue_of(comment: Mapping[str, Any]) -> int:
    if "issue" in comment:
        return int(comment["issue"])
    return int(str(comment["issue_url"]).rpartition("/")[2])


def issue(project: Project, row: Mapping[str, Any], api: str) -> Record:
    """Give an issue with all its keys; ``api`` is the address of the API."""
    repository = f"{api}/repos/{project.name}"
    at = f"{repository}/issues/{row['number']}"
    pull = row.get("pull_request") is not None
    page = f"https://github.com/{project.name}/{'pull' if pull else 'issues'}/{row['number']}"
    found: Record = {
        "url": at, "repository_url": repository, "labels_url": f"{at}/labels{{/name}}",
        "comments_url": f"{at}/comments", "events_url": f"{at}/events", "html_url": page,
        "id": row["number"], "node_id": "", "number": row["number"], "title": "", "user": None,
        "labels": [], "state": "open", "locked": False, "assignee": None, "assignees": [],
        "milestone": None, "comments": len(project.comments.get(row["number"], [])),
        "created_at": None, "updated_at": row.get("created_at"), "closed_at": None,
        "author_association": "NONE", "active_lock_reason": None, "pull_request": None,
        "body": None, "timeline_url": f"{at}/timeline", "performed_via_github_app": None,
    }  # fmt: skip
    found |= row
    found["user"] = user(found["user"], api)
    found["assignee"] = user(found["assignee"], api)
    found["assignees"] = [user(person, api) for person in found["assignees"]]
    found["labels"] = [_label(repository, label) for label in found["labels"]]
    found["milestone"] = _milestone(project.name, repository, found["milestone"], api)
    if pull:
        found["pull_request"] = _pull(row["pull_request"], repository, page, row["number"])
    elif "pull_request" not in row:
        del found["pull_request"]  # a line that says null came from a table: it keeps its columns
    return found


def comment(project: Project, row: Mapping[str, Any], api: str) -> Record:
    """Give a comment with all its keys."""
    repository, number = f"{api}/repos/{project.name}", _issue_of(row)
    parent = project.issue(number) or {}
    kind = "pull" if parent.get("pull_request") is not None else "issues"
    page = f"https://github.com/{project.name}/{kind}/{number}#issuecomment-{row['id']}"
    found: Record = {
        "url": f"{repository}/issues/comments/{row['id']}", "html_url": page,
        "issue_url": f"{repository}/issues/{number}", "id": row["id"], "node_id": "",
        "user": None, "created_at": None, "updated_at": row.get("created_at"),
        "author_association": "NONE", "body": "", "performed_via_github_app": None,
    }  # fmt: skip
    found |= {key: value for key, value in row.items() if key != "issue"}
    found["user"] = user(found["user"], api)
    return found


def user(value: object, api: str) -> Record | None:
    """Give a user with all its keys; a line may name one by login and id alone."""
    if not isinstance(value, dict):
        return None
    login = value["login"]
    own = f"{api}/users/{login}"
    bot = str(login).endswith("[bot]")
    about = {"login": login, "id": 0, "node_id": "", "avatar_url": "", "gravatar_id": ""}
    about |= {"url": own, "html_url": f"https://github.com/{login}"}
    about |= {key: own + part for key, part in _USER_PARTS.items()}
    return about | {"type": "Bot" if bot else "User", "site_admin": False} | value


def _label(repository: str, value: object) -> Record:
    given = value if isinstance(value, dict) else {"name": str(value)}
    about = {"id": 0, "node_id": "", "url": f"{repository}/labels/{given['name']}"}
    return about | {"color": "ededed", "default": False, "description": ""} | given


def _milestone(project: str, repository: str, value: object, api: str) -> Record | None:
    """Give a milestone with all its keys; a line may name one by number and title alone."""
    if not isinstance(value, dict):
        return None
    at = f"{repository}/milestones/{value['number']}"
    page = f"https://github.com/{project}/milestone/{value['number']}"
    about: Record = {
        "url": at, "html_url": page, "labels_url": f"{at}/labels", "id": 0, "node_id": "",
        "number": value["number"], "title": "", "description": "", "creator": None,
        "open_issues": 0, "closed_issues": 0, "state": "open", "created_at": None,
        "updated_at": None, "due_on": None, "closed_at": None,
    }  # fmt: skip
    found = about | value
    return found | {"creator": user(found["creator"], api)}


def _pull(given: object, repository: str, page: str, number: int) -> Record:
    about = {
        "url": f"{repository}/pulls/{number}", "html_url": page,
        "diff_url": f"{page}.diff", "patch_url": f"{page}.patch",
    }  # fmt: skip
    return about | (given if isinstance(given, dict) else {})
