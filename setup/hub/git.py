"""git over HTTP: clone, fetch and push by git's own ``http-backend``, run as a CGI program.

Bytes pass through in blocks both ways, so memory does not grow with the size of a pack. A push
needs the token of an account that may write; what it brings is checked by ``receiving`` before
git shows it to anyone.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from setup.hub import access
from setup.hub.accounts import Account
from setup.hub.addresses import Place
from setup.hub.challenge import asked, git_place
from setup.hub.disk import Guests, atomic_file
from setup.hub.errors import BadRequest, Forbidden, HubError, NotFound

ROOT = Path(__file__).resolve().parents[2]
HOOKS = "hooks"  # the folder of hooks in the state folder
BLOCK = 1 << 16  # bytes passed on at once; a pipe holds no more
_FETCH = "git-upload-pack"
_PUSH = "git-receive-pack"
_REFUSALS = {403: Forbidden, 404: NotFound, 500: HubError}


def advertise(request: Request) -> Response:
    """GET .../info/refs?service=: the references, where every fetch and every push begins."""
    where = git_place(request)
    service = request.query_params.get("service", "")
    if service not in (_FETCH, _PUSH):
        raise BadRequest(f"service={service[:50]!r}: only smart HTTP is spoken here.")
    pusher = _pusher(request, where) if service == _PUSH else None
    return Backend(_variables(request, where, "info/refs", pusher))


def upload_pack(request: Request) -> Response:
    """POST .../git-upload-pack: negotiate and send a pack."""
    return Backend(_variables(request, git_place(request), _FETCH))


def receive_pack(request: Request) -> Response:
    """POST .../git-receive-pack: take a pack and move references, all checked by a hook."""
    where = git_place(request)
    variables = _variables(request, where, _PUSH, _pusher(request, where))
    return Backend(variables, where.store.guests)


def install_hooks(state: Path) -> None:
    """Write the hook that git runs before it takes a push, shared by all repositories."""
    hook = state / HOOKS / "pre-receive"
    with atomic_file(hook, 0o755) as stream:
        stream.write(b'#!/bin/sh\nexec "$HUB_PYTHON" -m setup.hub.receiving\n')


def _pusher(request: Request, where: Place) -> Account:
    """Who pushes; git sends its token once it is asked to."""
    if access.caller(request) is None:
        raise asked(access.BAD_TOKEN if access.sent_token(request) else "A push needs a token.")
    return access.writer(request, where.id)


class Backend(Response):
    """A response that git's http-backend writes while it reads the request's body."""

    def __init__(self, variables: Mapping[str, str], guests: Guests | None = None) -> None:
        """``guests`` waits for a program that writes, even after the Hub was killed."""
        super().__init__()
        self._variables = variables
        self._guests = guests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the program for one request; it never outlives the request."""
        with self._guests.admitted() if self._guests else nullcontext(()) as inherited:
            process = await asyncio.create_subprocess_exec(
                _program(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=dict(self._variables),
                pass_fds=inherited,
            )
        feeder = asyncio.create_task(_feed(process, receive))
        try:
            await _pump(process, send)
            feeder.cancel()  # the client may leave now; it must not end the program for that
            await process.wait()  # its output has ended, so it is about to end too
        finally:
            feeder.cancel()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _feed(process: asyncio.subprocess.Process, receive: Receive) -> None:
    """Pass the request's body on; end the program when the client goes away."""
    assert process.stdin is not None  # asked for as a pipe
    with suppress(BrokenPipeError, ConnectionResetError, ProcessLookupError):
        while (message := await receive())["type"] != "http.disconnect":
            process.stdin.write(message.get("body", b""))
            await process.stdin.drain()
            if not message.get("more_body", False):
                process.stdin.close()
                break
        while message["type"] != "http.disconnect":
            message = await receive()
        process.kill()


async def _pump(process: asyncio.subprocess.Process, send: Send) -> None:
    """Pass the program's answer on: its header lines, then its output, block by block."""
    assert process.stdout is not None  # asked for as a pipe
    status, headers = await _head(process.stdout)
    if status >= 400:
        raise _REFUSALS.get(status, BadRequest)(f"git refused the request with status {status}.")
    await send({"type": "http.response.start", "status": status, "headers": headers})
    while block := await process.stdout.read(BLOCK):
        await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _head(output: asyncio.StreamReader) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Read the header lines of a CGI answer; raises HubError when the program gave none."""
    status, headers = 200, []
    while (line := (await output.readline()).strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    if not headers:
        raise HubError("git's http-backend gave no answer; the Hub's log says why.")
    return status, headers


def _variables(
    request: Request, where: Place, service: str, pusher: Account | None = None
) -> dict[str, str]:
    """The environment that the CGI program reads; nothing of the user's own git settings."""
    path = where.repository.path
    wanted = {
        "PATH": os.environ.get("PATH", ""),
        "GIT_PROJECT_ROOT": str(path.parent),
        "PATH_INFO": f"/{path.name}/{service}",
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **_settings(where.store.root / HOOKS),
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.scope["query_string"].decode("latin-1"),
    }
    # Not CONTENT_LENGTH: with it, the program waits for the rest of a body for ever, at full speed,
    # when the Hub is killed in the middle. Without it, the end of its input is the end.
    passed = {
        "CONTENT_TYPE": "content-type",
        "HTTP_CONTENT_ENCODING": "content-encoding",
        "GIT_PROTOCOL": "git-protocol",
    }
    if pusher is not None:
        # REMOTE_USER opens the way for git-receive-pack; the other two are for the hook.
        wanted |= {"REMOTE_USER": pusher.name, "HUB_PYTHON": sys.executable}
        wanted |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    sent = {key: request.headers.get(name, "") for key, name in passed.items()}
    return wanted | {key: value for key, value in sent.items() if value}


def _settings(hooks: Path) -> dict[str, str]:
    """git's own settings for every call, in the form that git reads from the environment."""
    chosen = {
        "safe.directory": "*",  # the state folder may belong to another user, as in a container
        # Look for similar content only among small files: for megabytes of data it takes seconds
        # a file and finds nothing.
        "core.bigFileThreshold": "1m",
        "core.hooksPath": str(hooks),
        "core.fsync": "committed",  # an acknowledged push outlives a power failure
        "receive.fsckObjects": "true",
        "receive.autogc": "false",  # no process of git's outlives its request
    }
    found = {"GIT_CONFIG_COUNT": str(len(chosen))}
    for number, (key, value) in enumerate(chosen.items()):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


@lru_cache(maxsize=1)
def _program() -> str:
    """The place of git's http-backend; raises HubError when git is missing."""
    try:
        found = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as err:
        raise HubError("git cannot be run on the Hub's machine; install git.") from err
    return str(Path(found.stdout.strip()) / "git-http-backend")
