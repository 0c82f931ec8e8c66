"""A worker that takes too long over everything: ``python -m tests.hub.sleepy_worker MEMORY``."""

import time

from setup.hub import desk


def answer(question: desk.Question) -> dict[str, object]:
    """Sleep, as a model that hangs would."""
    time.sleep(600)
    return question


if __name__ == "__main__":
    desk.serve(answer)
