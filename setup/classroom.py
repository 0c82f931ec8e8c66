"""The classroom: the local Hub as a child process, and the variables that point clients at it."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from setup.places import ROOT, SEEDS, STATE, shown
from setup.processes import spawn, stop
from setup.terminal import Progress
from setup.troubles import Trouble

DEADLINE = 120.0  # seconds for the Hub to answer; the first start joins all checkpoints
READY = re.compile(r"Hub ready at (http://\S+)")

LONG = 2**20  # bytes of the Hub's record after which it is begun anew
RUNNING = "hub.address"  # holds the address of the Hub while one runs

# Settings of the user's own shell that would change what a notebook sees or does.
PERSONAL = re.compile(
    r"^(HF_|HUGGING_?FACE_|TRANSFORMERS_|PYTORCH_TRANSFORMERS|DATASETS_|DISABLE_TELEMETRY$"
    r"|GITHUB_TOKEN$|GH_TOKEN$|GITHUB_API_URL$|WEB_MIRROR$|MPL|PYTHONPATH$|PYTHONHOME$"
    r"|PYTHONWARNINGS$|PYTHONSTARTUP$|TQDM_)"
)

# What the client libraries print to stderr would differ from machine to machine.
SILENCE = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "DATASETS_VERBOSITY": "error",
}


@dataclass(frozen=True)
class Classroom:
    """A running world for notebooks: the variables that lead into it, and the Hub's address."""

    environ: Mapping[str, str]
    address: str  # "" where the notebooks use the real Hub


def hub_command(port: int, state: Path, seeds: Path = SEEDS) -> list[str]:
    """Return the command that serves the local Hub; port 0 takes any free one."""
    return [
        sys.executable, "-m", "setup.hub",
        "--seeds", str(seeds), "--state", str(state / "hub"), "--port", str(port),
    ]  # fmt: skip


def variables(address: str, state: Path = STATE) -> dict[str, str]:
    """Return the variables that point client libraries and notebooks at the Hub and its mirror."""
    found = {
        "HF_ENDPOINT": address,
        "HF_HOME": str(state / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        # Another name of the same machine: `datasets` takes every URL that begins with HF_ENDPOINT
        # for a repository of the Hub.
        "WEB_MIRROR": f"{address.replace('127.0.0.1', 'localhost')}/web/",
        "GITHUB_API_URL": f"{address}/github",
        "GITHUB_TOKEN": "ghp_classroom",  # the mirror takes whatever looks like a token of GitHub's
        "TOKENIZERS_PARALLELISM": "false",
    }
    token = token_of(state)
    return found | ({"HF_TOKEN": token} if token else {})


def token_of(state: Path = STATE) -> str:
    """Return the classroom account's token as the Hub wrote it, "" where there is none."""
    try:
        return (state / "hub" / "token").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def kernel_variables(state: Path = STATE) -> dict[str, str]:
    """Return the variables that give kernels the same start on every machine.

    The environment's own kernel comes first; settings and start-up files of the user's Jupyter,
    IPython and Matplotlib stay out.
    """
    return {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(state / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(state / "jupyter" / "data"),
        "IPYTHONDIR": str(state / "ipython"),
        "MPLCONFIGDIR": str(state / "matplotlib"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONUTF8": "1",
    }


def local_environ(address: str, state: Path = STATE) -> dict[str, str]:
    """Return this process's variables, cleaned of personal ones, led into the classroom."""
    environ = {name: value for name, value in os.environ.items() if not PERSONAL.match(name)}
    environ |= variables(address, state)
    around = [environ.get("NO_PROXY") or environ.get("no_proxy") or "", "127.0.0.1", "localhost"]
    environ["NO_PROXY"] = environ["no_proxy"] = ",".join(part for part in around if part)
    return environ


@contextlib.contextmanager
def opened(
    *,
    live: bool = False,
    checked: bool = True,
    state: Path = STATE,
    progress: Progress | None = None,
) -> Iterator[Classroom]:
    """Run a block inside the classroom; with `live`, in the user's own world instead.

    `checked` silences the libraries and keeps personal settings of Jupyter out, as stored
    outputs need. Raises Trouble when the Hub does not answer within DEADLINE.
    """
    extra = SILENCE | kernel_variables(state) if checked else {"JUPYTER_PREFER_ENV_PATH": "1"}
    if checked:
        list_fonts(state, progress)
    if live:
        yield Classroom(dict(os.environ) | extra, "")
        return
    with serving(hub_command(0, state), state, progress) as address:
        yield Classroom(local_environ(address, state) | extra, address)


def list_fonts(state: Path = STATE, progress: Progress | None = None) -> None:
    """Let Matplotlib list the system's fonts, once.

    Where that takes long it says so on stderr, and the first notebook that draws would show it.
    """
    folder = state / "matplotlib"
    if any(folder.glob("fontlist*.json")):
        return
    folder.mkdir(parents=True, exist_ok=True)
    process = spawn(
        [sys.executable, "-c", "import matplotlib.font_manager"],
        environ=dict(os.environ) | {"MPLCONFIGDIR": str(folder)}, output=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            if progress:
                progress.show("Listing the fonts for Matplotlib")
            time.sleep(0.05)
    finally:
        stop(process)


@contextlib.contextmanager
def serving(command: list[str], state: Path, progress: Progress | None = None) -> Iterator[str]:
    """Give the address of the Hub for the length of a block.

    A Hub that another command of this clone runs on the same `state` is shared, since a store has
    one writer; otherwise `command` starts one, which ends with the block.
    """
    with contextlib.ExitStack() as stack:
        address = running(state)
        if not address:
            try:
                _, address = stack.enter_context(served(command, state, progress))
            except InUse:  # another command was quicker by a moment
                address = _awaited(state)
        yield address


class InUse(Trouble):
    """The store has a writer already."""


@contextlib.contextmanager
def served(
    command: list[str], state: Path, progress: Progress | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the Hub's `command` for the length of a block; yield its process and its address."""
    state.mkdir(parents=True, exist_ok=True)
    record = state / "hub.log"
    with record.open("ab") as output:
        if output.tell() > LONG:
            output.truncate(0)
        start = output.tell()
        process = spawn(command, environ=_hub_environ(), folder=ROOT, output=output)
    try:
        address = _await_address(process, record, start, progress)
        with _announced(state, address):
            yield process, address
    finally:
        stop(process)


@contextlib.contextmanager
def _announced(state: Path, address: str) -> Iterator[None]:
    """Let other commands find the Hub at `address` for the length of a block."""
    (state / RUNNING).write_text(address, encoding="utf-8")
    try:
        yield
    finally:
        (state / RUNNING).unlink(missing_ok=True)


def running(state: Path = STATE) -> str:
    """Return the address of the Hub that already runs on `state`, "" where none answers."""
    try:
        address = (state / RUNNING).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{address}/api/models?limit=1", timeout=5).close()
    except (OSError, ValueError, http.client.HTTPException):
        return ""
    return address


def _hub_environ() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def _await_address(
    process: subprocess.Popen[bytes], record: Path, start: int, progress: Progress | None
) -> str:
    """Return the address that the Hub writes into `record` past the byte `start`."""
    began = time.monotonic()
    while time.monotonic() - began < DEADLINE:
        if match := READY.search(_written(record, start)):
            return match[1]
        if process.poll() is not None:
            raise _failed("The local Hub did not start", record, start)
        if progress:
            progress.show("Starting the local Hub")
        time.sleep(0.1)
    raise _failed(f"The local Hub did not answer within {DEADLINE:.0f} seconds", record, start)


def _awaited(state: Path) -> str:
    """Return the address of a Hub that another command is just starting."""
    began = time.monotonic()
    while time.monotonic() - began < DEADLINE:
        if address := running(state):
            return address
        time.sleep(0.2)
    raise InUse(
        f"Another program uses the Hub's store {shown(state / 'hub')}, but no Hub answers.",
        "Look for a Hub that was started by hand (`python -m setup.hub`) and end it.",
    )


def _written(record: Path, start: int) -> str:
    with record.open("rb") as stream:
        stream.seek(start)
        return stream.read().decode(errors="replace")


def _failed(problem: str, record: Path, start: int) -> Trouble:
    lines = _written(record, start).strip().splitlines()
    detail = "\n".join(lines[-6:]) or "(it printed nothing)"
    kind = InUse if "Another Hub is using the state folder" in detail else Trouble
    return kind(
        f"{problem}. It last said:\n{detail}",
        f"The whole record is {shown(record)}. If its store is damaged, remove the folder "
        f"{shown(record.parent / 'hub')}; it is made anew from data/hub.",
    )
