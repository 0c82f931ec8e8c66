"""The catalog of all repositories: what each one is, and search, filters and order over them.

What is left out: counts of downloads and likes (always 0), gating, and inference providers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from setup.hub import access, cards, paging
from setup.hub.errors import BadRequest, EntryNotFound, NotFound, RevisionNotFound
from setup.hub.names import Kind, RepoId
from setup.hub.repository import MAIN, Repository
from setup.hub.store import Store

LIST_PAGE = 1000  # repositories on a page, as the Hub has it
_KEPT = 10_000  # facts kept in memory, a few kB each
_SORTS = ("lastModified", "createdAt", "downloads", "likes", "trendingScore", "id")
_BRIEF = frozenset({
    "_id", "id", "modelId", "author", "private", "gated", "disabled", "likes", "downloads",
    "trendingScore", "tags", "createdAt", "lastModified", "pipeline_tag", "library_name", "sdk",
})  # fmt: skip
_Record = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What one commit of a repository tells; it never changes, so it is kept."""

    card: cards.Card
    created: str
    modified: str
    files: tuple[str, ...]


def listing(request: Request) -> Response:
    """GET /api/KINDs: repositories by search, author and filters, sorted, page by page."""
    kind = Kind.from_plural(request.path_params["kinds"])
    if kind is None:
        raise NotFound(f"There is no API at {request.url.path}.")
    records = visible(request, kind)
    found = _sorted([item for item in records if _wanted(item, request)], request)
    page = paging.page(request, found, LIST_PAGE)
    return JSONResponse([_listed(item, request) for item in page.items], headers=page.headers)


def describe(repo: RepoId, repository: Repository, commit: str, private: bool = False) -> _Record:
    """Give the JSON that describes a repository at a commit; of its files, the names only."""
    facts = _facts(repository.path, repo.kind, commit)
    record: _Record = {
        "_id": sha1(repo.folder.encode()).hexdigest()[:24],
        "id": str(repo),
        "author": repo.owner,
        "sha": commit,
        "lastModified": facts.modified,
        "createdAt": facts.created,
        "private": private,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "trendingScore": 0,
        "tags": list(facts.card.tags),
        "cardData": facts.card.data,
        "siblings": [{"rfilename": path} for path in facts.files],
    }
    return record | _of_kind(repo, facts)


def narrowed(record: _Record, request: Request) -> _Record:
    """Keep only the properties that ``expand`` names, if it names any."""
    wanted = {*values(request, "expand")}
    if not wanted:
        return record
    return {key: value for key, value in record.items() if key in wanted | {"_id", "id"}}


def moment(date: datetime) -> str:
    """A date in UTC as the Hub writes it: ``2024-01-01T00:00:00.000Z``."""
    return date.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def flag(request: Request, name: str) -> bool:
    """Read a yes-or-no parameter of the query: ``true`` and ``1``, in any case, mean yes."""
    return request.query_params.get(name, "").lower() in ("true", "1")


def values(request: Request, name: str) -> list[str]:
    """Read a parameter that may come several times, as ``name`` or ``name[]``, or with commas."""
    query = request.query_params
    found = [*query.getlist(name), *query.getlist(f"{name}[]")]
    return [word for value in found for word in value.split(",") if word]


def visible(request: Request, kind: Kind) -> Iterable[_Record]:
    """Describe all repositories of a kind that the caller may see."""
    store: Store = request.app.state.store
    for repo in store.ids(kind):
        if not access.may_read(request, repo):
            continue
        repository = store.open(repo)
        try:
            commit = repository.resolve(MAIN)
        except RevisionNotFound:  # nothing has been committed to it yet
            continue
        yield describe(repo, repository, commit, store.is_private(repo))


@lru_cache(maxsize=_KEPT)
def _facts(path: Path, kind: Kind, commit: str) -> Facts:
    repository = Repository(path)
    files = tuple(e.path for e in repository.entries(commit, "", True) if not e.folder)
    history = list(repository.log(commit))
    texts = [_text(repository, commit, name) for name in (cards.CARD, cards.CONFIG)]
    card = cards.read(kind, list(files), *texts)
    return Facts(card, moment(history[-1].date), moment(history[0].date), files)


def _text(repository: Repository, commit: str, path: str) -> str:
    try:
        entry = repository.entry(commit, path)
    except EntryNotFound:
        return ""
    return "" if entry.folder else repository.read(entry).decode("utf-8", "replace")


def _of_kind(repo: RepoId, facts: Facts) -> _Record:
    """The properties that only this kind of repository has."""
    if repo.kind is Kind.SPACE:
        return {"sdk": next(iter(cards.texts(facts.card.data.get("sdk"))), None)}
    if repo.kind is Kind.DATASET:
        return {"description": facts.card.data.get("pretty_name", "")}
    card = facts.card
    found = {"modelId": str(repo), "config": card.config, "spaces": []}
    named = {"pipeline_tag": card.pipeline_tag, "library_name": card.library}
    return found | {key: value for key, value in named.items() if value}


def _listed(record: _Record, request: Request) -> _Record:
    """Cut a description down to what a listing shows, or to what the query asks for."""
    if values(request, "expand"):
        return narrowed(record, request)
    more = {"cardData": flag(request, "cardData"), "config": flag(request, "config")}
    if flag(request, "full"):
        more = dict.fromkeys(("sha", "cardData", "config", "description", "siblings"), True)
    return {key: value for key, value in record.items() if key in _BRIEF or more.get(key)}


def _wanted(record: _Record, request: Request) -> bool:
    query = request.query_params
    name, tags = record["id"].lower(), {tag.lower() for tag in record["tags"]}
    needed = [word.lower() for key in ("filter", "tags") for word in values(request, key)]
    needed += [word.lower() for key in ("library", "pipeline_tag") for word in values(request, key)]
    owner = query.get("author")
    return (
        all(word.lower() in name for text in query.getlist("search") for word in text.split())
        and (not owner or record["author"].lower() == owner.lower())
        and all(word in tags for word in needed)
        and not flag(request, "gated")
        and not query.get("inference_provider")
    )


def _sorted(records: list[_Record], request: Request) -> list[_Record]:
    """Order by the wanted key, largest first as the Hub does; ties stay in the order of ids."""
    key = request.query_params.get("sort")
    if key is None:
        return records
    if key not in _SORTS:
        raise BadRequest(f"sort={key[:50]!r} is unknown; use one of {', '.join(_SORTS)}.")
    ascending = request.query_params.get("direction") == "1"
    return sorted(records, key=lambda item: item[key], reverse=not ascending)
