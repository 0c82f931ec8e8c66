"""Large files for git-lfs: the batch call that says where they are, and the files themselves.

What is left out today: uploads (refused) and locks (answered as unknown, which git-lfs accepts).
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from setup.hub.addresses import Place, place, text
from setup.hub.bodies import json_object
from setup.hub.errors import BadRequest, Forbidden, NotFound
from setup.hub.files import content
from setup.hub.objects import Pointer

MEDIA_TYPE = "application/vnd.git-lfs+json"
MAX_BATCH = 8 << 20  # bytes of a batch request, about 70,000 objects


async def batch(request: Request) -> Response:
    """POST .../info/lfs/objects/batch: a download address for each object that is here."""
    wanted = await json_object(request, MAX_BATCH)
    where = place(request)
    if wanted.get("operation") != "download":
        raise Forbidden(f"This Hub is read only: nothing can be uploaded to {where.id}.")
    base = f"{request.url.scheme}://{request.url.netloc}/{where.id.kind.prefix}{where.id}"
    answer = {
        "transfer": "basic",
        "hash_algo": "sha256",
        "objects": [_answered(where, base, pointer) for pointer in _pointers(wanted)],
    }
    return JSONResponse(answer, media_type=MEDIA_TYPE)


def download(request: Request) -> Response:
    """GET .../info/lfs/objects/OID: one large file, by its SHA-256."""
    where = place(request)
    oid = text(request, "oid")
    path = where.store.objects.path(oid)
    if not path.is_file():
        raise NotFound(f"There is no large file {oid} here.")
    return content(request, path, {"ETag": f'"{oid}"'})


def _answered(where: Place, base: str, pointer: Pointer) -> dict[str, Any]:
    found: dict[str, Any] = {"oid": pointer.oid, "size": pointer.size}
    if not where.store.objects.has(pointer):
        message = f"There is no large file {pointer.oid} of {pointer.size} bytes here."
        return found | {"error": {"code": 404, "message": message}}
    href = f"{base}.git/info/lfs/objects/{pointer.oid}"
    return found | {"authenticated": True, "actions": {"download": {"href": href}}}


def _pointers(wanted: dict[str, Any]) -> list[Pointer]:
    try:
        return [Pointer(str(item["oid"]), int(item["size"])) for item in wanted["objects"]]
    except (KeyError, TypeError, ValueError) as err:
        raise BadRequest(
            'Each object of a batch request needs an oid and a size: {"oid": ..., "size": ...}.'
        ) from err
