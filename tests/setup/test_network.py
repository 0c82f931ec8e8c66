"""--network-off leaves loopback and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.setup.conftest import ROOT, Clone

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux namespaces")
PROBE = """
import socket
from setup.network import cut_off
from setup.troubles import Trouble
try:
    cut_off()
except Trouble as trouble:
    raise SystemExit(f"refused: {trouble}")
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname(), timeout=5)
try:
    socket.create_connection(("192.0.2.1", 9), timeout=5)
except OSError as error:
    print("cut off:", type(error).__name__)
"""


@linux
def test_loopback_works_and_nothing_else_does() -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "refused: This system does not let" in result.stderr:
        pytest.skip("this system allows no network namespaces")
    assert result.stdout.startswith("cut off:"), result.stderr


@linux
def test_a_run_works_without_any_network(clone: Clone) -> None:
    clone.notebook("1_a/01_one", "print(1)")
    status, output = clone.call("run", "--network-off")
    if "does not let a command leave the network" in output:
        pytest.skip("this system allows no network namespaces")
    assert status == 0, output
