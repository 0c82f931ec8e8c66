"""For tests of 5.5's download: a mirror, a project that changes, a line that fails on demand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from tests.hub.conftest import NO_PROXY, running
from tests.notebooks.pieces import functions

NOTEBOOK = Path(__file__).parents[2] / "notebooks/5_datasets/05_creating_a_dataset.ipynb"
NAMES = ["pause", "get", "stored", "fetch", "get_comments"]
PROJECT = "acme/tool"
ISSUES, COMMENTS = 350, 230  # four pages and three
TOKEN = {"Authorization": "token ghp_classroom"}
Record = dict[str, Any]


class Unplugged(Exception):
    """What interrupts a download."""


@dataclass
class Line:
    """Stands before `requests`: asks the real server, but for the calls that are to go wrong."""

    wrong: dict[int, Callable[[str], requests.Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answers: list[requests.Response] = field(default_factory=list)

    def get(self, url: str, headers: dict[str, str], timeout: int) -> requests.Response:
        """Answer as the server does, or as `wrong` says for this call; calls count from 1."""
        self.asked.append(url)
        wrong = self.wrong.get(len(self.asked))
        answer = wrong(url) if wrong else requests.get(url, headers=headers, timeout=timeout)
        self.answers.append(answer)
        return self.answers[-1]

    @property
    def statuses(self) -> list[int]:
        """The statuses of all answers."""
        return [answer.status_code for answer in self.answers]


@dataclass
class Tracker:
    """The project behind the mirror, which can change while somebody downloads it."""

    folder: Path
    rows: list[Record] = field(default_factory=list)

    def write(self) -> None:
        """Publish the rows; the mirror reads its files anew when they have changed."""
        comments = [
            {"id": 9000 + n, "issue": 7 if n < 130 else 8 + n % 40, "body": f"comment {n}",
             "created_at": f"2024-03-01T{n // 60:02}:{n % 60:02}:00Z"}
            for n in range(COMMENTS)
        ]  # fmt: skip
        for name, rows in (("issues", self.rows), ("comments", comments)):
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (self.folder / f"{name}.jsonl").write_text(text, "utf-8")

    def open(self, number: int) -> None:
        """Let somebody open an issue; it is the newest."""
        day, minute = divmod(number, 1000)
        made = f"2024-02-{day + 1:02}T{minute // 60:02}:{minute % 60:02}:00Z"
        about = {"title": f"Issue {number}", "body": None if number % 9 else "a\r\nb\u2028c"}
        self.rows.append({"number": number, "id": number, "created_at": made, **about})

    @property
    def numbers(self) -> set[int]:
        """The numbers of all issues."""
        return {row["number"] for row in self.rows}


@contextmanager
def mirror(place: Path, limits: str) -> Iterator[tuple[str, Path]]:
    """Run a mirror for the length of a block; yield the API's address and a project's folder."""
    folder = place / "web/api.github.com/repos" / PROJECT
    for path in (folder, place / "seeds", place / "state"):
        path.mkdir(parents=True)
    options = ("--mirror", str(place / "web"), "--github-limits", limits)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NO_PROXY.items():
            patch.setenv(name, value)
        with running(place / "seeds", place / "state", *options) as hub:
            yield f"{hub.url}/github", folder


def code(api: str, line: Line, project: str = PROJECT) -> SimpleNamespace:
    """Return the notebook's functions, unchanged, with the slept seconds in `slept`."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)

    around: dict[str, Any] = {
        "requests": line, "json": json, "Path": Path, "API": api, "project": project,
        "headers": TOKEN, "parsedate_to_datetime": parsedate_to_datetime,
        "time": SimpleNamespace(sleep=sleep),
    }  # fmt: skip
    exec(functions(NOTEBOOK, *NAMES), around)
    return SimpleNamespace(**{name: around[name] for name in NAMES}, slept=slept)


def issues_of(api: str) -> str:
    return f"{api}/repos/{PROJECT}/issues?state=all"


def unplugged(url: str) -> requests.Response:
    raise Unplugged(url)


def broken(status: int, **headers: str) -> Callable[[str], requests.Response]:
    """Return what answers with an error."""

    def answer(url: str) -> requests.Response:
        made = requests.Response()
        made.status_code, made.url = status, url
        made.headers.update(headers)
        return made

    return answer
