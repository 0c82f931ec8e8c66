"""Children end with their owner, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from setup import processes
from setup.processes import Stop, descendants, run_until_stopped, spawn, stop
from tests.setup.conftest import ROOT, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); "


def script(body: str) -> subprocess.Popen[str]:
    """Start a Python program that supervises; it prints the ids of what it started."""
    source = (
        "import os, signal, subprocess, sys, time\n"
        "from setup.processes import spawn, supervised\n"
        f"SLEEP = {SLEEP!r}\n" + textwrap.dedent(body)
    )
    return subprocess.Popen(
        [sys.executable, "-c", source], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(pid: int) -> bool:
    def dead() -> bool:
        try:
            return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    return wait_until(dead, 15)


def test_a_child_that_will_not_end_is_made_to() -> None:
    child = spawn([sys.executable, "-c", STUBBORN + "time.sleep(600)"], output=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    stop(child, grace=0.3)
    assert child.returncode == -signal.SIGKILL


def test_a_childs_own_children_end_with_it() -> None:
    code = f"import subprocess, time; print(subprocess.Popen({SLEEP!r}).pid, flush=True);"
    child = spawn([sys.executable, "-c", code + "time.sleep(600)"], output=subprocess.PIPE)
    assert child.stdout
    grandchild = int(child.stdout.readline())
    assert descendants(child.pid) == [grandchild]
    stop(child)
    assert ended(grandchild)


def test_the_end_of_a_command_sweeps_what_nobody_stopped() -> None:
    process = script("""
        with supervised():
            print(subprocess.Popen(SLEEP).pid, flush=True)
            code = f"import subprocess; print(subprocess.Popen({SLEEP!r}).pid, flush=True)"
            subprocess.run([sys.executable, "-c", code])  # leaves an orphan
    """)
    output, errors = process.communicate(timeout=30)
    child, orphan = map(int, output.split())
    assert process.returncode == 0, errors
    assert ended(child)
    if sys.platform.startswith("linux"):  # elsewhere an orphan belongs to nobody we know
        assert ended(orphan)
    else:
        psutil.Process(orphan).kill()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="offered by Linux only")
def test_a_child_dies_with_a_parent_that_is_killed() -> None:
    process = script("""
        print(spawn(SLEEP).pid, flush=True)
        time.sleep(600)
    """)
    assert process.stdout
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    assert ended(child)


def test_a_signal_arrives_as_stop_with_the_shells_exit_status() -> None:
    process = script("""
        from setup.processes import Stop
        try:
            with supervised():
                print(0, flush=True)
                time.sleep(600)
        except Stop as stop:
            sys.exit(stop.exit_status)
    """)
    assert process.stdout
    process.stdout.readline()
    process.terminate()
    assert process.wait(15) == 128 + signal.SIGTERM


def test_a_command_under_nohup_outlives_the_terminal() -> None:
    process = script("""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with supervised():
            os.kill(os.getpid(), signal.SIGHUP)
            print("alive")
    """)
    assert process.communicate(timeout=15)[0] == "alive\n"


def test_a_stopped_coroutine_cleans_up_first() -> None:
    story: list[str] = []

    async def work() -> None:
        story.append("begun")
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            story.append("cleaned")

    before = signal.signal(signal.SIGTERM, processes._raise_stop)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    try:
        with pytest.raises(Stop):
            run_until_stopped(work())
    finally:
        timer.cancel()
        signal.signal(signal.SIGTERM, before)
    assert story == ["begun", "cleaned"]


def test_an_error_in_a_coroutine_comes_out() -> None:
    async def work() -> None:
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        run_until_stopped(work())


def test_the_terminal_stays_with_programs_that_talk_to_it(tmp_path: Path) -> None:
    code = "import os; print(os.getpgrp(), flush=True)"
    groups = []
    for own in (True, False):
        child = spawn([sys.executable, "-c", code], output=subprocess.PIPE, own_group=own)
        assert child.stdout
        groups.append(int(child.stdout.readline()))
        child.wait()
    assert groups[0] != os.getpgrp()
    assert groups[1] == os.getpgrp()
