"""Whenever and however a command is stopped, no process of its stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.setup.conftest import Clone, make_wheel, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux ends children with their parent"
)


def gone(clone: Clone) -> bool:
    return wait_until(lambda: not clone.family(), 20)


@pytest.fixture
def busy(clone: Clone) -> Clone:
    """A clone whose notebook starts a process of its own, which ignores requests to end."""
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    clone.notebook(
        "1_a/01_busy",
        "import os, pathlib, subprocess, sys, time",
        f"subprocess.Popen([sys.executable, '-c', {stubborn!r}])\n"
        "pathlib.Path(os.environ['BUSY']).touch()\n"
        "time.sleep(600)",
    )
    return clone


def running(clone: Clone, tmp_path: Path) -> subprocess.Popen[str]:
    """Start `run` and wait until it is deep inside its notebook."""
    mark = tmp_path / "busy"
    process = clone.start("run", BUSY=str(mark))
    assert wait_until(mark.exists), "the notebook never got busy"
    assert len(clone.family()) >= 4  # the command, the Hub, the kernel, the kernel's child
    return process


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
def test_run_stopped_by_a_signal(busy: Clone, tmp_path: Path, number: signal.Signals) -> None:
    process = running(busy, tmp_path)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "Traceback" not in output
    assert output.rstrip().endswith("Stopped.")
    assert gone(busy)


def test_run_stopped_twice_still_cleans_up(busy: Clone, tmp_path: Path) -> None:
    process = running(busy, tmp_path)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in output
    assert gone(busy)


@LINUX
def test_run_killed_outright(busy: Clone, tmp_path: Path) -> None:
    process = running(busy, tmp_path)
    process.kill()
    process.wait(10)
    own = [p for p in busy.family() if "signal.SIG_IGN" not in " ".join(p.cmdline())]
    assert wait_until(lambda: not any(p.is_running() and p.status() != "zombie" for p in own), 20)


def test_hub_stopped(clone: Clone) -> None:
    process = clone.start("hub")
    assert process.stdout
    lines: list[str] = []
    while not (lines and lines[-1].startswith("Its record")):
        lines.append(process.stdout.readline().rstrip("\n"))
        assert lines[-1] or process.poll() is None, lines
    assert any(line.startswith("export HF_ENDPOINT=http://127.0.0.1:") for line in lines)
    assert "export HF_TOKEN=hf_stub" in lines
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert gone(clone)
    assert not (clone.folder / ".classroom" / "hub.address").exists()


def test_lab_stopped(clone: Clone) -> None:
    clone.notebook("1_a/01_one", "1")
    process = clone.start("lab", "--no-browser")
    assert process.stdout
    first = ""
    while not first.startswith("JupyterLab"):
        first = process.stdout.readline()
        assert first, "lab ended early"
    address, _, token = first.split()[1].partition("/lab?token=")
    request = urllib.request.Request(
        f"{address}/api/kernels", b"{}", {"Authorization": f"token {token}"}, method="POST"
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
    assert len(clone.family()) >= 4  # the command, the Hub, JupyterLab, a kernel
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert gone(clone)


def test_suite_stopped(clone: Clone, tmp_path: Path) -> None:
    mark = tmp_path / "busy"
    (clone.folder / "tests").mkdir()
    (clone.folder / "tests" / "test_slow.py").write_text(
        "import pathlib, time\n"
        f"def test_slow():\n    pathlib.Path({str(mark)!r}).touch()\n    time.sleep(600)\n",
        encoding="utf-8",
    )
    process = clone.start("test", "--", "-n", "1", "-p", "no:cacheprovider")
    assert wait_until(mark.exists)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert output.rstrip().endswith("Stopped.")
    assert gone(clone)


def test_installation_stopped_and_taken_up_again(clone: Clone, tmp_path: Path) -> None:
    clone.venv = tmp_path / "new venv"
    house = tmp_path / "house"
    make_wheel(house, "tiny_part")
    clone.environment_file("tiny_part==1.0\nslow_part @ file://" + str(slow_package(tmp_path)))
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(house), "PIP_NO_BUILD_ISOLATION": "0"}
    process = clone.start("run", **offline)
    building = tmp_path / "building"
    wait_until(lambda: building.exists() or process.poll() is not None, 180)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert building.exists(), f"pip never got to the slow package:\n{output}"
    assert process.returncode == 130, output
    assert gone(clone)
    assert '"installing"' in (clone.venv / "course-setup.json").read_text(encoding="utf-8")
    clone.environment_file("tiny_part==1.0")
    _, output = clone.call("run", **offline)
    assert "is incomplete; making it anew" in output
    assert "is ready" in output


def slow_package(tmp_path: Path) -> Path:
    """Write a package whose build never ends, with a build backend of its own."""
    folder = tmp_path / "slow_part"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        "[project]\nname = 'slow_part'\nversion = '1.0'\n"
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        encoding="utf-8",
    )
    (folder / "backend.py").write_text(
        "import pathlib, time\n"
        "def build_wheel(*words, **more):\n"
        f"    pathlib.Path({str(tmp_path / 'building')!r}).touch()\n"
        "    time.sleep(600)\n"
        "prepare_metadata_for_build_wheel = build_wheel\n",
        encoding="utf-8",
    )
    return folder
