"""`doctor` names what is missing or odd, with a remedy, and ports tell who holds them."""

from __future__ import annotations

import os
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup import doctor, ports
from setup.doctor import OK, PROBLEM, WARNING, Finding
from setup.environment import Environment
from setup.troubles import Trouble
from tests.setup.conftest import Clone

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def absent(tmp_path: Path) -> Environment:
    """An environment that was never made."""
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# tested\nTiny_Part==1.0\nother.part==2.0\n", encoding="utf-8")
    return Environment(tmp_path / "env", tmp_path / "requirements.txt", constraints)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def only(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_it_works_before_the_environment_exists(absent: Environment) -> None:
    findings = {finding.subject: finding for finding in doctor.examine(absent)}
    assert {"Python", "folder", "disk", "environment", "git", "proxies"} <= findings.keys()
    assert findings["environment"].state == WARNING
    assert "does not exist yet" in findings["environment"].fact
    assert all(finding.remedy for finding in findings.values() if finding.state != OK)


def test_what_is_missing_has_a_remedy(
    absent: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    states = {finding.subject: finding for finding in doctor._git(absent)}
    assert states["git"].state == PROBLEM
    assert states["git-lfs"].state == WARNING
    assert "Install the package git-lfs" in states["git-lfs"].remedy
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(9, 9, 2**29))
    assert only(doctor._disk(absent)).state == PROBLEM
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert only(doctor._folder(absent)).state == PROBLEM


def test_versions_that_differ_from_the_tested_ones_are_named(absent: Environment) -> None:
    assert list(doctor._versions(absent)) == []
    site = absent.folder / "lib" / "python3.11" / "site-packages"
    for name, version in (("tiny_part", "1.0+cpu"), ("other_part", "3.0")):
        folder = site / f"{name}-{version}.dist-info"
        folder.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (folder / "METADATA").write_text(metadata, encoding="utf-8")
    finding = only(doctor._versions(absent))
    assert (finding.state, finding.fact) == (WARNING, "other-part 3.0 (tested: 2.0)")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"cuda": ["H200"], "mps": False, "threads": 4}, "CUDA: H200"),
        ({"cuda": [], "mps": True, "threads": 8}, "Apple GPU (mps)"),
        ({"cuda": [], "mps": False, "threads": 2}, "none; the processor, 2 threads"),
    ],
)
def test_the_accelerator_is_named(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, object], told: str
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert doctor._device(facts).fact == told


def test_variables_left_over_in_the_shell_are_named(
    absent: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(doctor.LEFT_OVER)]:
        monkeypatch.delenv(name)
    assert only(doctor._variables(absent)).state == OK
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    finding = only(doctor._variables(absent))
    assert finding.state == WARNING
    assert "HF_TOKEN" in finding.fact
    assert "hf_secret" not in doctor.report([finding])


def test_the_report_is_a_table_with_remedies_below() -> None:
    report = doctor.report([Finding("git", PROBLEM, "not installed", "Install it."),
                            Finding("disk", OK, "9 GiB free")]).splitlines()
    assert [line.split()[0] for line in report[:3]] == ["state", "problem", "ok"]
    assert report[-1] == "git: Install it."


def test_its_exit_status_tells_whether_something_blocks(clone: Clone, tmp_path: Path) -> None:
    status, output = clone.call("doctor", SETUP_VENV=str(tmp_path / "never made"))
    assert status == 0, output
    (tmp_path / "bin").mkdir()
    status, output = clone.call("doctor", SETUP_VENV=str(tmp_path / "never made"),
                                PATH=str(tmp_path / "bin"))
    assert status == 1
    assert "git: Install the package git" in output


def test_a_taken_port_is_passed_over_unless_it_was_asked_for(taken: int) -> None:
    assert not ports.is_free(taken)
    found = ports.take(None, taken)
    assert found != taken
    assert ports.is_free(found)
    assert ports.take(None, found) == found
    with pytest.raises(Trouble) as caught:
        ports.take(taken, 1)
    assert f"Port {taken} is taken by process {os.getpid()}" in caught.value.problem
    assert "End that program, or leave --port out" in str(caught.value)


def test_a_port_whose_holder_is_not_told_names_the_tool_that_tells(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "holder_of", lambda port: "")
    with pytest.raises(Trouble) as caught:
        ports.take(taken, 1)
    assert f"lsof -i :{taken}" in caught.value.remedies[0]
