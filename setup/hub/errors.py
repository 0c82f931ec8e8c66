"""The one family of errors that the local Hub answers with.

Every error carries the HTTP status and the short code that the released clients read from the
``X-Error-Code`` header. The store raises the same family, so no layer has to translate.
What is left out: the codes of gated, disabled and rate-limited repositories, which a local Hub
does not have.
"""

from collections.abc import Mapping
from typing import Any


class HubError(Exception):
    """An error with a status, a code and a message that names the offending value."""

    status = 500
    code = "InternalError"

    def __init__(
        self,
        message: str,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})
        self.body = {"error": message, **(body or {})}


class BadRequest(HubError):
    """The request itself is malformed: a bad name, path, parameter or body (400)."""

    status = 400
    code = "BadRequest"


class Unauthorized(HubError):
    """The request needs a token, or carries one that is not known here (401)."""

    status = 401
    code = "Unauthorized"


class Forbidden(HubError):
    """The caller is known but may not do this (403)."""

    status = 403
    code = "Forbidden"


class NotFound(HubError):
    """Nothing answers at this address (404)."""

    status = 404
    code = "NotFound"


class RepoNotFound(NotFound):
    """No such model, dataset or space, or none that the caller may see (404)."""

    code = "RepoNotFound"


class RevisionNotFound(NotFound):
    """The repository has no such branch, tag or commit (404)."""

    code = "RevisionNotFound"


class EntryNotFound(NotFound):
    """The revision has no such file or folder (404)."""

    code = "EntryNotFound"


class MethodNotAllowed(HubError):
    """The address exists, but not for this method (405)."""

    status = 405
    code = "MethodNotAllowed"


class Conflict(HubError):
    """What should be made is there already, or another change came first (409)."""

    status = 409
    code = "Conflict"


class PreconditionFailed(HubError):
    """The branch has moved on since the commit that the caller builds on (412)."""

    status = 412
    code = "PreconditionFailed"


class TooLarge(HubError):
    """The request's body is longer than the Hub reads (413)."""

    status = 413
    code = "PayloadTooLarge"


class RangeNotSatisfiable(HubError):
    """The requested bytes start beyond the end of the file (416)."""

    status = 416
    code = "RangeNotSatisfiable"


class NoSpace(HubError):
    """The disk is full; nothing of the request was kept (507)."""

    status = 507
    code = "InsufficientStorage"


class HubStartError(Exception):
    """The Hub cannot start; the message names the cause and the remedy. Never sent to a client."""
