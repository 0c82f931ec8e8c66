"""The download of 5.5 against a running mirror: interruptions, limits, errors, a moving project."""

from __future__ import annotations

import json
import random
import shutil
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


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A mirror without limits worth the name, and the folder of its project."""
    with mirror(tmp_path_factory.mktemp("mirror"), "9999,9999,3600") as found:
        yield found


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


@pytest.fixture
def tracker(address: tuple[str, Path]) -> Tracker:
    """The project with 350 issues, numbered with gaps."""
    found = Tracker(address[1])
    for number in range(1, 2 * ISSUES, 2):
        found.open(number)
    found.write()
    return found


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


def check(path: Path, expected: set[int]) -> None:
    """Assert that a file holds these numbers, each once, newest first."""
    lines = path.read_bytes().splitlines(keepends=True)
    numbers = [json.loads(line)["number"] for line in lines]
    assert all(line.endswith(b"\n") for line in lines)
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == expected


def test_everything_comes_once_in_four_requests(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path
) -> None:
    line, path = Line(), tmp_path / "issues.jsonl"
    code(address[0], line).fetch(issues_of(address[0]), path)
    check(path, tracker.numbers)
    assert len(line.asked) == 4
    numbers = [json.loads(row)["number"] for row in path.read_bytes().splitlines()]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("page", [1, 2, 3, 4])
@pytest.mark.parametrize("cut", [0, 1, 40, 3000])
def test_an_interruption_at_any_page_loses_and_doubles_nothing(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path, page: int, cut: int
) -> None:
    path = tmp_path / "issues.jsonl"
    with pytest.raises(Unplugged):
        code(address[0], Line({page: unplugged})).fetch(issues_of(address[0]), path)
    data = path.read_bytes() if path.exists() else b""
    path.write_bytes(data[: len(data) - cut])
    line = Line()
    code(address[0], line).fetch(issues_of(address[0]), path)
    check(path, tracker.numbers)
    assert len(line.asked) <= 6 - page + (cut > 0)


def test_interrupted_at_every_page_in_turn(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path
) -> None:
    """One page a run: each run begins with a page that is known, and gets one that is not."""
    path, sizes = tmp_path / "issues.jsonl", []
    for _ in range(ISSUES):
        try:
            code(address[0], Line({3: unplugged})).fetch(issues_of(address[0]), path)
            break
        except Unplugged:
            sizes.append(len(path.read_bytes().splitlines()))
    check(path, tracker.numbers)
    assert sizes == [200, 300]


@pytest.mark.parametrize("opened", [1, 99, 100, 150])
def test_new_issues_between_two_runs_hide_no_old_one(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path, opened: int
) -> None:
    path, before = tmp_path / "issues.jsonl", tracker.numbers
    with pytest.raises(Unplugged):
        code(address[0], Line({3: unplugged})).fetch(issues_of(address[0]), path)
    for number in range(2000, 2000 + opened):
        tracker.open(number)
    tracker.write()
    code(address[0], Line()).fetch(issues_of(address[0]), path)
    numbers = [json.loads(row)["number"] for row in path.read_bytes().splitlines()]
    assert len(numbers) == len(set(numbers))
    assert before <= set(numbers) <= tracker.numbers


def test_new_issues_between_two_pages_double_none(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path
) -> None:
    before = tracker.numbers

    def growing(url: str) -> requests.Response:
        for number in range(3000, 3003):
            tracker.open(number)
        tracker.write()
        return requests.get(url, headers=TOKEN, timeout=30)

    path = tmp_path / "issues.jsonl"
    code(address[0], Line({2: growing})).fetch(issues_of(address[0]), path)
    check(path, before)


@pytest.mark.parametrize("deleted", [1, 60, 100])
def test_deleted_issues_between_two_runs_hide_no_other(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path, deleted: int
) -> None:
    path = tmp_path / "issues.jsonl"
    with pytest.raises(Unplugged):
        code(address[0], Line({3: unplugged})).fetch(issues_of(address[0]), path)
    del tracker.rows[-deleted:]
    tracker.write()
    code(address[0], Line()).fetch(issues_of(address[0]), path)
    numbers = [json.loads(row)["number"] for row in path.read_bytes().splitlines()]
    assert len(numbers) == len(set(numbers))
    assert tracker.numbers <= set(numbers)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_in_between(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path, seed: int
) -> None:
    rng, path, everything = random.Random(seed), tmp_path / "issues.jsonl", tracker.numbers
    for run in range(6):
        line = Line({rng.randint(2, 3): unplugged} if run < 5 else {})
        try:
            code(address[0], line).fetch(issues_of(address[0]), path)
        except Unplugged:
            data = path.read_bytes()
            path.write_bytes(data[: len(data) - rng.choice((0, 0, 5, 900))])
            for number in range(5000 + 100 * run, 5000 + 100 * run + rng.randint(0, 30)):
                tracker.open(number)
            tracker.write()
    numbers = [json.loads(row)["number"] for row in path.read_bytes().splitlines()]
    assert len(numbers) == len(set(numbers))
    assert everything <= set(numbers) <= tracker.numbers


def test_a_loop_that_counts_from_zero_would_fail_this_test(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path
) -> None:
    path = tmp_path / "issues.jsonl"
    with path.open("w") as file:
        for page in range(4):
            url = f"{issues_of(address[0])}&per_page=100&page={page}"
            rows = requests.get(url, headers=TOKEN, timeout=30).json()
            file.writelines(json.dumps(row) + "\n" for row in rows)
    assert len(path.read_bytes().splitlines()) == 400
    with pytest.raises(AssertionError):
        check(path, tracker.numbers)


def test_an_end_can_be_set(address: tuple[str, Path], tracker: Tracker, tmp_path: Path) -> None:
    line, path = Line(), tmp_path / "issues.jsonl"
    code(address[0], line).fetch(issues_of(address[0]), path, most=150)
    check(path, set(sorted(tracker.numbers)[-200:]))
    code(address[0], line).fetch(issues_of(address[0]), path, most=150)
    assert len(line.asked) == 2


@pytest.mark.parametrize("page", [1, 2, 3])
def test_comments_are_resumed_too(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path, page: int
) -> None:
    url, path = f"{address[0]}/repos/{PROJECT}/issues/comments?since=2024", tmp_path / "c.jsonl"
    with pytest.raises(Unplugged):
        code(address[0], Line({page: unplugged})).fetch(url, path, key="id")
    code(address[0], Line()).fetch(url, path, key="id")
    ids = [json.loads(row)["id"] for row in path.read_bytes().splitlines()]
    assert ids == list(range(9000, 9000 + COMMENTS))


def test_one_issue_s_comments_come_from_all_pages(
    address: tuple[str, Path], tracker: Tracker
) -> None:
    line = Line()
    texts = code(address[0], line).get_comments(7)
    assert texts == [f"comment {n}" for n in range(130)]
    assert len(line.asked) == 2


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_server_that_stumbles_is_asked_again(
    address: tuple[str, Path],
    tracker: Tracker,
    tmp_path: Path,
    page: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    line, path = Line({page: broken(502)}), tmp_path / "issues.jsonl"
    part = code(address[0], line)
    part.fetch(issues_of(address[0]), path)
    check(path, tracker.numbers)
    assert part.slept == [1]
    assert line.statuses.count(502) == 1


def test_a_server_that_stays_broken_is_told_and_what_was_there_is_safe(
    address: tuple[str, Path], tracker: Tracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    line = Line({call: broken(503) for call in range(3, 20)})
    part, path = code(address[0], line), tmp_path / "issues.jsonl"
    with pytest.raises(requests.HTTPError, match="503"):
        part.fetch(issues_of(address[0]), path)
    assert part.slept == [1, 2, 4, 8]
    assert len(line.asked) == 2 + 5
    check(path, set(sorted(tracker.numbers)[-200:]))
    code(address[0], Line()).fetch(issues_of(address[0]), path)
    check(path, tracker.numbers)


def test_other_errors_are_not_repeated(address: tuple[str, Path], tmp_path: Path) -> None:
    line, path = Line(), tmp_path / "issues.jsonl"
    with pytest.raises(requests.HTTPError, match="404"):
        code(address[0], line).fetch(f"{address[0]}/repos/acme/none/issues?state=all", path)
    assert len(line.asked) == 1
    assert not path.exists()


LIMITED = {"Date": "Tue, 05 Mar 2024 12:00:00 GMT", "X-RateLimit-Remaining": "0"}


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (403, LIMITED | {"X-RateLimit-Reset": "1709640090"}, 90),
        (429, LIMITED | {"X-RateLimit-Reset": "1709643600"}, 3600),
        (403, LIMITED | {"X-RateLimit-Reset": "1709639999"}, 0),
        (403, {"Retry-After": "7", "X-RateLimit-Remaining": "12"}, 7),
        (429, {"Retry-After": "60"}, 60),
        (403, {"X-RateLimit-Remaining": "12"}, None),
        (403, {}, None),
        (500, {}, 8),
        (404, {}, None),
        (200, {"X-RateLimit-Remaining": "0"}, None),
    ],
)
def test_how_long_to_wait(status: int, headers: dict[str, str], seconds: float | None) -> None:
    assert code("", Line()).pause(broken(status, **headers)(""), attempt=3) == seconds


def test_the_limit_is_waited_for_until_its_reset_and_no_longer(tmp_path: Path) -> None:
    """Two requests in a window of two seconds: the third is refused, and waits for the next."""
    with mirror(tmp_path, "1,2,2") as (api, folder):
        tracker = Tracker(folder)
        for number in range(1, 2 * ISSUES, 2):
            tracker.open(number)
        tracker.write()
        line, path = Line(), tmp_path / "issues.jsonl"
        part = code(api, line)
        part.fetch(issues_of(api), path)
    check(path, tracker.numbers)
    refused = [answer for answer in line.answers if answer.status_code == 403]
    assert len(refused) == len(part.slept) >= 1
    for answer, seconds in zip(refused, part.slept, strict=True):
        sent = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        assert seconds == int(answer.headers["X-RateLimit-Reset"]) - sent
    # After each wait the same page was asked for again, and given.
    for at, status in enumerate(line.statuses):
        if status == 403:
            assert line.statuses[at + 1] == 200
            assert line.asked[at + 1] == line.asked[at]


def test_an_unfinished_last_line_is_cut_off(tmp_path: Path) -> None:
    stored, path = code("", Line()).stored, tmp_path / "rows.jsonl"
    assert stored(path) == []
    path.write_bytes('{"number": 1, "body": "é\u2028x"}\n{"number": 2, "bo'.encode())
    assert [row["number"] for row in stored(path)] == [1]
    copy = shutil.copy(path, tmp_path / "copy.jsonl")
    assert stored(Path(copy)) == stored(path)
    assert path.read_bytes().endswith(b"}\n")
