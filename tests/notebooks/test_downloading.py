"""The download of 5.5 against a running mirror: interruptions, limits, errors, a moving project."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from tests.notebooks.unreliable import (
    COMMENTS,
    ISSUES,
    PROJECT,
    TOKEN,
    Line,
    Tracker,
    Unplugged,
    broken,
    code,
    issues_of,
    mirror,
    unplugged,
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A mirror without limits worth the name, and the folder of its project."""
    with mirror(tmp_path_factory.mktemp("mirror"), "9999,9999,3600") as found:
        yield found


@pytest.fixture
def tracker(address: tuple[str, Path]) -> Tracker:
    """The project with 350 issues, numbered with gaps."""
    found = Tracker(address[1])
    for number in range(1, 2 * ISSUES, 2):
        found.open(number)
    found.write()
    return found


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
