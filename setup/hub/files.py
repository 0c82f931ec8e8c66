"""Files of a repository over HTTP: whole, in part, or only their headers."""

import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from setup.hub import ranges
from setup.hub.addresses import Spot, spot
from setup.hub.errors import EntryNotFound
from setup.hub.objects import BLOCK
from setup.hub.repository import Entry

_SAFE_TYPES = ("image/", "audio/", "video/")
_FIRST = 1 << 16  # bytes; each block after the first is twice as long, up to BLOCK


def resolve(request: Request) -> Response:
    """GET or HEAD .../resolve/REVISION/PATH: the file's content, large files included."""
    where = spot(request)
    entry = _file(where)
    large = _large_file(where, entry) if entry.pointer else None
    return content(request, large or where.repository.read(entry), _headers(where, entry))


def raw(request: Request) -> Response:
    """GET .../raw/REVISION/PATH: what git stores, so the pointer of a large file."""
    where = spot(request)
    entry = _file(where)
    headers = _headers(where, Entry(entry.path, entry.oid))
    return content(request, where.repository.read(entry), headers)


def content(request: Request, source: bytes | Path, headers: Mapping[str, str]) -> Response:
    """Answer with bytes or with a file, honouring Range, If-None-Match and HEAD.

    ``headers`` must hold the ETag. Memory: one block for a file, whatever its size.
    """
    if _matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=dict(headers))
    total = len(source) if isinstance(source, bytes) else source.stat().st_size
    span = ranges.requested(_range_header(request, headers["ETag"]), total)
    sent = {**headers, "Accept-Ranges": "bytes"}
    if span:
        sent["Content-Range"] = span.content_range
    span = span or ranges.Span(0, total, total)
    sent["Content-Length"] = str(span.length)
    status = 206 if "Content-Range" in sent else 200
    media_type = _media_type(request.scope["path"], source)
    if request.method == "HEAD":
        return Response(status_code=status, headers=sent, media_type=media_type)
    if isinstance(source, bytes):
        return Response(source[span.start : span.stop], status, sent, media_type)
    return StreamingResponse(_blocks(source, span), status, sent, media_type)


def _blocks(path: Path, span: ranges.Span) -> Iterator[bytes]:
    """Read a part of a file, one block in memory at a time; a thread of the server's turns it.

    The first blocks are short: clients that ask whether a file exists by a whole GET and leave
    after its headers (fsspec's HTTP file system does) shall not be sent a megabyte for nothing.
    """
    left, size = span.length, _FIRST
    with path.open("rb") as stream:
        stream.seek(span.start)
        while left > 0:
            block = stream.read(min(size, left))
            if not block:
                raise OSError(f"{path} ended {left} bytes early.")
            left, size = left - len(block), min(2 * size, BLOCK)
            yield block


def _file(where: Spot) -> Entry:
    entry = where.repository.entry(where.commit, where.path)
    if entry.folder:
        raise EntryNotFound(
            f"Entry not found: {where.path or '/'} is a folder, not a file.",
            {"X-Repo-Commit": where.commit},
        )
    return entry


def _large_file(where: Spot, entry: Entry) -> Path:
    assert entry.pointer is not None  # the caller asked only because there is one
    if not where.repository.holds(entry.pointer) or not where.store.objects.has(entry.pointer):
        raise EntryNotFound(
            f"Entry not found: the content of {where.path} was never uploaded "
            f"(large file {entry.pointer.oid}).",
            {"X-Repo-Commit": where.commit},
        )
    return where.store.objects.path(entry.pointer.oid)


def _headers(where: Spot, entry: Entry) -> dict[str, str]:
    name = quote(where.path.rpartition("/")[2])
    headers = {
        "ETag": f'"{entry.etag}"',
        "X-Repo-Commit": where.commit,
        "Content-Disposition": f"inline; filename*=UTF-8''{name}; filename=\"{name}\";",
        "X-Content-Type-Options": "nosniff",
    }
    if entry.pointer:
        headers["X-Linked-Size"] = str(entry.pointer.size)
        headers["X-Linked-Etag"] = f'"{entry.pointer.oid}"'
    return headers


def _matches(header: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")] if header else []
    return etag in tags or "*" in tags


def _range_header(request: Request, etag: str) -> str | None:
    """The Range header, unless If-Range says that the client's part is of another file."""
    condition = request.headers.get("if-range")
    return request.headers.get("range") if condition in (None, etag) else None


def _media_type(path: str, source: bytes | Path) -> str:
    """A type that no browser will run: pages that people upload must not act as the Hub's own."""
    guess = mimetypes.guess_type(path)[0] or ""
    if guess.startswith(_SAFE_TYPES) and guess != "image/svg+xml":
        return guess
    is_text = isinstance(source, bytes) and b"\0" not in source[:8000]
    return "text/plain; charset=utf-8" if is_text else "application/octet-stream"
