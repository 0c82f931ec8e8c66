"""Running the Hub: its state, its port, its ready line and its end."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import pygit2
import uvicorn

from setup.hub import application
from setup.hub.errors import HubStartError
from setup.hub.seeds import Planter
from setup.hub.store import Store
from setup.mirror.limits import Limits

GRACE = 1  # seconds that running downloads get when the Hub is told to end
KEEP_ALIVE = 75  # seconds; longer than any client keeps an idle connection in its pool


class Server(uvicorn.Server):
    """uvicorn, with a word when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def listen(host: str, port: int) -> socket.socket:
    """Bind a port, 0 for any free one; HubStartError when it is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named: asyncio sends small answers at once only on sockets that say TCP.
    server = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
        server.listen(128)
    except (OSError, OverflowError) as err:
        server.close()
        raise HubStartError(
            f"Cannot listen on port {port} of {host}: {getattr(err, 'strerror', None) or err}. "
            "Stop the program that uses it, or choose another with --port (0: any free one)."
        ) from err
    return server


def prepared(seeds: Path | None, state: Path, log: Callable[[str], None]) -> Store:
    """Open the state folder and plant the seeds in it.

    Raises HubStartError when either folder cannot be used, or the disk is full.
    """
    if seeds is not None and not seeds.is_dir():
        raise HubStartError(f"There is no folder of seeds at {seeds}. Name another with --seeds.")
    try:
        store = Store(state)
        if seeds is not None:
            Planter(store, log).plant(seeds)
    except OSError as err:
        raise HubStartError(
            f"Cannot write the state folder {state}: {err.strerror or err}. "
            "Free some space there, or give the Hub another folder with --state."
        ) from err
    return store


def serve(
    seeds: Path | None,
    state: Path,
    host: str,
    port: int,
    log: Callable[[str], None],
    sign_up: bool = False,
    trying: bool = True,
    mirrored: Sequence[Path] = (),
    limits: Limits | None = None,
) -> None:
    """Plant the seeds and answer requests until SIGINT or SIGTERM; prints one ready line.

    ``mirrored`` are folders with files of other web servers, ``limits`` those of GitHub's API.
    ``trying`` lets people run models in the pages; where others than this machine can reach the
    Hub, only those who have signed in.
    """
    listener = listen(host, port)
    store = prepared(seeds, state, log)
    alone = ipaddress.ip_address(listener.getsockname()[0]).is_loopback
    if not alone:
        log(f"everyone who can reach {host} can read this Hub's public repositories")
        log("writing needs a token; tokens travel unencrypted: use it in a network you trust")
        if sign_up:
            log("everyone who can reach it can make an account and publish")
    pygit2.settings.enable_fsync_gitdir(True)  # from here on, what is acknowledged is on the disk
    app = application.create(store, sign_up, mirrored, limits)
    app.state.widget.enabled, app.state.widget.guests = trying, alone
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http="h11",
        ws="none",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        lifespan="off",
    )
    name = f"[{host}]" if ":" in host else host
    ready = f"Hub ready at http://{name}:{listener.getsockname()[1]}"
    try:
        Server(config, lambda: print(ready, flush=True)).run([listener])
    finally:
        application.close(app)
        store.close()
