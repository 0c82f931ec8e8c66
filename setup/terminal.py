"""What the commands print: one live line, lasting lines, tables; no escape codes in a file."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TextIO

QUIET_INTERVAL = 20.0  # seconds between two progress lines where no terminal is looking
STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def is_live(stream: TextIO) -> bool:
    """Return whether `stream` is a terminal that understands escape codes."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """Return `text` in a style of STYLES where the stream shows it, else unchanged."""
    stream = stream or sys.stdout
    if not is_live(stream) or "NO_COLOR" in os.environ:
        return text
    return f"\033[{STYLES[style]}m{text}\033[0m"


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds: 75.2 gives "1:15"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return rows of text as aligned columns under `header`; columns in `right` align right."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def aligned(line: Sequence[str]) -> str:
        cells = [
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join(aligned(line) for line in lines)


class Progress:
    """One line that changes in place on a terminal; a line now and then in a file."""

    def __init__(self, stream: TextIO | None = None, interval: float = QUIET_INTERVAL) -> None:
        self.stream = stream or sys.stdout
        self.live = is_live(self.stream)
        self.interval = interval
        self.started = time.monotonic()
        self._last_quiet = self.started
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    @property
    def elapsed(self) -> float:
        """Seconds since the line was first made."""
        return time.monotonic() - self.started

    def show(self, text: str) -> None:
        """Replace the line by `text` and the time elapsed."""
        line = f"{text}  {clock(self.elapsed)}"
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r\033[K" + line[:width])
            self.stream.flush()
            self._drawn = True
        elif time.monotonic() - self._last_quiet >= self.interval:
            self._last_quiet = time.monotonic()
            print(line, file=self.stream, flush=True)

    def keep(self, text: str) -> None:
        """Print a line that stays, above the changing one."""
        self.clear()
        print(text, file=self.stream, flush=True)

    def clear(self) -> None:
        """Wipe the changing line."""
        if self._drawn:
            self.stream.write("\r\033[K")
            self.stream.flush()
            self._drawn = False
