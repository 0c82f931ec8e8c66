"""``python -m setup.hub.trial MEMORY``: the widget's worker, which runs one model at a time.

Started by ``workers`` alone. It keeps the last model, so that a second question is quick.
"""

import json
from pathlib import Path
from typing import Any

from setup.hub import desk, inference


class Bench:
    """The place for one model: the last one asked for."""

    def __init__(self) -> None:
        self._key: tuple[str, str] | None = None
        self._run: inference.Run | None = None

    def answer(self, question: desk.Question) -> dict[str, Any]:
        """Answer one question: ``{"folder": ..., "task": ..., "text": ...}``."""
        key = (str(question["folder"]), str(question["task"]))
        if key != self._key or self._run is None:
            self._key = self._run = None  # the old model goes before the new one comes
            self._run = inference.load(Path(key[0]), key[1])
            self._key = key
        return {"answer": plain(self._run(question))}


def plain(value: Any) -> Any:  # noqa: ANN401, any answer of a pipeline
    """Turn numpy's and torch's numbers into Python's."""
    return json.loads(json.dumps(value, default=lambda item: item.tolist()))


def main() -> None:
    """Answer until the Hub ends."""
    desk.serve(Bench().answer)


if __name__ == "__main__":
    main()
