"""The Hub as a process: its ready line, its lock, its port, its memory and its end."""

import errno
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from setup.hub.errors import HubStartError
from setup.hub.objects import ObjectStore
from setup.hub.server import listen, prepared
from setup.hub.store import Store
from tests.hub.conftest import MODEL, ROOT, Live, ready_url, start, write

SPARSE = 300_000_000  # bytes of the file whose download must not fill the memory
ALLOWED_GROWTH = 60_000_000  # bytes


def get(url: str, path: str) -> tuple[int, bytes]:
    """Ask without any client library in between."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_ready_line_comes_when_the_hub_answers(live: Live) -> None:
    assert get(live.url, "/api/health") == (200, b'{"status":"ok"}')


def test_a_second_hub_on_the_same_state_is_told_what_to_do(live: Live, seeds: Path) -> None:
    second = start(seeds, live.state)
    out, err = second.communicate(timeout=30)
    assert (second.returncode, out) == (1, "")
    assert str(live.state) in err
    assert "--state" in err
    assert "Traceback" not in err


def test_the_lock_is_let_go_when_a_store_is_closed(tmp_path: Path) -> None:
    first = Store(tmp_path)
    with pytest.raises(HubStartError, match="Another Hub"):
        Store(tmp_path)
    first.close()
    Store(tmp_path).close()


def test_a_taken_port_is_named_with_the_remedy(live: Live, seeds: Path, tmp_path: Path) -> None:
    port = live.url.rpartition(":")[2]
    second = start(seeds, tmp_path, "--port", port)
    out, err = second.communicate(timeout=30)
    assert (second.returncode, out) == (1, "")
    assert f"port {port}" in err
    assert "--port" in err
    assert "Traceback" not in err


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"legacy.json": "{"})
    with pytest.raises(HubStartError, match=r"legacy\.json"):
        Store(tmp_path)


def test_a_host_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(HubStartError, match="192.0.2.1"):
        listen("192.0.2.1", 0)


def test_small_answers_are_sent_at_once() -> None:
    """asyncio turns the delay of small packets off (40 ms each) only on sockets that say TCP."""
    server = listen("127.0.0.1", 0)
    assert server.proto == socket.IPPROTO_TCP
    server.close()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_hub_and_its_children(seeds: Path, tmp_path: Path, sign: int) -> None:
    hub = start(seeds, tmp_path)
    url = ready_url(hub)
    idle = socket.create_connection(("127.0.0.1", urlsplit(url).port or 0))
    children = psutil.Process(hub.pid).children(recursive=True)
    hub.send_signal(sign)
    _, err = hub.communicate(timeout=20)
    idle.close()
    assert "Traceback" not in err
    assert not [child for child in children if child.is_running()]
    Store(tmp_path).close()  # the lock is free


def test_a_signal_while_a_download_runs_ends_the_hub(
    live: Live, seeds: Path, tmp_path: Path
) -> None:
    hub = start(seeds, tmp_path)
    url = ready_url(hub)
    sparse_file(tmp_path)
    slow = socket.create_connection(("127.0.0.1", urlsplit(url).port or 0))
    slow.sendall(f"GET /{MODEL}.git/info/lfs/objects/{OID} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert slow.recv(12) == b"HTTP/1.1 200"
    hub.terminate()
    _, err = hub.communicate(timeout=20)
    slow.close()
    assert "Traceback" not in err


OID = "0" * 63 + "1"  # the content of a hole is not hashed: only the way out is measured


def sparse_file(state: Path) -> None:
    """Put a file of holes among the objects: long to read, free to make."""
    place = state / "objects" / OID[:2] / OID[2:4] / OID
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as stream:
        stream.truncate(SPARSE)
    held = state / "repos" / "models" / f"{MODEL}.git" / "large"
    held.mkdir(exist_ok=True)
    (held / OID).touch()


def download(url: str, path: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    return sum(len(block) for block in iter(lambda: answer.read(1 << 20), b""))


def test_memory_does_not_grow_with_the_size_of_a_file(live: Live) -> None:
    sparse_file(live.state)
    hub = psutil.Process(live.process.pid)
    before = peak = hub.memory_info().rss
    done: list[int] = []
    path = f"/{MODEL}.git/info/lfs/objects/{OID}"
    reader = threading.Thread(target=lambda: done.append(download(live.url, path)))
    reader.start()
    while reader.is_alive():
        peak = max(peak, hub.memory_info().rss)
        time.sleep(0.01)
    reader.join()
    assert done == [SPARSE]
    assert peak - before < ALLOWED_GROWTH


def test_memory_does_not_grow_when_a_client_reads_nothing(live: Live) -> None:
    sparse_file(live.state)
    hub = psutil.Process(live.process.pid)
    before = hub.memory_info().rss
    sockets = []
    for _ in range(4):
        sockets.append(socket.create_connection(("127.0.0.1", urlsplit(live.url).port or 0)))
        path = f"/{MODEL}.git/info/lfs/objects/{OID}"
        sockets[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert sockets[-1].recv(12) == b"HTTP/1.1 200"
    assert get(live.url, "/api/health")[0] == 200
    assert hub.memory_info().rss - before < ALLOWED_GROWTH
    for stalled in sockets:
        stalled.close()


def test_a_restart_keeps_everything_and_the_port_may_change(seeds: Path, tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        hub = start(seeds, tmp_path)
        url = ready_url(hub)
        told.append(get(url, f"/api/models/{MODEL}") + ((tmp_path / "token").read_text(),))
        hub.terminate()
        _, err = hub.communicate(timeout=20)
    assert told[0] == told[1]
    assert "planting" not in err


def test_a_hub_killed_while_planting_starts_whole_again(seeds: Path, tmp_path: Path) -> None:
    for _ in range(3):
        hub = start(seeds, tmp_path)
        assert hub.stderr is not None
        assert hub.stdout is not None
        select.select([hub.stderr, hub.stdout], [], [], 20)  # it has begun to plant, or is ready
        hub.kill()
        hub.communicate(timeout=20)
    hub = start(seeds, tmp_path)
    url = ready_url(hub)
    listed = [
        get(url, f"/api/{kind}")[1].count(b'"_id"') for kind in ("models", "datasets", "spaces")
    ]
    hub.terminate()
    hub.communicate(timeout=20)
    assert listed == [3, 2, 1]
    for repository in (tmp_path / "repos").glob("*/*/*.git"):
        check = ["git", "-C", str(repository), "fsck", "--strict", "--no-dangling"]
        done = subprocess.run(check, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")
    assert not list((tmp_path / "repos").glob(".new-*"))


def run_to_its_end(seeds: Path, state: Path, *options: str) -> tuple[int, str]:
    hub = start(seeds, state, *options)
    out, err = hub.communicate(timeout=30)
    assert out == ""
    assert "Traceback" not in err
    return hub.returncode, err


def test_a_state_folder_that_cannot_be_made_is_named(seeds: Path, tmp_path: Path) -> None:
    write(tmp_path, {"file": "in the way"})
    status, said = run_to_its_end(seeds, tmp_path / "file" / "state")
    assert status == 1
    assert str(tmp_path / "file" / "state") in said
    assert "--state" in said


def test_a_missing_folder_of_seeds_is_named(tmp_path: Path) -> None:
    status, said = run_to_its_end(tmp_path / "none", tmp_path / "state")
    assert (status, str(tmp_path / "none") in said, "--seeds" in said) == (1, True, True)


def test_a_port_beyond_the_last_is_an_error(seeds: Path, tmp_path: Path) -> None:
    status, said = run_to_its_end(seeds, tmp_path, "--port", "99999")
    assert (status, "99999" in said) == (1, True)


def test_a_full_disk_is_told_with_the_remedy(
    seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ObjectStore, "add", full)
    with pytest.raises(HubStartError, match=r"No space left.*--state"):
        prepared(seeds, tmp_path, lambda line: None)


def test_listening_to_the_network_is_told(seeds: Path, tmp_path: Path) -> None:
    hub = start(seeds, tmp_path, "--host", "0.0.0.0")
    assert hub.stdout is not None
    assert hub.stdout.readline().startswith("Hub ready at http://0.0.0.0:")
    hub.terminate()
    _, err = hub.communicate(timeout=20)
    assert "everyone who can reach 0.0.0.0" in err


def test_help_needs_no_state() -> None:
    command = [sys.executable, "-m", "setup.hub", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert "--seeds" in done.stdout
