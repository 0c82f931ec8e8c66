"""The environment: made, left alone, mended, adopted; every trouble told with its remedy."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from setup import environment, installation
from setup.environment import STAMP, Environment
from setup.troubles import Trouble
from tests.setup.conftest import ROOT, make_wheel

Usage = namedtuple("Usage", "total used free")
Version = namedtuple("Version", "major minor")


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment of two tiny packages, one of them for its files only; no index."""
    house = tmp_path / "house"
    make_wheel(house, "tiny_part")
    make_wheel(house, "tiny_files")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    requirements, constraints = tmp_path / "requirements.txt", tmp_path / "constraints.txt"
    requirements.write_text("tiny_part>=1\n", encoding="utf-8")
    constraints.write_text("tiny-part==1.0\n", encoding="utf-8")
    return Environment(tmp_path / "an env", requirements, constraints, "tiny_files==1.0")


def quick_create(folder: Path) -> None:
    """Make an environment without pip: quick, and enough where nothing is installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)


def inside(wanted: Environment, code: str) -> str:
    command = [str(wanted.python), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_it_is_made_once_then_left_alone_then_brought_up_to_date(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted.ensure()
    told = capsys.readouterr().out
    assert "Making the environment" in told
    assert "is ready" in told
    code = "import tiny_part, tiny_files; print(tiny_part.VERSION, tiny_files.VERSION)"
    assert inside(wanted, code) == "1.0 1.0"

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", None)  # whoever starts a process now fails
        wanted.ensure()
    assert capsys.readouterr().out == ""

    house = Path(wanted.requirements).parent / "house"
    make_wheel(house, "tiny_part", "2.0")
    wanted.constraints.write_text("tiny-part==2.0\n", encoding="utf-8")
    assert not wanted.is_ready()
    wanted.ensure()
    assert inside(wanted, "import tiny_part; print(tiny_part.VERSION)") == "2.0"


def test_without_ensurepip_the_running_pip_installs(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec",
        lambda name: None if name == "ensurepip" else real(name),
    )
    wanted.ensure()
    assert inside(wanted, "import tiny_part; print(tiny_part.VERSION)") == "1.0"
    assert inside(wanted, "import importlib.util as u; print(u.find_spec('pip'))") == "None"


def test_a_half_made_environment_is_made_anew(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(installation, "install", lambda *words: None)
    monkeypatch.setattr(environment, "create", quick_create)
    wanted.folder.mkdir()
    (wanted.folder / "rest").touch()
    wanted._write_stamp("installing", adopted=False)
    assert not wanted.is_ready()
    wanted.ensure()
    assert "is incomplete; making it anew" in capsys.readouterr().out
    assert not (wanted.folder / "rest").exists()
    assert wanted.is_ready()


@pytest.mark.skipif(os.name != "posix", reason="asks for a process the POSIX way")
def test_two_commands_do_not_make_it_at_the_same_time(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "install", lambda *words: None)
    monkeypatch.setattr(environment, "create", quick_create)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    stamp = {"state": "installing", "adopted": "no", "process": str(other.pid)}
    wanted.folder.mkdir()
    (wanted.folder / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    try:
        with pytest.raises(Trouble, match=f"process {other.pid}"):
            wanted.ensure()
    finally:
        other.kill()
        other.wait()
    wanted.ensure()
    assert wanted.is_ready()


def test_an_environment_of_the_users_own_is_adopted_and_never_removed(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: object) -> None:
        raise Trouble("no", "none")

    quick_create(wanted.folder)
    (wanted.folder / "precious").touch()
    monkeypatch.setattr(installation, "install", fail)
    for _ in range(2):
        with pytest.raises(Trouble):
            wanted.ensure()
        assert (wanted.folder / "precious").exists()
    assert json.loads((wanted.folder / STAMP).read_text())["adopted"] == "yes"


def test_a_moved_or_changed_environment_is_not_ready(wanted: Environment) -> None:
    before = wanted.fingerprint()
    elsewhere = Environment(
        wanted.folder.parent / "moved", wanted.requirements, wanted.constraints, wanted.files_only
    )
    assert elsewhere.fingerprint() != before
    wanted.requirements.write_text("tiny_part>=1  # changed\n", encoding="utf-8")
    assert wanted.fingerprint() != before


def test_another_python_outside_does_not_matter_but_one_replaced_inside_does(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_create(wanted.folder)
    wanted._write_stamp("ready", adopted=False)
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert wanted.version == running
    later = Version(3, 99)
    monkeypatch.setattr(sys, "version_info", later)
    assert wanted.is_ready()
    monkeypatch.setattr(sys, "prefix", str(wanted.folder))
    assert not wanted.is_ready()
    with pytest.raises(Trouble, match=f"was made with Python {running}, which this system has"):
        wanted.ensure()


def test_a_broken_stamp_counts_as_none(wanted: Environment) -> None:
    wanted.folder.mkdir()
    (wanted.folder / STAMP).write_text("{", encoding="utf-8")
    assert wanted.stamp == {}
    assert not wanted.is_ready()


def test_too_little_disk_is_told_before_anything_is_made(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(10, 10, 2**30))
    with pytest.raises(Trouble) as caught:
        wanted.ensure()
    assert "has 1.0 GiB free; the environment needs 3 GiB" in caught.value.problem
    assert not wanted.folder.exists()


@pytest.mark.parametrize(
    ("number", "problem", "remedy"),
    [
        (errno.ENOSPC, "The disk is full", "SETUP_VENV"),
        (errno.EROFS, "cannot be written to", "folder of your own"),
        (errno.EACCES, "cannot be written to", "folder of your own"),
        (errno.EIO, "Input/output error", "doctor"),
    ],
)
def test_an_error_of_the_file_system_is_told(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch, number: int, problem: str, remedy: str
) -> None:
    def refuse(self: Path, *words: object, **more: object) -> None:
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(Trouble) as caught:
        wanted.ensure()
    assert problem in caught.value.problem
    assert str(wanted.folder) in caught.value.problem
    assert remedy in " ".join(caught.value.remedies)


def test_missing_requirements_are_told(wanted: Environment) -> None:
    wanted.requirements.unlink()
    with pytest.raises(Trouble) as caught:
        wanted.ensure()
    assert "requirements.txt is missing" in caught.value.problem


def test_an_index_that_cannot_be_reached_is_told(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_create(wanted.folder)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(Trouble, match="The package index cannot be reached") as caught:
        wanted.ensure()
    assert "HTTPS_PROXY" in str(caught.value)
    assert "PIP_FIND_LINKS=/path/to/wheelhouse" in str(caught.value)


def test_a_package_that_the_index_lacks_is_named(wanted: Environment) -> None:
    quick_create(wanted.folder)
    wanted.requirements.write_text("tiny_missing==3.0\n", encoding="utf-8")
    with pytest.raises(Trouble, match="The package index has no tiny_missing==3.0 for Python"):
        wanted.ensure()


def test_a_version_that_the_index_lacks_is_named(wanted: Environment) -> None:
    quick_create(wanted.folder)
    wanted.constraints.write_text("tiny-part==3.0\n", encoding="utf-8")
    with pytest.raises(Trouble, match=r"The package index has no tiny[_-]part\S+ for Python"):
        wanted.ensure()


def test_no_pip_anywhere_names_the_system_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_answers", lambda command: False)
    monkeypatch.setattr(installation, "_system_family", lambda: "debian")
    with pytest.raises(Trouble, match="neither ensurepip nor a pip") as caught:
        installation.installer(Path("/env/bin/python"))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert f"sudo apt install {version}" in str(caught.value)


def test_no_venv_module_names_the_system_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Trouble, match="has no module venv"):
        environment.create(tmp_path / "env")


def test_the_folder_is_dot_venv_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SETUP_VENV", raising=False)
    assert environment.chosen().folder == ROOT / ".venv"
    monkeypatch.setenv("SETUP_VENV", "elsewhere/env")
    assert environment.chosen().folder == ROOT / "elsewhere" / "env"
