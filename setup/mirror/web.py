"""Files of other web servers under this one: ``/web/HOST/PATH`` for ``https://HOST/PATH``.

A folder ``ROOT/HOST/PATH`` holds them as they are published, packed files included. Answers carry
what download libraries ask for: length, ETag, date, type, and parts of a file (Range).
"""

import mimetypes
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from setup.hub.errors import BadRequest, NotFound
from setup.hub.files import content
from setup.hub.names import file_path

PREFIX = "/web/"
RAW = "raw.githubusercontent.com"
# What no system's table of types may be trusted to know.
_TYPES = {
    ".jsonl": "application/jsonl", ".zst": "application/zstd", ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet", ".gz": "application/gzip",
    ".zip": "application/zip", ".json": "application/json", ".csv": "text/csv",
}  # fmt: skip


class Web:
    """A folder of mirrored files, searched in several roots: the first that has a file gives it."""

    def __init__(self, roots: list[Path]) -> None:
        """Take the folders; an instructor's own files come before the classroom's."""
        self.roots = [root.resolve() for root in roots]

    def find(self, address: str) -> Path:
        """Give the file of ``HOST/PATH``; raises BadRequest for a bad path, NotFound for none."""
        for root in self.roots:
            path = root / file_path(address)
            if path.is_file() and path.resolve().is_relative_to(root):
                return path
        raise NotFound(f"The mirror has no copy of https://{address}.")


def routes() -> list[Route]:
    """Give the mirror's addresses."""
    return [Route(PREFIX + "{address:path}", answer)]


def answer(request: Request) -> Response:
    """GET or HEAD /web/HOST/PATH: the file, whole or in part, or the host's redirect."""
    web: Web = request.app.state.web
    address = _address(request)
    target = moved(address)
    if target is not None:
        return RedirectResponse(PREFIX + target, 302)
    path = web.find(address)
    status = path.stat()
    headers = {
        "ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"',
        "Last-Modified": formatdate(status.st_mtime, usegmt=True),
        "Cache-Control": "max-age=300",
        "X-Content-Type-Options": "nosniff",
    }
    found = content(request, path, headers)
    found.headers["Content-Type"] = media_type(path.name)
    return found


def moved(address: str) -> str | None:
    """Give where a host sends a browser on to, or None.

    GitHub keeps the files of a repository on a host of their own.

    >>> moved("github.com/crux82/squad-it/raw/master/SQuAD_it-train.json.gz")
    'raw.githubusercontent.com/crux82/squad-it/master/SQuAD_it-train.json.gz'
    """
    parts = address.split("/")
    if len(parts) > 5 and parts[0] == "github.com" and parts[3] == "raw":
        return "/".join([RAW, parts[1], parts[2], *parts[4:]])
    return None


def media_type(name: str) -> str:
    """Give the type that a file's name stands for; packed files are what packs them.

    >>> media_type("SQuAD_it-train.json.gz"), media_type("a.txt"), media_type("LICENSE")
    ('application/gzip', 'text/plain; charset=utf-8', 'application/octet-stream')
    """
    known = _TYPES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]
    found = known or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def _address(request: Request) -> str:
    raw = request.path_params["address"]
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError as err:
        raise BadRequest(f"The address {raw[:200]!r} is not valid UTF-8.") from err
