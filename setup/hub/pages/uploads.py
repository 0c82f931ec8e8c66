"""Files from the person's machine, uploaded in the browser: one commit for all of them."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from setup.hub.changes import Add
from setup.hub.errors import BadRequest, Conflict, HubError, PreconditionFailed, TooLarge
from setup.hub.names import file_path
from setup.hub.objects import BLOCK
from setup.hub.pages import editing, forms, frames, landing, rendering
from setup.hub.pages.editing import Desk
from setup.hub.pages.forms import Form


def page(request: Request) -> Response:
    """GET .../upload/BRANCH."""
    return _form(request, editing.desk(request), {})


def upload(request: Request, sent: Form, files: list[UploadFile]) -> Response:
    """POST .../upload/BRANCH: large files go beside git, small ones into it."""
    at = editing.desk(request)
    try:
        changes = [_change(at, sent, item) for item in files]
        if not changes:
            raise BadRequest("Choose at least one file.")
        title = sent.get("title", "").strip() or _title([change.path for change in changes])
        description = sent.get("description", "").replace("\r\n", "\n")
        landing.commit(at.where, at.branch, changes, title, description, at.account, {})
    except (BadRequest, Conflict, PreconditionFailed, TooLarge) as err:
        return _form(request, at, sent, err)
    return rendering.redirect(f"{at.base}/tree/{at.part}")


upload_endpoint = forms.uploaded(editing.desk, upload)


def _change(at: Desk, sent: Form, item: UploadFile) -> Add:
    folder = sent.get("folder", "").strip().strip("/")
    name = (item.filename or "").replace("\\", "/").rpartition("/")[2]
    path = file_path(f"{folder}/{name}" if folder else name)
    size = item.file.seek(0, os.SEEK_END)
    item.file.seek(0)
    if landing.is_large(at.where, at.branch, path, size):
        return landing.large(at.where, path, _blocks(item.file))
    return Add(path, item.file.read())


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    yield from iter(lambda: stream.read(BLOCK), b"")


def _title(paths: list[str]) -> str:
    return f"Upload {paths[0]}" if len(paths) == 1 else f"Upload {len(paths)} files"


def _form(request: Request, at: Desk, sent: Form, err: HubError | None = None) -> Response:
    status, problem = (err.status, err.message) if err else (200, "")
    return frames.page(
        request, "upload.html", at.where, "files", status, at=at, sent=sent, problem=problem
    )
