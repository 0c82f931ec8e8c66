"""A worker that misbehaves on request: ``python -m tests.hub.odd_worker MEMORY``."""

import os
import signal
import sys
import time
from typing import Any, NoReturn

from setup.hub import desk


def spin() -> NoReturn:
    while True:
        pass


def grow() -> NoReturn:
    held = []
    while True:
        held.append(os.urandom(1) * 4_000_000)
        time.sleep(0.05)  # slow enough for the watch to see it before the limit does


def chatter() -> None:
    print("a library's chatter")
    sys.stdout.flush()


def decline() -> NoReturn:
    raise desk.Unanswerable("Ask otherwise.")


def unforeseen() -> NoReturn:
    raise StopAsyncIteration


_DEEDS = {
    "echo": lambda: None,
    "hang": lambda: time.sleep(600),
    "spin": spin,
    "grow": grow,
    "reserve": lambda: bytearray(3 << 30),
    "exit": lambda: os._exit(3),
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "print": chatter,
    "decline": decline,
    "unforeseen": unforeseen,
}


def answer(question: desk.Question) -> dict[str, Any]:
    """Do as told, then give back the question."""
    if question["do"] == "raise":
        raise ValueError(f"no {question['folder']}/config.json\nand more")
    if question["do"] == "long":
        return {"text": "x" * (10 << 20)}
    if question["do"] == "environment":
        return dict(os.environ)
    _DEEDS[question["do"]]()
    return question | {"pid": os.getpid()}


if __name__ == "__main__":
    desk.serve(answer)
