"""Listings cut into pages, joined by the Link header that the clients follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.requests import Request

from setup.hub.errors import BadRequest

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a listing and the headers that lead to the next ones."""

    items: list[Item]
    headers: dict[str, str]


def page(request: Request, items: Sequence[Item], size: int) -> Page[Item]:
    """Cut out the page that the request asks for by ``limit`` and ``cursor``.

    ``limit`` may make a page smaller than ``size``, never larger.
    """
    size = min(number(request, "limit", size), size)
    start = number(request, "cursor", 0)
    if size < 1:
        raise BadRequest(f"limit={size}: a page holds at least one item.")
    stop = start + size
    headers = {}
    if stop < len(items):
        following = request.url.include_query_params(cursor=stop)
        headers["Link"] = f'<{following}>; rel="next"'
    return Page(list(items[start:stop]), headers)


def number(request: Request, name: str, default: int, digits: int = 9) -> int:
    """Read a whole number of at most so many digits from the query; BadRequest for others."""
    value = request.query_params.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > digits:
        raise BadRequest(f"{name}={value[:50]!r} is not a whole number.")
    return int(value)
