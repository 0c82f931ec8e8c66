"""The addresses of the pages."""

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from setup.hub.names import Kind
from setup.hub.pages import (
    creation,
    editing,
    histories,
    listings,
    rendering,
    repositories,
    sessions,
    settings,
    talks,
    trees,
    uploads,
)  # fmt: skip
from setup.hub.pages.forms import posted


class Static(StaticFiles):
    """The stylesheet, the script and the mark; a browser asks each time whether they changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file and the headers that all of the Hub's have."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "no-cache"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def routes() -> list[BaseRoute]:
    """Give all addresses of the pages; they must come after those of the API."""
    found = [*_lists(), *_people()]
    for prefix in ("/datasets", "/spaces", ""):
        base = prefix + "/{owner}/{name}"
        found += [*_reading(base), *_writing(base), *_settings(base), *_talking(base)]
    return [*found, Route("/{owner}", listings.owner)]


def _lists() -> list[BaseRoute]:
    return [
        Route("/", listings.front),
        Route("/models", listings.models),
        Route("/datasets", listings.datasets),
        Route("/spaces", listings.spaces),
        Mount("/static", Static(directory=rendering.FOLDER / "static")),
        Route("/new", creation.page(Kind.MODEL)),
        Route("/new", creation.create(Kind.MODEL), methods=["POST"]),
        Route("/new-dataset", creation.page(Kind.DATASET)),
        Route("/new-dataset", creation.create(Kind.DATASET), methods=["POST"]),
    ]


def _people() -> list[BaseRoute]:
    return [
        Route("/login", sessions.login),
        Route("/login", posted(sessions.sign_in), methods=["POST"]),
        Route("/logout", posted(sessions.sign_out), methods=["POST"]),
        Route("/join", sessions.join),
        Route("/join", posted(sessions.sign_up), methods=["POST"]),
        Route("/settings/tokens", sessions.tokens),
        Route("/settings/tokens", posted(sessions.make_token), methods=["POST"]),
        Route("/settings/tokens/revoke", posted(sessions.revoke_token), methods=["POST"]),
        Route("/oauth/device", sessions.device),
        Route("/oauth/device/answer", posted(sessions.answer_device), methods=["POST"]),
    ]


def _reading(base: str) -> list[BaseRoute]:
    return [
        Route(base, repositories.card),
        Route(base + "/tree", trees.root),
        Route(base + "/tree/{revision}", trees.tree),
        Route(base + "/tree/{revision}/{path:path}", trees.tree),
        Route(base + "/blob/{revision}/{path:path}", trees.blob),
        Route(base + "/commits/{revision}", histories.commits),
        Route(base + "/commit/{revision}", histories.commit),
    ]


def _writing(base: str) -> list[BaseRoute]:
    one = "/{branch}/{path:path}"
    return [
        Route(base + "/new/{branch}", editing.new),
        Route(base + "/new/{branch}", posted(editing.save), methods=["POST"]),
        Route(base + "/edit" + one, editing.edit),
        Route(base + "/edit" + one, posted(editing.save), methods=["POST"]),
        Route(base + "/delete" + one, editing.ask_delete),
        Route(base + "/delete" + one, posted(editing.delete), methods=["POST"]),
        Route(base + "/upload/{branch}", uploads.page),
        Route(base + "/upload/{branch}", uploads.upload, methods=["POST"]),
    ]


def _settings(base: str) -> list[BaseRoute]:
    return [
        Route(base + "/settings", settings.page),
        Route(base + "/settings/visibility", posted(settings.set_visibility), methods=["POST"]),
        Route(base + "/settings/move", posted(settings.move), methods=["POST"]),
        Route(base + "/settings/delete", posted(settings.delete), methods=["POST"]),
    ]


def _talking(base: str) -> list[BaseRoute]:
    every, one = base + "/discussions", base + "/discussions/{number}"
    return [
        Route(every, talks.listing),
        Route(every, posted(talks.begin), methods=["POST"]),
        Route(base + "/discussions/new", talks.new),
        Route(one, talks.shown),
        Route(one + "/{action}", posted(talks.act), methods=["POST"]),
    ]
