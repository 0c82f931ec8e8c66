"""How fast large files come and go, and in how much memory of the Hub.

Run it by `python -m tests.benchmarks.hub_transfer`, where there is room for four such files.

One file of random bytes is copied and hashed by the system's own tools, served and taken by
nginx, and downloaded from and uploaded to a local Hub, by curl and by the Python client, all in
one run on one disk. Times are of the whole transfer. nginx neither hashes what it takes nor waits
for the disk; the Hub does both, and the Python client hashes once more before it sends.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.hub.conftest import Live, environment, running, write

BLOCK = 1 << 20
NAME = "big.bin"
UPLOAD = """
import sys, time
from huggingface_hub import HfApi
begun = time.perf_counter()
HfApi().upload_file(path_or_fileobj=sys.argv[2], path_in_repo="big.bin", repo_id=sys.argv[1])
print(time.perf_counter() - begun)
"""
DOWNLOAD = """
import sys, time
from huggingface_hub import hf_hub_download
begun = time.perf_counter()
hf_hub_download(sys.argv[1], "big.bin", local_dir=sys.argv[2])
print(time.perf_counter() - begun)
"""
FROM_NGINX = """
import sys, time
from huggingface_hub.file_download import http_get
with open(sys.argv[2], "wb") as target:
    begun = time.perf_counter()
    http_get(sys.argv[1], target, expected_size=int(sys.argv[3]))
    print(time.perf_counter() - begun)
"""
NGINX = """
daemon off; master_process off; {user} error_log stderr; pid {folder}/pid; events {{}}
http {{
  access_log off; sendfile on; client_max_body_size 0; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port}; root {folder};
    location /put/ {{ dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""


@dataclass(frozen=True)
class Transfer:
    """One measured step; memory is the server's, in bytes, where there is one to look at."""

    name: str
    size: int
    seconds: float
    idle: int = 0
    peak: int = 0

    @property
    def rate(self) -> float:
        """Megabytes a second."""
        return self.size / 1e6 / self.seconds

    @property
    def growth(self) -> int:
        """How far the server's memory rose over what it was before."""
        return self.peak - self.idle

    def line(self) -> str:
        """Return the result as one line of text."""
        text = f"{self.name:<24} {self.seconds:8.2f} s {self.rate:8.0f} MB/s"
        if self.peak:
            text += f"   memory {self.idle / 1e6:.0f} MB idle, {self.peak / 1e6:.0f} MB at most"
        return text


class Memory:
    """Looks at a process's memory again and again while a block runs."""

    def __init__(self, pid: int, pause: float = 0.02) -> None:
        self._process = psutil.Process(pid)
        self._pause = pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.idle = self.peak = self._now()

    def __enter__(self) -> Memory:
        """Start to look."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Look for a last time."""
        self._ended.set()
        self._thread.join()
        self.peak = max(self.peak, self._now())

    def _now(self) -> int:
        return int(self._process.memory_info().rss)

    def _look(self) -> None:
        while not self._ended.wait(self._pause):
            self.peak = max(self.peak, self._now())


def random_file(path: Path, size: int) -> str:
    """Write a file that nothing can compress; gives its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for start in range(0, size, BLOCK):
            block = os.urandom(min(BLOCK, size - start))
            digest.update(block)
            stream.write(block)
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Give a file's SHA-256."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(copy: Path, oid: str) -> None:
    """Make sure that what came is what went, and remove it; ends the program where it is not."""
    if sha256(copy) != oid:
        raise SystemExit(f"{copy} is not what was sent")
    copy.unlink()


def timed(*words: str) -> float:
    """Run a program to its end; gives the seconds it took."""
    begun = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def curl(*words: str) -> float:
    """Run curl; gives the seconds it took."""
    return timed("curl", "-sS", "--fail", "-L", "--noproxy", "*", *words)


def python(code: str, url: str, home: Path, *words: str, token: str = "") -> float:
    """Run code with the Python client; gives the seconds that it prints."""
    command = [sys.executable, "-c", code, *words]
    variables = environment(url, home, token)
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


class Hub:
    """A running Hub with what the benchmark does to it, each step timed and its memory seen."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live, self.folder = live, folder
        self._token = {"Authorization": f"Bearer {live.token}"}

    def by_curl(self, file: Path, oid: str) -> list[Transfer]:
        """Upload by one PUT, commit, and download."""
        size, repo = file.stat().st_size, self._repository("by-curl")
        address = self._address(repo, oid, size)
        with self._seen() as memory:
            up = curl("-o", os.devnull, "-T", str(file), address)
        self._commit(repo, oid, size)
        copy = self.folder / "copy.bin"
        with self._seen() as again:
            down = curl("-o", str(copy), f"{self.live.url}/{repo}/resolve/main/{NAME}")
        check(copy, oid)
        return [
            Transfer("Hub, curl, upload", size, up, memory.idle, memory.peak),
            Transfer("Hub, curl, download", size, down, again.idle, again.peak),
        ]

    def by_python(self, file: Path, oid: str) -> list[Transfer]:
        """Upload and download with the Python client, as a learner does."""
        size, repo = file.stat().st_size, self._repository("by-python")
        with self._seen() as memory:
            up = self._python(UPLOAD, repo, str(file))
        with self._seen() as again:
            down = self._python(DOWNLOAD, repo, str(self.folder / "copy"))
        check(self.folder / "copy" / NAME, oid)
        return [
            Transfer("Hub, Python, upload", size, up, memory.idle, memory.peak),
            Transfer("Hub, Python, download", size, down, again.idle, again.peak),
        ]

    def _seen(self) -> Memory:
        return Memory(self.live.process.pid)

    def _send(self, path: str, body: dict[str, Any]) -> requests.Response:
        answer = requests.post(self.live.url + path, json=body, headers=self._token, timeout=60)
        answer.raise_for_status()
        return answer

    def _repository(self, name: str) -> str:
        self._send("/api/repos/create", {"name": name, "type": "model"})
        return f"learner/{name}"

    def _address(self, repo: str, oid: str, size: int) -> str:
        body = {"operation": "upload", "objects": [{"oid": oid, "size": size}]}
        told = self._send(f"/{repo}.git/info/lfs/objects/batch", body).json()
        return str(told["objects"][0]["actions"]["upload"]["href"])

    def _commit(self, repo: str, oid: str, size: int) -> None:
        file = {"path": NAME, "algo": "sha256", "oid": oid, "size": size}
        lines = [{"key": "header", "value": {"summary": "big"}}, {"key": "lfsFile", "value": file}]
        body = "\n".join(map(json.dumps, lines))
        address = f"{self.live.url}/api/models/{repo}/commit/main"
        requests.post(address, data=body, headers=self._token, timeout=60).raise_for_status()

    def _python(self, code: str, *words: str) -> float:
        return python(code, self.live.url, self.folder / "home", *words, token=self.live.token)


@contextmanager
def hub(folder: Path) -> Iterator[Hub]:
    """A Hub with an empty store; it has answered once, so that its memory is what it needs."""
    seeds, state = folder / "seeds", folder / "state"
    state.mkdir()
    write(seeds / "models/acme/empty", {"README.md": "# Empty\n"})
    with running(seeds, state) as live:
        found = Hub(live, folder)
        small = folder / "small.bin"
        oid = random_file(small, 3 * BLOCK)
        found.by_curl(small, oid)
        requests.delete(
            f"{live.url}/api/repos/delete", json={"name": "by-curl"},
            headers={"Authorization": f"Bearer {live.token}"}, timeout=60,
        ).raise_for_status()  # fmt: skip
        yield found


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """An nginx that serves a folder and takes files by PUT under put/; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, user=user))
    process = subprocess.Popen([_nginx() or "nginx", "-c", str(settings), "-p", str(folder)])
    try:
        for _ in range(100):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def by_system(file: Path) -> list[Transfer]:
    """Copy and hash the file with the system's tools."""
    size, copy = file.stat().st_size, file.with_suffix(".copy")
    copied = timed("cp", str(file), str(copy))
    copy.unlink()
    return [
        Transfer("cp", size, copied),
        Transfer("sha256sum", size, timed("sha256sum", str(file))),
    ]


def by_nginx(file: Path) -> list[Transfer]:
    """Download from nginx by curl and by the Python client, and upload to it by curl."""
    size, copy = file.stat().st_size, file.with_suffix(".copy")
    with nginx(file.parent) as url:
        down = curl("-o", str(copy), f"{url}/{file.name}")
        copy.unlink()
        up = curl("-o", os.devnull, "-T", str(file), f"{url}/put/{NAME}")
        (file.parent / "put" / NAME).unlink()
        home, words = file.parent / "home", (f"{url}/{file.name}", str(copy), str(size))
        by_python = python(FROM_NGINX, url, home, *words)
        copy.unlink()
    return [
        Transfer("nginx, curl, upload", size, up),
        Transfer("nginx, curl, download", size, down),
        Transfer("nginx, Python, download", size, by_python),
    ]


def ratios(found: list[Transfer]) -> Iterator[str]:
    """Tell how many times faster (above 1) or slower each transfer of the Hub is."""
    by_name = {item.name: item for item in found}
    floor = by_name["cp"].seconds + by_name["sha256sum"].seconds
    for item in found:
        if item.name.startswith("Hub"):
            what = item.name.removeprefix("Hub, ")
            same = by_name.get(f"nginx, {what}")  # nothing but curl sends a file to nginx
            other = same or by_name.get(f"nginx, curl, {what.rpartition(' ')[2]}")
            against = f"{other.seconds / item.seconds:.2f} of nginx, " if other else ""
            copied = by_name["cp"].seconds / item.seconds
            yield (
                f"{item.name:<24} {against}{copied:.2f} of cp, "
                f"{floor / item.seconds:.2f} of cp then sha256sum"
            )


def measure(size: int, folder: Path) -> list[Transfer]:
    """Run every step that this machine has the programs for."""
    file = folder / NAME
    oid = random_file(file, size)
    found = by_system(file)
    if _nginx():
        found += by_nginx(file)
    with hub(folder) as running_hub:
        found += running_hub.by_curl(file, oid)
        found += running_hub.by_python(file, oid)
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.hub_transfer")
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--folder", type=Path, help="where there is room for four such files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        load = os.getloadavg()[0]
        found = measure(int(options.gigabytes * 1e9), Path(folder))
    print(f"{options.gigabytes:g} GB, {os.cpu_count()} processors, load {load:.1f} at the start")
    if not _nginx():
        print("nginx is not installed: no comparison with it (Debian's package nginx)")
    for line in (*(item.line() for item in found), "", *ratios(found)):
        print(line)


if __name__ == "__main__":
    main()
