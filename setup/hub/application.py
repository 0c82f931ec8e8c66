"""The application: which function answers at which address, and how errors are told."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pygit2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from setup.hub import (
    access,
    administration,
    catalog,
    commits,
    discussions,
    errors,
    files,
    git,
    information,
    lfs,
    services,
    signing,
    viewer,
    widget,
)
from setup.hub.accounts import Accounts
from setup.hub.addresses import Addressing, kind_and_rest
from setup.hub.disk import NO_ROOM
from setup.hub.names import repo_id
from setup.hub.pages import problems, routing
from setup.hub.store import Store
from setup.mirror import github, web
from setup.mirror.limits import Limits

ALMOST_FULL = 16 << 20  # bytes; a commit of small files may need as much
_API = "/api/{kinds}/{owner}/{name}"


def create(
    store: Store,
    sign_up: bool = False,
    mirrored: Sequence[Path] = (),
    limits: Limits | None = None,
) -> Starlette:
    """Build the application over an open store; ``sign_up`` lets people make accounts.

    ``mirrored`` are folders with files of other web servers, the first that has a file gives it;
    ``limits`` are those of GitHub's API among them.
    """
    app = Starlette(
        routes=[
            *_api_routes(),
            *web.routes(),
            *github.routes(),
            *_web_routes(),
            *viewer.routes(),
            *routing.routes(),  # late, for /OWNER/NAME fits what came before too
            *widget.routes(),  # after /datasets/OWNER/NAME, for a dataset may be called try
        ],
        middleware=[Middleware(Addressing, store=store)],
        exception_handlers={
            errors.HubError: _told,
            HTTPException: _translated,
            OSError: _disk,
            pygit2.GitError: _disk,
            Exception: _unexpected,
        },
    )
    app.router.redirect_slashes = False
    app.state.store = store
    app.state.accounts = Accounts(store.root, lambda name: name.lower() in store.owners(), sign_up)
    app.state.devices = signing.Devices()
    app.state.viewer = viewer.Viewer(store.root / "viewer")
    app.state.widget = widget.Widget(store.root / "widget")
    app.state.web = web.Web(list(mirrored))
    app.state.github = github.GitHub(list(mirrored), limits)
    git.install_hooks(store.root)
    return app


def close(app: Starlette) -> None:
    """End the processes that the application has started."""
    app.state.viewer.close()
    app.state.widget.close()


def _api_routes() -> list[Route]:
    return [
        Route("/api/health", services.health),
        Route("/api/whoami-v2", services.whoami),
        Route("/api/validate-yaml", services.validate_yaml, methods=["POST"]),
        Route("/oauth/device", signing.device, methods=["POST"]),
        Route("/oauth/token", signing.token, methods=["POST"]),
        Route("/api/repos/create", administration.create, methods=["POST"]),
        Route("/api/repos/delete", administration.delete, methods=["DELETE"]),
        Route("/api/repos/move", administration.move, methods=["POST"]),
        Route("/api/settings/repositories", administration.owned),
        Route("/api/users/{owner}/overview", administration.user),
        Route("/api/organizations/{owner}/overview", administration.organization),
        Route("/api/organizations/{organization}/settings/repositories", administration.owned),
        Route("/api/{kinds}", catalog.listing),
        Route(_API, information.info),
        Route(_API + "/revision/{revision}", information.info),
        Route(_API + "/tree/{revision}", information.tree),
        Route(_API + "/tree/{revision}/{path:path}", information.tree),
        Route(_API + "/paths-info/{revision}", information.paths_info, methods=["POST"]),
        Route(_API + "/refs", information.refs),
        Route(_API + "/auth-check", information.auth_check),
        Route(_API + "/commits/{revision}", information.commits),
        *_writing_routes(),
        *_discussion_routes(),
    ]


def _writing_routes() -> list[Route]:
    branch, tag = _API + "/branch/{branch}", _API + "/tag/{revision}"
    return [
        Route(_API + "/preupload/{revision}", commits.preupload, methods=["POST"]),
        Route(_API + "/commit/{revision}", commits.commit, methods=["POST"]),
        Route(_API + "/settings", administration.settings, methods=["PUT"]),
        Route(branch, administration.add_branch, methods=["POST"]),
        Route(branch, administration.delete_branch, methods=["DELETE"]),
        Route(tag, administration.add_tag, methods=["POST"]),
        Route(tag, administration.delete_tag, methods=["DELETE"]),
        Route(_API + "/super-squash/{branch}", administration.squash, methods=["POST"]),
        Route(_API + "/lfs-files", lfs.listing),
    ]


def _discussion_routes() -> list[Route]:
    every, one = _API + "/discussions", _API + "/discussions/{number}"
    return [
        Route(every, discussions.listing),
        Route(every, discussions.create, methods=["POST"]),
        Route(one, discussions.details),
        Route(one + "/{action}", discussions.act, methods=["POST"]),
        Route(one + "/comment/{comment}/edit", discussions.edit, methods=["POST"]),
        Route(one + "/comment/{comment}/hide", discussions.hide, methods=["POST"]),
    ]


def _web_routes() -> list[Route]:
    found = []
    for prefix in ("/datasets", "/spaces", ""):
        base = prefix + "/{owner}/{name}"
        found += [
            Route(base + "/resolve/{revision}/{path:path}", files.resolve),
            Route(base + "/raw/{revision}/{path:path}", files.raw),
            Route(base + "/info/refs", git.advertise),
            Route(base + "/git-upload-pack", git.upload_pack, methods=["POST"]),
            Route(base + "/git-receive-pack", git.receive_pack, methods=["POST"]),
            Route(base + "/info/lfs/objects/batch", lfs.batch, methods=["POST"]),
            Route(base + "/info/lfs/objects/{oid}", lfs.download),
            Route(base + "/info/lfs/objects/{oid}", lfs.upload, methods=["PUT"]),
            Route(base + "/info/lfs/verify", lfs.verify, methods=["POST"]),
        ]
    return found


def _told(request: Request, error: Exception) -> Response:
    """The one place where an error becomes an answer."""
    assert isinstance(error, errors.HubError)  # registered for this class only
    line = " ".join(error.message.split()).encode("ascii", "replace").decode()[:500]
    headers = {"X-Error-Code": error.code, "X-Error-Message": line, **error.headers}
    if problems.is_for_people(request):
        return problems.problem(request, error, headers)
    return JSONResponse(error.body, error.status, headers)


def _translated(request: Request, error: Exception) -> Response:
    """Errors that the framework raises itself: no route, or a wrong method."""
    assert isinstance(error, HTTPException)  # registered for this class only
    call = f"{request.method} {request.scope['path'][:200]}"
    if error.status_code == 404:
        kind = errors.RepoNotFound if _no_repository(request) else errors.NotFound
        return _told(request, kind(f"Nothing is found at {request.scope['path'][:200]}."))
    family = errors.MethodNotAllowed if error.status_code == 405 else errors.BadRequest
    return _told(request, family(f"{error.detail}: {call}", error.headers))


def _no_repository(request: Request) -> bool:
    """Tell whether a path without a route names a repository that is not there."""
    path = request.scope["path"]
    kind, _, rest = kind_and_rest(path)
    owner, _, after = rest.partition("/")
    try:
        repo = repo_id(kind, owner, after.partition("/")[0])
        if request.app.state.store.exists(repo) and access.may_read(request, repo):
            return False
    except errors.BadRequest:
        pass  # a one-word id, say: no repository has it
    return bool(rest) and (path.startswith(f"/api/{kind.plural}/") or "/resolve/" in path)


def _disk(request: Request, error: Exception) -> Response:
    """A full disk, told by the system or by git; anything else is a defect of ours.

    git's library often does not say why it could not write: then the disk is asked.
    """
    full = getattr(error, "errno", None) in NO_ROOM
    if isinstance(error, pygit2.GitError):
        full = shutil.disk_usage(request.app.state.store.root).free < ALMOST_FULL
    if not full:
        raise error
    return _told(request, errors.NoSpace("The Hub's disk is full: nothing was stored."))


def _unexpected(request: Request, error: Exception) -> Response:
    """A defect of ours: the client learns that, the traceback stays in the server's log."""
    return _told(request, errors.HubError("The Hub failed; its log says why."))
