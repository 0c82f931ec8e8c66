"""Errors as pages for people; the status and the Hub's headers are those of the API."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from setup.hub.errors import HubError, RepoNotFound
from setup.hub.pages import rendering

_TITLES = {
    400: "This cannot be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Nothing is here",
    405: "Not in this way",
    409: "Something else came first",
    412: "Something else came first",
    413: "Too large",
    507: "The disk is full",
}


def is_for_people(request: Request) -> bool:
    """Tell whether the answer will be read in a browser: it says that it takes HTML."""
    wanted = "text/html" in request.headers.get("accept", "")
    return wanted and not request.scope["path"].startswith("/api/")


def problem(request: Request, error: HubError, headers: Mapping[str, str]) -> Response:
    """Tell an error as a page."""
    message = error.message
    if isinstance(error, RepoNotFound):
        message = "There is no such repository, or it is private and not yours."
    if error.status == 401:
        message = "This page is for people who have signed in."
    title = _TITLES.get(error.status, "The Hub failed")
    answer = rendering.page(
        request, "problem.html", error.status, status=error.status, title=title, message=message
    )
    answer.headers.update(headers)
    return answer
