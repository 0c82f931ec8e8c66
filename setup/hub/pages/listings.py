"""The front page, and the lists of models, datasets and spaces: searched, filtered, sorted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from setup.hub import access, catalog, paging, services
from setup.hub.accounts import Accounts
from setup.hub.addresses import text
from setup.hub.errors import NotFound
from setup.hub.names import Kind
from setup.hub.pages import rendering

PAGE = 30  # repositories on a page
NEWEST = 6  # repositories of a kind on the front page
MOST_CHOICES = 12  # links that a filter shows
SORTS = {"modified": "Recently updated", "created": "Recently created", "name": "Name"}
_FILTERS = ("search", "author", "pipeline_tag", "library", "language", "license", "other", "sort")
_Record = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One link of a filter: what it is called, how many repositories it leaves, where it leads."""

    name: str
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """A group of links of which one at a time may be chosen."""

    title: str
    choices: list[Choice]


def front(request: Request) -> Response:
    """GET /: for a browser, what this is and what is new; for a shell, the same as plain text."""
    if not wants_html(request):
        return services.front(request)
    kinds = [(kind, _newest(list(catalog.visible(request, kind)))) for kind in Kind]
    endpoint = str(request.base_url).rstrip("/")
    return rendering.page(request, "front.html", kinds=kinds, endpoint=endpoint)


def wants_html(request: Request) -> bool:
    """Tell whether a browser asks, which says that it takes HTML; tools ask for anything."""
    return "text/html" in request.headers.get("accept", "")


def models(request: Request) -> Response:
    """GET /models."""
    return _listing(request, Kind.MODEL)


def datasets(request: Request) -> Response:
    """GET /datasets."""
    return _listing(request, Kind.DATASET)


def spaces(request: Request) -> Response:
    """GET /spaces."""
    return _listing(request, Kind.SPACE)


def owner(request: Request) -> Response:
    """GET /OWNER: what a person or an organization has published, as far as the caller may see.

    Raises NotFound for a name that nobody has and under which the caller may see nothing.
    """
    name = text(request, "owner")
    groups = [(kind, _newest(_owned(request, kind, name), None)) for kind in Kind]
    accounts = rendering.accounts(request)
    members = _members(accounts, name)
    if not (members or accounts.exists(name) or any(found for _, found in groups)):
        raise NotFound(f"Nothing is found at /{name[:96]}.")
    mine = access.belongs(request, access.caller(request), name)
    return rendering.page(
        request, "owner.html", owner=name, groups=groups, members=members, mine=mine
    )


def _members(accounts: Accounts, name: str) -> list[str]:
    try:
        return accounts.members(name)
    except NotFound:  # a person
        return []


def _owned(request: Request, kind: Kind, name: str) -> list[_Record]:
    return [record for record in catalog.visible(request, kind) if record["author"] == name]


def _listing(request: Request, kind: Kind) -> Response:
    sent = {name: request.query_params.get(name, "") for name in _FILTERS}
    everything = list(catalog.visible(request, kind))
    found = [record for record in everything if _wanted(record, sent)]
    found = _sorted(found, sent["sort"])
    number = max(1, paging.number(request, "p", 1))
    pages = max(1, -(-len(found) // PAGE))
    shown = found[(number - 1) * PAGE : number * PAGE]
    return rendering.page(
        request,
        "listing.html",
        kind=kind,
        sent=sent,
        records=shown,
        total=len(found),
        filters=_filters(kind, everything, sent),
        sorts=SORTS,
        number=number,
        pages=pages,
    )


def _newest(records: list[_Record], count: int | None = NEWEST) -> list[_Record]:
    return _sorted(records, "modified")[:count]


def _sorted(records: list[_Record], key: str) -> list[_Record]:
    if key == "name":
        return sorted(records, key=lambda record: str(record["id"]).lower())
    by = "createdAt" if key == "created" else "lastModified"
    return sorted(records, key=lambda record: str(record[by]), reverse=True)


def _wanted(record: _Record, sent: dict[str, str]) -> bool:
    """Tell whether a repository passes the search and every chosen filter."""
    tags = {str(tag).lower() for tag in record["tags"]}
    name = str(record["id"]).lower()
    needed = [sent[key].lower() for key in ("library", "other") if sent[key]]
    return (
        all(word in name for word in sent["search"].lower().split())
        and (not sent["author"] or str(record["author"]).lower() == sent["author"].lower())
        and all(word in tags for word in needed)
        and (not sent["pipeline_tag"] or sent["pipeline_tag"] in tasks(record))
        and (not sent["language"] or sent["language"] in languages(record))
        and (not sent["license"] or f"license:{sent['license'].lower()}" in tags)
    )


def tasks(record: _Record) -> list[str]:
    """Give the tasks that a repository is for."""
    named = [record["pipeline_tag"]] if record.get("pipeline_tag") else []
    return named + _prefixed(record, "task_categories:")


def languages(record: _Record) -> list[str]:
    """Give the languages that a card names."""
    found = record["cardData"].get("language")
    found = found if isinstance(found, list) else [found] if found else []
    return [str(item) for item in found]


def licenses(record: _Record) -> list[str]:
    """Give the licences that a card names."""
    return _prefixed(record, "license:")


def _prefixed(record: _Record, prefix: str) -> list[str]:
    return [str(tag)[len(prefix) :] for tag in record["tags"] if str(tag).startswith(prefix)]


def _libraries(record: _Record) -> list[str]:
    return [record["library_name"]] if record.get("library_name") else []


def _filters(kind: Kind, records: list[_Record], sent: dict[str, str]) -> list[Filter]:
    """Make the filters; each counts what the others leave, so no number promises too much."""
    wanted: list[tuple[str, str, Callable[[_Record], list[str]]]] = [
        ("Tasks", "pipeline_tag", tasks),
        ("Libraries", "library", _libraries),
        ("Languages", "language", languages),
        ("Licenses", "license", licenses),
    ]
    found = []
    for title, key, values in wanted:
        others = {**sent, key: ""}
        counts = Counter(v for r in records if _wanted(r, others) for v in dict.fromkeys(values(r)))
        choices = _choices(kind, counts, sent, key)
        if choices:
            found.append(Filter(title, choices))
    return found


def _choices(kind: Kind, counts: Counter[str], sent: dict[str, str], key: str) -> list[Choice]:
    names = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    shown = names[:MOST_CHOICES]
    if sent[key] and sent[key] not in shown:
        shown.append(sent[key])
    found = []
    for name in shown:
        chosen = name == sent[key]
        to = f"/{kind.plural}" + rendering.query(sent, **{key: None if chosen else name})
        found.append(Choice(name, counts[name], to, chosen))
    return found
