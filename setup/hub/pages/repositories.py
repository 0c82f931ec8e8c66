"""A repository's first page: its card, what its metadata says, and how to use it."""

from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from setup.hub import cards, weights, widget
from setup.hub.addresses import Place, place
from setup.hub.errors import EntryNotFound
from setup.hub.names import Kind
from setup.hub.pages import frames, listings, prose, snippets
from setup.hub.repository import MAIN


def card(request: Request) -> Response:
    """GET /OWNER/NAME, /datasets/OWNER/NAME, /spaces/OWNER/NAME."""
    where = place(request)
    record = frames.record(where)
    endpoint = str(request.base_url).rstrip("/")
    return frames.page(
        request,
        "card.html",
        where,
        "card",
        card=_card(where, record),
        facts=_facts(where, record),
        snippets=snippets.snippets(where.id, record, endpoint) if record else [],
        widget=widget.form(request, where),
        endpoint=endpoint,
    )


def _card(where: Place, record: dict[str, Any]) -> Markup | None:
    """Render the README; None where there is none."""
    if not record:
        return None
    try:
        entry = where.repository.entry(record["sha"], cards.CARD)
    except EntryNotFound:
        return None
    if entry.folder or entry.pointer:
        return None
    text = where.repository.read(entry).decode("utf-8", "replace")
    return prose.rendered(cards.body(text), frames.base(where.id), MAIN)


def _facts(where: Place, record: dict[str, Any]) -> dict[str, Any]:
    """Sum up what stands beside the card."""
    if not record:
        return {}
    found = {
        "tasks": listings.tasks(record),
        "languages": listings.languages(record),
        "licenses": listings.licenses(record),
        "library": record.get("library_name"),
        "datasets": cards.texts(record["cardData"].get("datasets")),
        "bases": cards.texts(record["cardData"].get("base_model")),
        "tags": cards.texts(record["cardData"].get("tags")),
    }
    return found | _stored(where, record["sha"])


def _stored(where: Place, commit: str) -> dict[str, Any]:
    """What the files tell: their size together, and the parameters of a model's weights."""
    entries = [e for e in where.repository.entries(commit, "", True) if not e.folder]
    found: dict[str, Any] = {"size": sum(entry.size for entry in entries), "parameters": {}}
    pointer = next((e.pointer for e in entries if e.path == weights.FILE), None)
    if pointer and where.id.kind is Kind.MODEL:
        path = where.store.objects.path(pointer.oid)
        found["parameters"] = weights.parameters(path) or {}
    return found
