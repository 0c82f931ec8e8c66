"""A small clone of the project to run commands in: its own notebooks, a stub Hub, a ready venv."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
import pytest

from setup import classroom
from setup.environment import FILES_ONLY, Environment

ROOT = Path(__file__).parents[2]

STUB_HUB = '''"""A Hub that only says hello: enough for whatever starts, shares and stops one."""
import argparse
import http.server
import pathlib

parser = argparse.ArgumentParser()
for name in ("--seeds", "--state", "--port", "--host"):
    parser.add_argument(name)
options = parser.parse_args()
state = pathlib.Path(options.state)
state.mkdir(parents=True, exist_ok=True)
(state / "token").write_text("hf_stub")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass


address = (options.host or "127.0.0.1", int(options.port))
server = http.server.ThreadingHTTPServer(address, Handler)
print(f"Hub ready at http://{address[0]}:{server.server_port}", flush=True)
server.serve_forever()
'''


@pytest.fixture(autouse=True)
def _outside_the_classroom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out what the classroom set for this very suite: here it is what is tested."""
    for name in [*classroom.SILENCE, *classroom.kernel_variables(), "NO_PROXY", "no_proxy"]:
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if classroom.PERSONAL.match(name)]:
        monkeypatch.delenv(name)


@dataclass
class Clone:
    """A project folder with commands that work; every process it starts carries `mark`."""

    folder: Path
    venv: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def environ(self) -> dict[str, str]:
        """The variables its commands start with."""
        drop = ("PYTEST_",)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
        return kept | {"SETUP_VENV": str(self.venv), "CLONE_MARK": self.mark}

    def notebook(self, name: str, *sources: str, tags: Sequence[str] = ()) -> Path:
        """Write a notebook of code cells, the last of them tagged with `tags`."""
        cells = [
            nbformat.v4.new_code_cell(source, id=f"c{n}")  # type: ignore[no-untyped-call]
            for n, source in enumerate(sources)
        ]
        if tags:
            cells[-1].metadata["tags"] = list(tags)
        path = self.folder / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        book = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
        nbformat.write(book, path)  # type: ignore[no-untyped-call]
        return path

    def environment_file(self, requirements: str) -> None:
        """Set what its environment is made of: these lines, and no package of files only.

        So little needs none of the disk space that the course asks for.
        """
        (self.folder / "requirements.txt").write_text(requirements + "\n", encoding="utf-8")
        self._edit("environment", f'"{FILES_ONLY}"', '""')
        self._edit("installation", "SPACE_NEEDED = 3 * 2**30", "SPACE_NEEDED = 0")

    def _edit(self, module: str, old: str, new: str) -> None:
        path = self.folder / "setup" / f"{module}.py"
        text = path.read_text(encoding="utf-8")
        if old not in text and new not in text:
            raise ValueError(f"{path.name} has no {old!r}")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start `python -m setup` with `arguments`, as a terminal would."""
        return subprocess.Popen(
            [sys.executable, "-m", "setup", *arguments],
            cwd=self.folder, env=self.environ | variables, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )

    def call(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a command to its end; return its exit status and all it printed."""
        process = self.start(*arguments, **variables)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def family(self) -> list[psutil.Process]:
        """Return every living process that one of its commands started, however remotely."""
        return [process for process in psutil.process_iter() if self._carries_mark(process)]

    def _carries_mark(self, process: psutil.Process) -> bool:
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            return bool(alive and process.environ().get("CLONE_MARK") == self.mark)
        except psutil.Error:
            return False


def wait_until(condition: Callable[[], object], seconds: float = 60) -> bool:
    """Return whether `condition` comes true within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _copy_project(folder: Path) -> None:
    (folder / "setup" / "hub").mkdir(parents=True)
    for path in (ROOT / "setup").glob("*.py"):
        shutil.copy(path, folder / "setup")
    (folder / "setup" / "hub" / "__init__.py").touch()
    (folder / "setup" / "hub" / "__main__.py").write_text(STUB_HUB, encoding="utf-8")
    (folder / "requirements.txt").write_text("", encoding="utf-8")
    fonts = folder / ".classroom" / "matplotlib" / "fontlist-v0.json"  # saves listing them anew
    fonts.parent.mkdir(parents=True)
    fonts.touch()


def _borrowing_venv(folder: Path, project: Path) -> None:
    """Make an empty environment that sees the running one's packages, and call it ready."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pth = next(folder.glob("lib/python*/site-packages"), folder / "Lib" / "site-packages")
    (pth / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    environment = Environment(
        folder, project / "requirements.txt", project / "setup" / "constraints.txt"
    )
    environment._write_stamp("ready", adopted=False)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """A clone whose path has a space in it; whatever it started is killed at the end."""
    folder = tmp_path / "a clone"
    _copy_project(folder)
    _borrowing_venv(tmp_path / "venv", folder)
    made = Clone(folder, tmp_path / "venv")
    yield made
    for process in made.family():
        process.kill()


def make_wheel(folder: Path, name: str, version: str = "1.0") -> Path:
    """Write a wheel of one module, as small as pip accepts, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    information = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    records = "".join(f"{file},,\n" for file in [*files, f"{information}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{information}/RECORD": records}.items():
            archive.writestr(file, text)
    return path
