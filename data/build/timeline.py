"""Numbers, times and identifiers of a project's issues, and which release was the newest."""

import base64
import random
import re
import struct
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from data.build.issues import Draft

REPOSITORY = 250213286  # the number of huggingface/datasets on GitHub
FIRST, LAST = 540, 2792
# When numbers were given out: between two of these the pace is even.
PACE = [
    (1, datetime(2020, 4, 14, 9, tzinfo=UTC)),
    (783, datetime(2020, 11, 3, 15, 20, tzinfo=UTC)),
    (850, datetime(2020, 11, 15, 10, tzinfo=UTC)),
    (2000, datetime(2021, 3, 5, 9, tzinfo=UTC)),
    (2773, datetime(2021, 8, 7, 18, tzinfo=UTC)),
    (LAST, datetime(2021, 8, 12, 11, 40, 18, tzinfo=UTC)),
]
NOW = datetime(2021, 8, 12, 11, 40, tzinfo=UTC)
RELEASES = [
    ("1.0.2", datetime(2020, 9, 10, tzinfo=UTC)), ("1.1.2", datetime(2020, 10, 8, tzinfo=UTC)),
    ("1.2.1", datetime(2021, 1, 6, tzinfo=UTC)), ("1.3.0", datetime(2021, 2, 12, tzinfo=UTC)),
    ("1.4.1", datetime(2021, 3, 2, tzinfo=UTC)), ("1.5.0", datetime(2021, 3, 23, tzinfo=UTC)),
    ("1.6.2", datetime(2021, 4, 26, tzinfo=UTC)), ("1.7.0", datetime(2021, 5, 27, tzinfo=UTC)),
    ("1.8.0", datetime(2021, 6, 8, tzinfo=UTC)), ("1.9.0", datetime(2021, 7, 5, tzinfo=UTC)),
    ("1.10.2", datetime(2021, 7, 22, tzinfo=UTC)), ("1.11.0", datetime(2021, 7, 30, tzinfo=UTC)),
]  # fmt: skip
MENTIONED = re.compile(r"(?:[Ii]n|[Ss]ince|[Bb]efore|With|from|on|until) 1\.(\d+)\b")
LEAD = timedelta(days=50)  # a release may be named this long before it is out
# Two moments and the identifiers given out then: for issues and for comments.
_IDS = {
    "issue": (599457467, PACE[0][1], 968650274, PACE[-1][1]),
    "comment": (613300000, PACE[0][1], 897594128, datetime(2021, 8, 12, 12, 21, 52, tzinfo=UTC)),
}


def opened(number: float) -> datetime:
    """Return about when a number was given out."""
    at = min(bisect_right([n for n, _ in PACE], number), len(PACE) - 1)
    (low, begin), (high, end) = PACE[at - 1], PACE[at]
    return begin + (end - begin) * ((number - low) / (high - low))


def number_at(time: datetime) -> float:
    """Return about which number was given out at a time."""
    at = min(max(bisect_right([t for _, t in PACE], time), 1), len(PACE) - 1)
    (low, begin), (high, end) = PACE[at - 1], PACE[at]
    return low + (high - low) * ((time - begin) / (end - begin))


def release(time: datetime, behind: int = 0) -> str:
    """Return the version that was newest at a time, or one that many steps older."""
    at = bisect_right([day for _, day in RELEASES], time) - 1 - behind
    return RELEASES[max(at, 0)][0]


def earliest(draft: Draft) -> float:
    """Return the lowest number that a draft can have, given the versions that it names."""
    texts = [draft.title, *draft.lines, *(text for _, text in draft.replies)]
    named = [int(minor) for text in texts for minor in MENTIONED.findall(text)]
    if not named:
        return FIRST
    day = RELEASES[min(max(named), len(RELEASES) - 1)][1]
    return max(float(FIRST), number_at(day - LEAD))


def places(found: Sequence[Draft], rng: random.Random) -> dict[str, float]:
    """Return about where each draft stands in the order of numbers; `after` is respected."""
    at: dict[str, float] = {}
    for draft in sorted(found, key=lambda draft: draft.after != ""):
        low = earliest(draft)
        high = 2750.0 if not draft.after else LAST - 2.0
        if draft.after:
            low = max(low, at[draft.after] + 3)
            high = max(low + 1, min(high, at[draft.after] + 150)) if draft.pull else high
        at[draft.key] = rng.uniform(low, max(high, low + 1))
    return at


def numbers(at: dict[str, float], fixed: dict[str, int]) -> dict[str, int]:
    """Give each draft a number of its own, in the order of their places."""
    taken = {*fixed.values(), LAST}
    found, last = dict(fixed), 0
    for key in sorted(at, key=lambda key: (at[key], key)):
        if key in fixed:
            continue
        last = max(last + 1, round(at[key]))
        while last in taken:
            last += 1
        found[key] = last
    return found


def identifier(kind: str, time: datetime) -> int:
    """Return an identifier as GitHub would have given it at a time."""
    low, begin, high, end = _IDS[kind]
    return low + round((high - low) * ((time - begin) / (end - begin)))


def node(kind: str, number: int) -> str:
    """Return a node's name as it was written in 2021.

    >>> node("comment", 897594128)
    'IC_kwDODunzps41gDMQ'
    """
    if kind == "comment":
        packed = b"\x93\x00\xce" + struct.pack(">I", REPOSITORY) + b"\xce"
        return "IC_" + base64.b64encode(packed + struct.pack(">I", number)).decode().rstrip("=")
    name = {"issue": "05:Issue", "pull": "011:PullRequest", "user": "04:User"}[kind]
    return base64.b64encode(f"{name}{number}".encode()).decode()


def stamp(time: datetime) -> str:
    """Return a time as the API writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
