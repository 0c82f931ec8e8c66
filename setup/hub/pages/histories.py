"""History: the commits of a branch, and what one commit changed."""

from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from setup.hub import paging
from setup.hub.addresses import spot
from setup.hub.pages import differences, frames, rendering, trees

PAGE = 50  # commits on a page


def commits(request: Request) -> Response:
    """GET .../commits/REVISION."""
    where = spot(request)
    number = max(1, paging.number(request, "p", 1))
    first = (number - 1) * PAGE
    found = list(islice(where.repository.log(where.commit), first, first + PAGE + 1))
    return frames.page(
        request, "commits.html", where, "files",
        where=where, revision=rendering.revision_part(where.revision), commits=found[:PAGE],
        more=len(found) > PAGE, number=number, branches=trees.branches(where.repository),
        tags=[item.name for item in where.repository.references("refs/tags/")],
    )  # fmt: skip


def commit(request: Request) -> Response:
    """GET .../commit/REVISION: what it changed against its first parent."""
    where = spot(request)
    return frames.page(
        request, "commit.html", where, "files",
        where=where, commit=where.repository.commit_info(where.commit),
        difference=differences.difference(where.repository, where.commit),
    )  # fmt: skip
