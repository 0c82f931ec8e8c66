"""The worker's half of ``workers``: takes questions from standard input, writes answers.

Standard output is kept for the answers alone: whatever else a library prints goes to the log.
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import IO, Any

import psutil

try:
    import resource
except ImportError:  # Windows; there the Hub's own look at the memory must do
    resource = None  # type: ignore[assignment]

LARGEST_FILE = 16 << 20  # bytes that the worker may write to a file, its log for one
# What strangers' files make libraries raise. Anything else is told too, but ends the worker.
TROUBLES = (
    OSError, ValueError, RuntimeError, TypeError, LookupError, ArithmeticError, AttributeError,
    ImportError, AssertionError, MemoryError, RecursionError,
)  # fmt: skip
Question = dict[str, Any]


class Unanswerable(ValueError):
    """The question itself is at fault; the message is for whoever asked."""


def serve(answer: Callable[[Question], dict[str, Any]]) -> None:
    """Answer questions until standard input ends, then leave at once, even in the middle."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(questions,), daemon=True).start()
    limit_memory(int(sys.argv[1]))
    current: Question = {}
    sys.excepthook = partial(_last_words, out, current)
    while True:
        line = questions.get()
        current.clear()
        current |= json.loads(line)
        _say(out, _answered(answer, current))


def _say(out: IO[bytes], value: dict[str, Any]) -> None:
    out.write(json.dumps(value).encode() + b"\n")
    out.flush()


def _last_words(
    out: IO[bytes],
    question: Question,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Tell of the error that ends the worker, and leave all of it in the log."""
    _say(out, {"error": told(error, str(question.get("folder", "")))})
    sys.__excepthook__(kind, error, trace)


def limit_memory(size: int) -> None:
    """Let this process reserve ``size`` bytes beyond what its libraries have reserved by now."""
    if resource is None:
        return
    reserved = int(psutil.Process().memory_info().vms)
    limits = {resource.RLIMIT_AS: size + reserved, resource.RLIMIT_FSIZE: LARGEST_FILE}
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))


def _listen(questions: "queue.Queue[bytes]") -> None:
    for line in sys.stdin.buffer:
        questions.put(line)
    os._exit(0)  # the Hub has ended


def _answered(
    answer: Callable[[Question], dict[str, Any]], question: Question
) -> dict[str, Any]:
    try:
        return answer(question)
    except Unanswerable as err:
        return {"error": str(err)}
    except TROUBLES as err:
        return {"error": told(err, str(question.get("folder", "")))}


def told(error: BaseException, folder: str = "") -> str:
    """The first line of an error, short, for the page; the name of a folder is kept out of it."""
    text = next((line for line in str(error).splitlines() if line.strip()), "")
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return "It needs more memory than it may have."
    if folder:
        text = text.replace(f"{folder}{os.sep}", "").replace(folder, "this model")
    return f"{type(error).__name__}: {text[:300]}"
