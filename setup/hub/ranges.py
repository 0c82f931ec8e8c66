"""The Range header: which bytes of a file a client asks for. Pure; multi-part ranges are left out
(a server may answer any range it does not serve with the whole file, and no Hub client asks)."""

import re
from dataclasses import dataclass

from setup.hub.errors import RangeNotSatisfiable

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """The bytes from ``start`` up to, not including, ``stop`` of ``total``."""

    start: int
    stop: int
    total: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        """The Content-Range header: ``bytes 0-99/1000``."""
        return f"bytes {self.start}-{self.stop - 1}/{self.total}"


def requested(header: str | None, total: int) -> Span | None:
    """Read a Range header for a file of ``total`` bytes; None means the whole file.

    ``bytes=0-9`` are the first ten bytes, ``bytes=10-`` all after them, ``bytes=-10`` the last
    ten. A header that cannot be read is ignored, as HTTP asks. Raises RangeNotSatisfiable when
    no byte of the range exists.
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    first, last = match[1], match[2]
    if first == "":
        start, stop = max(total - int(last), 0), total
    else:
        start, stop = int(first), min(int(last) + 1, total) if last else total
        if last and int(last) < start:
            return None
    if start >= total or start >= stop:
        raise RangeNotSatisfiable(
            f"Range {header!r} lies outside the file's {total} bytes.",
            {"Content-Range": f"bytes */{total}"},
        )
    return Span(start, stop, total)
