"""Request bodies that are read into memory: only ever up to a limit."""

import json
from typing import Any

from starlette.requests import Request

from setup.hub import access
from setup.hub.errors import BadRequest, TooLarge


async def bounded_body(request: Request, limit: int) -> bytes:
    """Read a request's body; raises TooLarge when it is longer than ``limit`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"The request's body is longer than {limit} bytes.")
    return bytes(body)


async def json_object(request: Request, limit: int, empty: bool = False) -> dict[str, Any]:
    """Read a JSON object; raises BadRequest for anything else, TooLarge beyond the limit.

    With ``empty``, no body at all stands for an empty object.
    """
    body = await bounded_body(request, limit)
    if empty and not body.strip():
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise BadRequest(f"The request's body is not JSON: {err}.") from err
    if not isinstance(value, dict):
        raise BadRequest(f"The request's body must be a JSON object, not {body[:80]!r}.")
    return value


async def signed_object(request: Request, limit: int, empty: bool = False) -> dict[str, Any]:
    """Read a JSON object from a caller with a token; Unauthorized before anything is read."""
    access.known(request)
    return await json_object(request, limit, empty)
