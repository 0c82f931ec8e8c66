"""The benchmark of large files, on one small enough for a test: the Hub's memory stays flat."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.hub_transfer import (
    Memory,
    Transfer,
    by_system,
    check,
    hub,
    random_file,
    ratios,
    sha256,
)

SIZE = 64_000_000  # bytes of the file
MOST = 40_000_000  # bytes that the server's memory may grow meanwhile
HUNGRY = "input(); kept = b'x' * 80_000_000; print('full', flush=True); input()"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_memory_stays_flat_while_a_large_file_comes_and_goes(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    file = tmp_path / "big.bin"
    oid = random_file(file, SIZE)
    with hub(tmp_path) as running:
        found = [*running.by_curl(file, oid), *running.by_python(file, oid)]
    record_property("large files", "; ".join(item.line() for item in found))
    assert [item.name for item in found] == [
        "Hub, curl, upload", "Hub, curl, download", "Hub, Python, upload", "Hub, Python, download",
    ]  # fmt: skip
    assert {item.name: item.growth for item in found if item.growth > MOST} == {}
    assert all(item.idle > 10_000_000 for item in found)


def test_growing_memory_is_seen() -> None:
    words = [sys.executable, "-c", HUNGRY]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as eater:
        assert eater.stdin is not None
        assert eater.stdout is not None
        with Memory(eater.pid, pause=0.001) as seen:
            print("go", file=eater.stdin, flush=True)
            assert eater.stdout.readline() == "full\n"
            while seen.peak - seen.idle < MOST:
                pass
        print("end", file=eater.stdin, flush=True)
    assert Transfer("", 1, 1.0, seen.idle, seen.peak).growth > MOST


def test_ratios_are_against_the_same_run() -> None:
    found = [
        Transfer("cp", 100, 1.0), Transfer("sha256sum", 100, 3.0),
        Transfer("nginx, curl, upload", 100, 4.0), Transfer("Hub, curl, upload", 100, 8.0),
        Transfer("Hub, Python, upload", 100, 16.0), Transfer("Hub, Python, download", 100, 2.0),
    ]  # fmt: skip
    up, by_python, down = ratios(found)
    assert "0.50 of nginx, 0.12 of cp, 0.50 of cp then sha256sum" in up
    assert "0.25 of nginx" in by_python
    assert "nginx" not in down
    assert "2.00 of cp then sha256sum" in down
    assert Transfer("", 50_000_000, 2.0).rate == 25.0


def test_the_systems_own_tools_leave_nothing(tmp_path: Path) -> None:
    oid = random_file(tmp_path / "a.bin", 1_500_000)
    assert sha256(tmp_path / "a.bin") == oid
    assert [item.size for item in by_system(tmp_path / "a.bin")] == [1_500_000] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    with pytest.raises(SystemExit, match="not what was sent"):
        check(tmp_path / "a.bin", "0" * 64)
