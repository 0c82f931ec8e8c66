"""A Hub in a thread that counts what it sends: each answer with its range and its bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from setup.hub import application
from setup.hub.seeds import Planter
from setup.hub.server import KEEP_ALIVE, listen
from setup.hub.store import Store

SENT_AHEAD = 1 << 16  # bytes that the system takes before a client wants them; they are counted
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass
class Answer:
    """One answer of the server."""

    method: str
    path: str
    range: str  # the Range header of the request, "" without one
    status: int = 0
    sent: int = 0  # bytes of the body that the server handed on


@dataclass
class Counter:
    """An application around another, which keeps a list of the answers."""

    inner: App
    answers: list[Answer] = field(default_factory=list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on; write down the answer."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        headers = {key.lower(): value for key, value in scope["headers"]}
        answer = Answer(scope["method"], scope["path"], headers.get(b"range", b"").decode())
        self.answers.append(answer)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
            else:
                answer.sent += len(message.get("body", b""))
            await send(message)

        await self.inner(scope, receive, counted)

    @property
    def sent(self) -> int:
        """Bytes of all bodies."""
        return sum(answer.sent for answer in self.answers)

    def bodies(self, name: str) -> list[Answer]:
        """The answers that carried bytes of the file `name`."""
        return [a for a in self.answers if a.path.endswith(name) and a.method == "GET"]


@contextmanager
def counting(seeds: Path, state: Path, mirrored: Path) -> Iterator[tuple[str, Counter]]:
    """Serve seeds and mirrored files for the length of a block; give the address and the count."""
    store = Store(state)
    problems: list[str] = []
    Planter(store, problems.append).plant(seeds)
    app = application.create(store, mirrored=[mirrored])
    counter = Counter(app)
    server_socket = listen("127.0.0.1", 0)
    server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD)
    config = uvicorn.Config(
        counter, log_level="error", lifespan="off", timeout_keep_alive=KEEP_ALIVE
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [server_socket]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server_socket.getsockname()[1]}", counter
    finally:
        server.should_exit = True
        thread.join(20)
        server_socket.close()
        application.close(app)
        store.close()
