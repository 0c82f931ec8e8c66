"""The dataset viewer: the first rows of a split as a table, with the features in its head.

Files are read in a worker process, so that a broken or hostile one can do no harm here.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setup.hub import catalog, splits
from setup.hub.addresses import Place, place, text
from setup.hub.errors import EntryNotFound, NotFound, RevisionNotFound
from setup.hub.names import Kind
from setup.hub.pages import frames
from setup.hub.repository import MAIN
from setup.hub.workers import Busy, Failed, Limits, Worker

MODULE = "setup.hub.samples"
LIMITS = Limits(seconds=15, memory=1 << 30)
ROWS = 100
MOST_FILES = 50  # of a split: more are never needed for 100 rows, unless they are empty
_SETTINGS = ("sep", "delimiter", "field")
Cells = tuple[str | None, ...]


@dataclass(frozen=True)
class Tab:
    """A link to a configuration or a split."""

    name: str
    address: str
    current: bool


@dataclass(frozen=True)
class Column:
    """A column's name and its feature type, as in ``int64`` or ``ClassLabel: no, yes``."""

    name: str
    type: str


@dataclass(frozen=True)
class View:
    """What the viewer shows: tabs, and a table or the reason why there is none."""

    configurations: tuple[Tab, ...] = ()
    splits: tuple[Tab, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[Cells, ...] = ()
    count: int | None = None  # rows of the whole split, where counting is cheap
    left_out: int = 0  # columns that are not shown
    problem: str = ""


@dataclass(frozen=True)
class _Plan:
    """The tabs, and the worker's question."""

    view: View
    question: Mapping[str, Any]


class Viewer:
    """The worker that reads the files of datasets."""

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        self.worker = Worker(MODULE, limits, folder)

    def close(self) -> None:
        """End the worker."""
        self.worker.close()


def routes() -> list[Route]:
    """The viewer's addresses: ``/datasets/OWNER/NAME/viewer[/CONFIGURATION[/SPLIT]]``."""
    base = "/datasets/{owner}/{name}/viewer"
    ends = ("", "/{configuration}", "/{configuration}/{split}")
    return [Route(base + end, shown) for end in ends]


async def shown(request: Request) -> Response:
    """GET /datasets/ID/viewer...: the first rows of a split."""
    where = await run_in_threadpool(place, request)
    found = await view(request, where, text(request, "configuration"), text(request, "split"))
    return frames.page(request, "viewer_page.html", where, "viewer", viewer=found)


async def view(request: Request, where: Place, configuration: str = "", split: str = "") -> View:
    """Give a dataset's viewer for its page; without names, the first split of the default.

    Raises NotFound when the dataset has no such configuration or split.
    """
    plan = await run_in_threadpool(_plan, where, configuration, split)
    if plan.view.problem:
        return plan.view
    viewer: Viewer = request.app.state.viewer
    try:
        answer = await asyncio.wrap_future(viewer.worker.ask(plan.question))
    except (Busy, Failed) as err:
        return replace(plan.view, problem=err.message)
    return replace(
        plan.view,
        columns=tuple(Column(item["name"], item["type"]) for item in answer["columns"]),
        rows=tuple(tuple(row) for row in answer["rows"]),
        count=answer["count"],
        left_out=answer["left_out"],
    )


def _plan(where: Place, configuration: str, split: str) -> _Plan:
    """Find the files of a split."""
    try:
        record = catalog.describe(where.id, where.repository, where.repository.resolve(MAIN))
    except RevisionNotFound:
        return _Plan(View(problem="There is nothing in this dataset yet."), {})
    card = record["cardData"]
    known = splits.names(card)
    chosen = configuration or known[0]
    tabs = tuple(_tab(where, chosen, name) for name in known)
    paths = [item["rfilename"] for item in record["siblings"]]
    try:
        found = splits.configuration(paths, card, chosen)
    except splits.Unclear as err:
        return _Plan(View(tabs, problem=f"The card cannot be followed: {err}"), {})
    if found is None or split not in ("", *found.splits):
        raise NotFound(f"The dataset {where.id} has no such configuration or split.")
    if not found.splits:
        return _Plan(View(tabs, problem="No file here is in a format that this viewer reads."), {})
    at = split or next(iter(found.splits))
    parts = tuple(_tab(where, at, name, chosen) for name in found.splits)
    settings = _settings(found, card)
    try:
        files = [_file(where, record["sha"], path) for path in found.splits[at][:MOST_FILES]]
    except EntryNotFound as err:
        return _Plan(View(tabs, parts, problem=err.message), {})
    return _Plan(View(tabs, parts), {"files": files, "rows": ROWS, "settings": settings})


def _tab(where: Place, current: str, name: str, before: str = "") -> Tab:
    words = [quote(word, safe="") for word in (before, name) if word]
    address = f"/{Kind.DATASET.prefix}{where.id}/viewer/{'/'.join(words)}"
    return Tab(name, address, name == current)


def _settings(found: splits.Configuration, card: Mapping[str, Any]) -> dict[str, Any]:
    """What the card says of how a configuration is read, and of its features."""
    kept = {key: found.settings[key] for key in _SETTINGS if key in found.settings}
    told = card.get("dataset_info")
    items = told if isinstance(told, list) else [told]
    about = [item for item in items if isinstance(item, dict)]
    mine = [item for item in about if item.get("config_name", splits.DEFAULT) == found.name]
    features = found.settings.get("features") or (mine[0].get("features") if mine else None)
    return {**kept, "features": features}


def _file(where: Place, commit: str, path: str) -> dict[str, Any]:
    """Tell the worker where a file's bytes lie."""
    entry = where.repository.entry(commit, path)
    told = {"name": path, "format": splits.FORMATS[splits.ending(path)], "size": entry.size}
    if entry.pointer is None:
        return told | {"repository": str(where.repository.path), "blob": entry.oid}
    if not where.store.objects.has(entry.pointer):
        raise EntryNotFound(f"The content of {path} has not been uploaded.")
    return told | {"object": str(where.store.objects.path(entry.pointer.oid))}
