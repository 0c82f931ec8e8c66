"""Large files for git-lfs and for the clients: the batch call that says where they go and where
they are, and the files themselves.

An upload's address carries a signature, since the clients send no token with it. What is left
out: uploads in parts, locks (answered as unknown, which git-lfs accepts).
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from setup.hub import access, paging
from setup.hub.addresses import Place, base, identity, text
from setup.hub.bodies import json_object
from setup.hub.catalog import moment
from setup.hub.challenge import git_place
from setup.hub.errors import BadRequest, Forbidden, NotFound
from setup.hub.files import content
from setup.hub.objects import BLOCK, Incoming, Pointer
from setup.hub.repository import MAIN

MEDIA_TYPE = "application/vnd.git-lfs+json"
MAX_BATCH = 8 << 20  # bytes of a batch request, about 70,000 objects
LASTS = 6 * 3600  # seconds that an upload's address is good for
_KEY = secrets.token_bytes(32)  # signs the addresses of uploads while this process runs


async def batch(request: Request) -> Response:
    """POST .../info/lfs/objects/batch: an address for each object, to send it to or get it from."""
    wanted = await json_object(request, MAX_BATCH)
    return await run_in_threadpool(_batch, request, wanted)


def _batch(request: Request, wanted: dict[str, Any]) -> Response:
    where = git_place(request)
    operation = wanted.get("operation")
    if operation not in ("download", "upload"):
        raise BadRequest(f"operation {str(operation)[:50]!r}: use 'download' or 'upload'.")
    if operation == "upload":
        access.contributor(request)  # it may be for a pull request; only a commit shows the file
    answer = _to_upload if operation == "upload" else _to_download
    address = f"{base(request)}/{where.id.kind.prefix}{where.id}.git"
    objects = [answer(where, address, pointer) for pointer in _pointers(wanted)]
    body = {"transfer": "basic", "hash_algo": "sha256", "objects": objects}
    return JSONResponse(body, media_type=MEDIA_TYPE)


def download(request: Request) -> Response:
    """GET .../info/lfs/objects/OID: one large file of this repository, by its SHA-256."""
    where = git_place(request)
    oid = text(request, "oid")
    path = where.store.objects.path(oid)
    if not path.is_file() or not where.repository.holds(Pointer(oid, path.stat().st_size)):
        raise NotFound(f"There is no large file {oid} here.")
    return content(request, path, {"ETag": f'"{oid}"'})


async def upload(request: Request) -> Response:
    """PUT .../info/lfs/objects/OID?size=&until=&key=: the bytes of one large file.

    Memory: two blocks, whatever the file's size; one is hashed and written while the next arrives.
    Nothing is kept of a file that is cut off, or is not the one that was announced.
    """
    pointer = _announced(request)
    with Incoming(request.app.state.store.objects) as incoming:
        async with _Behind(incoming) as behind:
            size, kept = 0, bytearray()
            try:
                async for chunk in request.stream():
                    kept += chunk
                    size += len(chunk)
                    if size > pointer.size:
                        raise BadRequest(f"The upload is longer than {pointer.size} bytes.")
                    if len(kept) >= BLOCK:
                        await behind.write(kept)
                        kept = bytearray()
            except ClientDisconnect as err:
                raise BadRequest("The upload was cut off: send it again.") from err
            await behind.write(kept)
        await run_in_threadpool(_keep, request, incoming, pointer)
    return JSONResponse({})


class _Behind:
    """Writes block after block in a thread, one behind the network."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "_Behind":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for the last block, however the upload ended: its file is closed next."""
        await self._done()

    async def write(self, block: bytearray) -> None:
        """Begin to write a block; raises what went wrong with the one before."""
        await self._done()
        self._running = asyncio.create_task(run_in_threadpool(self._incoming.write, block))

    async def _done(self) -> None:
        if self._running is not None:
            await self._running


def _keep(request: Request, incoming: Incoming, pointer: Pointer) -> None:
    store, repo = request.app.state.store, identity(request)
    incoming.publish(pointer)
    store.open(repo).take(pointer)


async def verify(request: Request) -> Response:
    """POST .../info/lfs/verify {oid, size}: is this object here, whole?"""
    sent = await json_object(request, MAX_BATCH)
    return await run_in_threadpool(_verify, request, sent)


def _verify(request: Request, sent: dict[str, Any]) -> Response:
    where = git_place(request)
    (pointer,) = _pointers({"objects": [sent]})
    if not _has(where, pointer):
        raise NotFound(f"There is no large file {pointer.oid} of {pointer.size} bytes here.")
    return JSONResponse({}, media_type=MEDIA_TYPE)


def listing(request: Request) -> Response:
    """GET /api/KINDs/ID/lfs-files: the large files of main, with the commit that brought each."""
    where = git_place(request)
    access.writer(request, where.id)
    head = where.repository.resolve(MAIN)
    entries = [entry for entry in where.repository.entries(head, "", True) if entry.pointer]
    page = paging.page(request, entries, 1000)
    last = where.repository.last_commits(head, [entry.path for entry in page.items])
    body = [
        {"fileOid": entry.etag, "oid": entry.etag, "filename": entry.path, "size": entry.size,
         "pushedAt": moment(last[entry.path].date), "ref": f"refs/heads/{MAIN}"}
        for entry in page.items
    ]  # fmt: skip
    return JSONResponse(body, headers=page.headers)


def _has(where: Place, pointer: Pointer) -> bool:
    return where.store.objects.has(pointer) and where.repository.holds(pointer)


def _to_download(where: Place, address: str, pointer: Pointer) -> dict[str, Any]:
    found: dict[str, Any] = {"oid": pointer.oid, "size": pointer.size}
    if not _has(where, pointer):
        message = f"There is no large file {pointer.oid} of {pointer.size} bytes here."
        return found | {"error": {"code": 404, "message": message}}
    href = f"{address}/info/lfs/objects/{pointer.oid}"
    return found | {"actions": {"download": {"href": href}}}


def _to_upload(where: Place, address: str, pointer: Pointer) -> dict[str, Any]:
    """Say where to send an object; no actions for one that this repository has.

    What only other repositories have must be sent: knowing a hash is no right to a file.
    """
    found: dict[str, Any] = {"oid": pointer.oid, "size": pointer.size, "authenticated": True}
    where.store.objects.path(pointer.oid)
    if _has(where, pointer):
        return found
    until = int(time.time()) + LASTS
    key = _signature(where.id.folder, pointer, until)
    query = f"size={pointer.size}&until={until}&key={key}"
    href = f"{address}/info/lfs/objects/{pointer.oid}?{query}"
    verify = {"href": f"{address}/info/lfs/verify"}
    return found | {"actions": {"upload": {"href": href}, "verify": verify}}


def _announced(request: Request) -> Pointer:
    """Read the object that an upload's address was made for; raises Forbidden for any other."""
    size = paging.number(request, "size", 0, digits=15)
    until = paging.number(request, "until", 0, digits=15)
    pointer = Pointer(text(request, "oid"), size)
    key = _signature(identity(request).folder, pointer, until)
    if until < time.time() or not hmac.compare_digest(key, request.query_params.get("key", "")):
        raise Forbidden("This address for an upload is not good any more: ask for a new one.")
    length = request.headers.get("content-length")
    if length is not None and length != str(size):
        raise BadRequest(f"The upload announces {length[:20]} bytes, not the {size} of its object.")
    return pointer


def _signature(repository: str, pointer: Pointer, until: int) -> str:
    text = f"{repository}\n{pointer.oid}\n{pointer.size}\n{until}"
    return hmac.new(_KEY, text.encode(), hashlib.sha256).hexdigest()


def _pointers(wanted: dict[str, Any]) -> list[Pointer]:
    try:
        found = [Pointer(str(item["oid"]), int(item["size"])) for item in wanted["objects"]]
    except (KeyError, TypeError, ValueError) as err:
        raise BadRequest(
            'Each object of a batch request needs an oid and a size: {"oid": ..., "size": ...}.'
        ) from err
    negative = next((item for item in found if item.size < 0), None)
    if negative is not None:
        raise BadRequest(f"The size of an object cannot be {negative.size} bytes.")
    return found
