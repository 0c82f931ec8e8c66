"""The addresses of the pages."""

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from setup.hub.pages import histories, listings, rendering, repositories, trees


def routes() -> list[BaseRoute]:
    """Give all addresses of the pages; they must come after those of the API."""
    return [*_own_addresses(), *_repositories(), Route("/{owner}", listings.owner)]


def _own_addresses() -> list[BaseRoute]:
    """The addresses that are no repository's."""
    return [
        Route("/", listings.front),
        Route("/models", listings.models),
        Route("/datasets", listings.datasets),
        Route("/spaces", listings.spaces),
        Mount("/static", StaticFiles(directory=rendering.FOLDER / "static")),
    ]


def _repositories() -> list[BaseRoute]:
    found: list[BaseRoute] = []
    for prefix in ("/datasets", "/spaces", ""):
        base = prefix + "/{owner}/{name}"
        found += [
            Route(base, repositories.card),
            Route(base + "/tree", trees.root),
            Route(base + "/tree/{revision}", trees.tree),
            Route(base + "/tree/{revision}/{path:path}", trees.tree),
            Route(base + "/blob/{revision}/{path:path}", trees.blob),
            Route(base + "/commits/{revision}", histories.commits),
            Route(base + "/commit/{revision}", histories.commit),
        ]
    return found
