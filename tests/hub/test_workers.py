"""Workers: their limits, their queue, and their end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from setup.hub.workers import Busy, Declined, Failed, Limits, TooSlow, Worker
from tests.hub.conftest import ROOT

MODULE = "tests.hub.odd_worker"
LIMITS = Limits(seconds=20, memory=512 << 20, waiting=3)
SECRET = "a-token-of-the-hub"
OWNER = """
import sys, time
from pathlib import Path
from setup.hub.workers import Limits, Worker
worker = Worker("tests.hub.odd_worker", Limits(60, 1 << 30), Path(sys.argv[1]))
print(worker.ask({"do": "echo"}).result()["pid"], flush=True)
worker.ask({"do": sys.argv[2]})
time.sleep(60)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    made = Worker(MODULE, LIMITS, tmp_path)
    yield made
    made.close()


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Worker]:
    """A worker that may take a second; it is started beforehand, which takes longer."""
    made = Worker(MODULE, Limits(seconds=1, memory=1 << 30, idle=1, waiting=3), tmp_path)
    for _ in range(20):
        try:
            made.ask({"do": "echo"}).result()
            break
        except TooSlow:
            continue
    yield made
    made.close()


def until(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def ask(worker: Worker, do: str) -> dict[str, object]:
    return worker.ask({"do": do}).result(60)


def test_nothing_runs_before_the_first_question(worker: Worker) -> None:
    assert worker.pid is None


def test_the_same_process_answers_the_second_question(worker: Worker) -> None:
    first, second = ask(worker, "echo"), ask(worker, "echo")
    assert first["pid"] == second["pid"] == worker.pid


@pytest.mark.parametrize("how", ["hang", "spin"])
def test_too_long_a_run_is_killed_and_the_next_question_answered(hasty: Worker, how: str) -> None:
    before = hasty.pid
    assert before is not None
    with pytest.raises(TooSlow, match="1 second"):
        ask(hasty, how)
    assert not running(before)


def test_a_killed_worker_is_started_again(worker: Worker) -> None:
    first = ask(worker, "echo")["pid"]
    assert isinstance(first, int)
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not running(first))
    assert ask(worker, "echo")["pid"] != first


def test_memory_that_grows_is_noticed(worker: Worker) -> None:
    first = ask(worker, "echo")["pid"]
    with pytest.raises(Failed, match="needed more than 512 MiB"):
        ask(worker, "grow")
    assert ask(worker, "echo")["pid"] != first


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space")
def test_memory_asked_for_at_once_is_refused(worker: Worker) -> None:
    pid = ask(worker, "echo")["pid"]
    with pytest.raises(Declined, match="more memory"):
        ask(worker, "reserve")
    assert worker.pid == pid


@pytest.mark.parametrize(
    ("how", "words"),
    [("exit", "broke down"), ("crash", "broke down"), ("unforeseen", "StopAsyncIteration")],
)
def test_a_worker_that_breaks_down_is_replaced(worker: Worker, how: str, words: str) -> None:
    first = ask(worker, "echo")["pid"]
    with pytest.raises(Failed, match=words):
        ask(worker, how)
    assert ask(worker, "echo")["pid"] != first


def test_what_libraries_print_is_no_answer(worker: Worker, tmp_path: Path) -> None:
    assert ask(worker, "print")["do"] == "print"
    assert "chatter" in (tmp_path / "log.txt").read_text()


def test_an_error_is_told_in_a_line_without_the_folder(worker: Worker) -> None:
    with pytest.raises(Declined) as caught:
        worker.ask({"do": "raise", "folder": "/a/b/c"}).result(60)
    assert caught.value.message == "ValueError: no config.json"


def test_a_declined_question_leaves_the_worker_as_it_is(worker: Worker) -> None:
    pid = ask(worker, "echo")["pid"]
    with pytest.raises(Declined, match="otherwise"):
        ask(worker, "decline")
    assert worker.pid == pid


def test_an_endless_answer_is_not_taken(worker: Worker) -> None:
    with pytest.raises(Failed, match="too long"):
        ask(worker, "long")
    assert ask(worker, "echo")["do"] == "echo"


def test_a_full_queue_says_so_at_once(hasty: Worker) -> None:
    waiting = [hasty.ask({"do": "hang"})]
    assert until(lambda: hasty._jobs.empty())
    waiting += [hasty.ask({"do": "echo"}) for _ in range(3)]
    with pytest.raises(Busy) as caught:
        hasty.ask({"do": "echo"})
    assert caught.value.headers["Retry-After"]
    with pytest.raises(TooSlow):
        waiting[0].result(60)


def test_nobody_waits_behind_slow_answers(hasty: Worker) -> None:
    waiting = [hasty.ask({"do": "hang"}), hasty.ask({"do": "hang"}), hasty.ask({"do": "echo"})]
    for future in waiting[:2]:
        with pytest.raises((TooSlow, Busy)):
            future.result(60)
    with pytest.raises(Busy):
        waiting[2].result(60)


def test_an_idle_worker_ends(hasty: Worker) -> None:
    assert hasty.pid is not None
    assert until(lambda: hasty.pid is None)


def test_closing_ends_the_process_and_tells_those_who_wait(worker: Worker) -> None:
    ask(worker, "echo")
    pid = worker.pid
    waiting = [worker.ask({"do": "hang"}) for _ in range(3)]
    worker.close()
    assert pid is not None
    assert not running(pid)
    for future in waiting:
        with pytest.raises(Failed):
            future.result(20)
    with pytest.raises(Busy):
        worker.ask({"do": "echo"})


def test_a_worker_learns_no_secret(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    found = ask(worker, "environment")
    assert SECRET not in found.values()
    assert found["HF_HUB_OFFLINE"] == "1"


@pytest.mark.parametrize("work", ["echo", "hang", "spin"])
def test_a_worker_dies_with_its_owner(tmp_path: Path, work: str) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path), work]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert running(pid)
        owner.kill()
        owner.wait()
    assert until(lambda: not running(pid))
