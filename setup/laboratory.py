"""JupyterLab on the notebooks, its kernels in the classroom."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from setup.places import NOTEBOOKS, STATE, shown
from setup.processes import spawn, stop
from setup.terminal import Progress
from setup.troubles import Trouble

USUAL_PORT = 8888
DEADLINE = 90.0  # seconds for JupyterLab to answer on a busy machine


# The first start would ask whether to fetch news; nothing is to be fetched here.
DEFAULTS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": False,
    },
}


def command(port: int, root: Path, browser: bool, state: Path = STATE) -> list[str]:
    """Return the command line of JupyterLab."""
    settings = [
        f"--LabApp.app_settings_dir={state / 'lab' / 'settings'}",
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        "--LabApp.extension_manager=readonly",  # asks the package index otherwise
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if hasattr(os, "getuid") and os.getuid() == 0:
        settings.append("--allow-root")  # the only user that many containers have
    if not browser:
        settings.append("--no-browser")
    return [sys.executable, "-m", "jupyterlab", *settings]


@contextlib.contextmanager
def opened(
    environ: Mapping[str, str],
    port: int,
    *,
    browser: bool,
    root: Path = NOTEBOOKS,
    state: Path = STATE,
    progress: Progress | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run JupyterLab for the length of a block; yield its process and its address with token."""
    token = secrets.token_hex(16)
    state.mkdir(parents=True, exist_ok=True)
    record = state / "lab.log"
    _write_defaults(state)
    with record.open("wb") as output:
        process = spawn(
            command(port, root, browser, state),
            environ=dict(environ) | _variables(state, token),
            folder=root, output=output,
        )
    try:
        _await_answer(process, port, record, progress)
        yield process, f"http://127.0.0.1:{port}/lab?token={token}"
    finally:
        stop(process)


def _variables(state: Path, token: str) -> dict[str, str]:
    """Return the variables of JupyterLab: its token, and where it remembers open notebooks."""
    return {
        "JUPYTER_TOKEN": token,
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "lab" / "workspaces"),
    }


def _write_defaults(state: Path) -> None:
    settings = state / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "overrides.json").write_text(json.dumps(DEFAULTS), encoding="utf-8")


def _await_answer(
    process: subprocess.Popen[bytes], port: int, record: Path, progress: Progress | None
) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    started = time.monotonic()
    while time.monotonic() - started < DEADLINE:
        if process.poll() is not None:
            break
        if progress:
            progress.show("Starting JupyterLab")
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            opener.open(f"http://127.0.0.1:{port}/api", timeout=2).close()
            return
        time.sleep(0.1)
    lines = record.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    detail = "\n".join(lines[-6:])
    raise Trouble(
        f"JupyterLab did not start. It last said:\n{detail}",
        f"The whole record is {shown(record)}. Settings of your own under ~/.jupyter are read "
        "too; try without them: JUPYTER_CONFIG_DIR=/nowhere python3 -m setup lab.",
    )
