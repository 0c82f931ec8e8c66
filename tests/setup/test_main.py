"""The very first file that a newcomer's Python reads, and the command line behind it."""

from __future__ import annotations

import ast
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from setup import commands
from setup.arguments import parser
from setup.processes import Stop
from setup.troubles import Trouble
from tests.setup.conftest import ROOT, Clone, wait_until

AS_OLD = """
import sys, runpy
sys.version_info = {version}
sys.argv = ["setup", "run", "1"]
runpy.run_module("setup", run_name="__main__", alter_sys=True)
"""


def old_python(version: tuple[int, ...], path: str) -> subprocess.CompletedProcess[str]:
    """Run the entry point as `version` would, with only the folder `path` on PATH."""
    return subprocess.run(
        [sys.executable, "-c", AS_OLD.format(version=version)],
        cwd=ROOT, env=dict(os.environ) | {"PATH": path}, capture_output=True, text=True,
        check=False,
    )


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 18), (3, 10, 13)])
def test_an_old_python_is_told_what_to_do(tmp_path: Path, version: tuple[int, ...]) -> None:
    result = old_python(version, str(tmp_path))
    assert result.returncode == 2
    assert f"this is Python {version[0]}.{version[1]}" in result.stderr
    assert "needs Python 3.11 or newer" in result.stderr
    assert "remedy: install a newer Python" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="the stub is a shell script")
@pytest.mark.parametrize(("answer", "named"), [("exit 0", True), ("exit 127", False)])
def test_a_newer_python_is_named_when_it_really_runs(
    tmp_path: Path, answer: str, named: bool
) -> None:
    stub = tmp_path / "python3.12"
    stub.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    stub.chmod(0o755)
    result = old_python((3, 9, 1), str(tmp_path))
    assert ("Run: python3.12 -m setup run 1" in result.stderr) is named


def test_the_entry_point_is_readable_for_old_pythons() -> None:
    source = (ROOT / "setup" / "__main__.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 4))
    # Annotations and f-strings are what Python 2.7 could not even read.
    modern = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.FunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, modern)]


def test_the_commands_load_with_the_standard_library_alone() -> None:
    code = (
        "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p];"
        "import setup.commands, setup.doctor;"
        "print(sorted(set(sys.modules) & {'nbformat', 'nbclient', 'psutil', 'torch'}))"
    )
    result = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize("command", ["run", "lab", "test", "hub", "doctor", "refresh", "stamp"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    assert f"python3 -m setup {command}" in capsys.readouterr().out
    assert command in commands.HANDLERS


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "--jobs", "0"], "0 is not a positive number"),
        (["hub", "--port", "70000"], "70000 is not a port"),
        (["dance"], "invalid choice: 'dance'"),
        ([], "required: COMMAND"),
    ],
)
def test_a_wrong_command_line_is_told(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_arguments_for_pytest_pass_through() -> None:
    assert parser().parse_args(["test", "--", "-k", "hub", "-x"]).extra == ["-k", "hub", "-x"]


@pytest.mark.parametrize(
    ("raised", "status", "told"),
    [
        (Trouble("It broke.", "Mend it."), 2, "error: It broke.\n  remedy: Mend it.\n"),
        (OSError(28, "No space left on device"), 2, "The disk is full"),
        (Stop(15), 143, ""),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_whatever_stops_a_command_is_told_without_a_traceback(
    raised: BaseException, status: int, told: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(options: object) -> int:
        raise raised

    monkeypatch.setitem(commands.HANDLERS, "doctor", fail)
    # At its end it kills whatever descends from the process: here, the Hubs of other tests.
    monkeypatch.setattr(commands, "supervised", contextlib.nullcontext)
    assert commands.main(["doctor"]) == status
    assert told in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error(clone: Clone) -> None:
    clone.notebook("1_a/01_one", "1")
    process = clone.start("run")
    assert process.stdout
    process.stdout.close()
    assert process.wait(60) == 141
    assert wait_until(lambda: not clone.family(), 20)


def test_git_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Trouble, match="git is not installed"):
        commands.need_git()


def test_the_suite_runs_in_the_classroom_with_the_arguments_passed_on(clone: Clone) -> None:
    tests = clone.folder / "tests"
    tests.mkdir()
    (tests / "test_world.py").write_text(
        "import os\ndef test_a():\n    assert os.environ['HF_ENDPOINT'].startswith('http://127')\n"
        "def test_b():\n    assert False\n", encoding="utf-8",
    )
    plain = ["-p", "no:randomly", "-p", "no:cacheprovider", "-n", "0"]
    status, output = clone.call("test", "--", *plain, "-k", "test_a")
    assert status == 0, output
    assert "1 passed, 1 deselected" in output
    assert clone.call("test", "--", *plain)[0] == 1
