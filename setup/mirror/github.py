"""GitHub's REST API for issues and comments, under ``/github``: paging, tokens, limits, errors.

What is left out: everything but reading issues, their comments and the state of one's limit;
``sort`` and ``direction`` know the default order only.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setup.hub.addresses import base
from setup.mirror import tracker
from setup.mirror.limits import Count, Counter, Limits
from setup.mirror.tracker import Project, Record

PREFIX = "/github"
PER_PAGE, MOST = 30, 100  # items on a page: GitHub's default, and the most it gives
LAST = 100_000  # a page beyond it is refused, as GitHub refuses very deep ones
DOCUMENTATION = "https://docs.github.com/rest"
STATES = ("open", "closed", "all")
_TOKENS = ("ghp_", "github_pat_", "gho_", "ghs_")  # how GitHub's tokens begin


class GitHub:
    """The projects that the mirror has, and who has asked how often."""

    def __init__(self, roots: list[Path], limits: Limits | None = None) -> None:
        self.roots = roots
        self.counter = Counter(limits or Limits())

    def project(self, owner: str, name: str) -> Project | None:
        """Find a project in the roots, read anew when its files have changed."""
        for root in self.roots:
            folder = root / tracker.HOST / "repos" / owner / name
            times = tuple(_time(folder / file) for file in (tracker.ISSUES, tracker.COMMENTS))
            found = _project(root, owner, name, times)
            if found is not None:
                return found
        return None


class Refusal(Exception):
    """An answer that is not what was asked for: its status, and what its body says."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, **more, "documentation_url": DOCUMENTATION}
        self.body["status"] = str(status)


def routes() -> list[Route]:
    """Give the API's addresses."""
    return [Route(PREFIX + "/{path:path}", answer), Route(PREFIX, answer)]


def answer(request: Request) -> Response:
    """GET /github/...: what GitHub would say, its headers included."""
    github: GitHub = request.app.state.github
    kind, caller = _caller(request)
    path = request.path_params.get("path", "").strip("/")
    count = github.counter.count(caller, kind == "token", 0 if path == "rate_limit" else 1)
    try:
        if kind == "bad":
            raise Refusal(401, "Bad credentials")
        if count.exceeded and path != "rate_limit":
            raise _exceeded(caller)
        body, links = _found(github, request, path, count)
    except Refusal as refused:
        return _json(refused.body, count, refused.status)
    return _told(request, github, body, links, count, caller, kind)


def _told(
    request: Request,
    github: GitHub,
    body: object,
    links: dict[str, str],
    count: Count,
    caller: str,
    kind: str,
) -> Response:
    """Answer with JSON; what the caller has already costs nothing."""
    made = _json(body, count, 200, links)
    if request.headers.get("if-none-match", "") == made.headers["ETag"]:
        again = github.counter.count(caller, kind == "token", -1)
        kept = {"ETag": made.headers["ETag"], **links, **again.headers}
        return Response(status_code=304, headers=kept)
    return made


def _found(
    github: GitHub, request: Request, path: str, count: Count
) -> tuple[object, dict[str, str]]:
    parts = path.split("/")
    if path == "rate_limit":
        state = {"limit": count.limit, "used": min(count.used, count.limit)}
        state |= {"remaining": count.remaining, "reset": count.reset}
        return {"resources": {"core": state}, "rate": state}, {}
    if len(parts) < 4 or parts[0] != "repos" or parts[3] != "issues":
        raise Refusal(404, "Not Found")
    project = github.project(parts[1], parts[2])
    if project is None:
        raise Refusal(404, "Not Found")
    return _of_project(request, project, parts[4:])


def _of_project(
    request: Request, project: Project, rest: list[str]
) -> tuple[object, dict[str, str]]:
    api = _api(request)
    if not rest:
        rows = _wanted(request, project)
        return _paged(request, [(tracker.issue, project, row) for row in rows], api)
    if rest == ["comments"]:
        every = _comments(project, request.query_params.get("since", ""))
        return _paged(request, [(tracker.comment, project, row) for row in every], api)
    row = project.issue(int(rest[0])) if rest[0].isascii() and rest[0].isdigit() else None
    if row is None:
        raise Refusal(404, "Not Found")
    if rest[1:] == ["comments"]:
        rows = project.comments.get(row["number"], [])
        return _paged(request, [(tracker.comment, project, item) for item in rows], api)
    if rest[1:]:
        raise Refusal(404, "Not Found")
    return tracker.issue(project, row, api), {}


def _wanted(request: Request, project: Project) -> list[Record]:
    query = request.query_params
    state = query.get("state", "open")
    if state not in STATES:
        wrong = {"resource": "Issue", "field": "state", "code": "invalid", "value": state[:50]}
        raise Refusal(422, "Validation Failed", errors=[wrong])
    labels = {label for label in query.get("labels", "").split(",") if label}
    creator, since = query.get("creator"), query.get("since", "")
    return [
        row for row in project.issues
        if state in ("all", row.get("state", "open"))
        and labels <= {_name(label) for label in row.get("labels", [])}
        and (not creator or (row.get("user") or {}).get("login") == creator)
        and str(row.get("updated_at") or row["created_at"]) >= since
    ]  # fmt: skip


def _comments(project: Project, since: str) -> list[Record]:
    """Give the comments on all issues in the order of their ids, changed at ``since`` or later."""
    every = [row for found in project.comments.values() for row in found]
    changed = [row for row in every if str(row.get("updated_at") or row["created_at"]) >= since]
    return sorted(changed, key=lambda row: int(row["id"]))


def _name(label: object) -> str:
    return str(label["name"]) if isinstance(label, dict) else str(label)


def _paged(request: Request, rows: list[Any], api: str) -> tuple[list[Record], dict[str, str]]:
    """Give one page of rows, filled in, and the Link header that leads to the others."""
    page, size = _number(request, "page", 1), _number(request, "per_page", PER_PAGE)
    size = min(size, MOST)
    if page * size > LAST:
        raise Refusal(422, "In order to keep the API fast, very deep pages are not given.")
    last = max(1, -(-len(rows) // size))
    shown = rows[(page - 1) * size : page * size]
    body = [make(project, row, api) for make, project, row in shown]
    links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page <= 1:
        del links["prev"], links["first"]
    if page >= last:
        del links["next"], links["last"]
    address = f"{api}/{request.path_params['path'].strip('/')}"
    told = ", ".join(
        f'<{address}?{_query(request, number)}>; rel="{name}"' for name, number in links.items()
    )
    return body, {"Link": told} if told else {}


def _query(request: Request, page: int) -> str:
    return urlencode({**request.query_params, "page": str(page)})


def _number(request: Request, name: str, default: int) -> int:
    """Read a number as GitHub does: what is none, or below one, counts as the default."""
    text = request.query_params.get(name, "")
    return (
        int(text)
        if text.isascii() and text.isdigit() and 0 < len(text) < 9 and int(text)
        else (default)
    )


def _caller(request: Request) -> tuple[str, str]:
    """Tell who asks: ``token`` or ``address`` and its name; ``bad`` for what is no token."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    address = request.client.host if request.client else "unknown"
    if not scheme:
        return "address", address
    if scheme.lower() not in ("token", "bearer") or not value.strip().startswith(_TOKENS):
        return "bad", address
    return "token", hashlib.sha256(value.strip().encode()).hexdigest()


def _exceeded(caller: str) -> Refusal:
    who = f"user ID {caller[:8]}" if len(caller) == 64 else caller
    hint = "Authenticated requests get a higher rate limit."
    return Refusal(403, f"API rate limit exceeded for {who}. {hint}")


def _json(
    body: object, count: Count, status: int, links: Mapping[str, str] | None = None
) -> Response:
    data = json.dumps(body, ensure_ascii=False).encode()
    headers = {
        "ETag": f'W/"{hashlib.sha256(data).hexdigest()}"',
        "Access-Control-Expose-Headers": "ETag, Link, X-RateLimit-Limit, X-RateLimit-Reset",
        "X-GitHub-Media-Type": "github.v3; format=json",
        **count.headers,
        **(links or {}),
    }
    return Response(data, status, headers, "application/json; charset=utf-8")


def _api(request: Request) -> str:
    return f"{base(request)}{PREFIX}"


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


@lru_cache(maxsize=32)
def _project(root: Path, owner: str, name: str, times: tuple[int, ...]) -> Project | None:
    """Read a project; ``times`` makes a changed file another call."""
    if not times[0] or "/" in owner + name or ".." in owner + name:
        return None
    return tracker.load(root, owner, name)
