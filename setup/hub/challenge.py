"""git's way of signing in: it sends a token only when it is asked to."""

from starlette.requests import Request

from setup.hub import access
from setup.hub.addresses import Place, place
from setup.hub.errors import RepoNotFound, Unauthorized

REALM = {"WWW-Authenticate": 'Basic realm="Hub", charset="UTF-8"'}


def git_place(request: Request) -> Place:
    """Open the repository of a git or LFS request.

    Without a token, a repository that is not there and one that is private are both answered by
    asking for one: Unauthorized, which does not tell which of the two it is.
    """
    try:
        return place(request)
    except RepoNotFound as err:
        if access.caller(request) is None:
            raise asked(err.message, RepoNotFound.code) from err
        raise


def asked(message: str, code: str = Unauthorized.code) -> Unauthorized:
    """The error that makes git send its token."""
    return Unauthorized(message, {**REALM, "X-Error-Code": code})
