"""GitHub's rate limit: so many requests an hour for each token, and for each address without one.

The numbers are those of GitHub's documentation ("Rate limits for the REST API"): 60 an hour
without a token, 5,000 with one. The window begins with the first request and ends an hour later.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_CALLERS = 10_000  # callers remembered; the one whose window ends first goes first


@dataclass(frozen=True)
class Limits:
    """Requests in a window without a token and with one, and the window's length in seconds."""

    anonymous: int = 60
    known: int = 5000
    window: float = 3600.0


@dataclass(frozen=True)
class Count:
    """How a caller stands: the limit, what is left, and the reset in seconds since 1970."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """Requests that are left until the reset."""
        return max(0, self.limit - self.used)

    @property
    def exceeded(self) -> bool:
        """Whether the last request was one too many."""
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every answer carries."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(min(self.used, self.limit)),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Resource": "core",
        }


class Counter:
    """Counts the requests of every caller."""

    def __init__(self, limits: Limits, now: Callable[[], float] = time.time) -> None:
        self.limits = limits
        self._now = now
        self._lock = threading.Lock()
        self._callers: dict[str, tuple[int, float]] = {}  # used, end of the window

    def count(self, caller: str, with_token: bool, cost: int = 1) -> Count:
        """Count a request, or with ``cost`` 0 only look."""
        limit = self.limits.known if with_token else self.limits.anonymous
        with self._lock:
            now = self._now()
            used, ends = self._callers.get(caller, (0, now + self.limits.window))
            if ends <= now:
                used, ends = 0, now + self.limits.window
            used = min(used + cost, limit + 1)
            self._callers[caller] = (used, ends)
            if len(self._callers) > MAX_CALLERS:
                del self._callers[min(self._callers, key=lambda name: self._callers[name][1])]
        return Count(limit, used, int(ends) + (ends > int(ends)))
