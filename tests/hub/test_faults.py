"""A Hub that is killed at any moment: what it acknowledged is there, what it did not is invisible.

The kills come at random moments while several clients commit, upload large files and push with
git. After each, the next Hub opens the same state folder and every repository is checked.
"""

import hashlib
import http.client
import json
import os
import random
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from setup.hub.store import Store
from tests.hub.conftest import environment, ready_url, start

KILLS = 200
REPOSITORY = "learner/target"
LARGE = 200_000  # bytes of each large file: several blocks of the network, quick to hash
LONGEST = 0.35  # seconds from the first request to the kill, at most
PUSHING = 1.2  # the same for every fourth life: a push of git's takes longer


class Client:
    """A client without any retry, so that an answer means what it says."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: bytes, kind: str = "application/json") -> bytes:
        """Send one request; raises OSError or HTTPException unless it is answered with 200."""
        connection = http.client.HTTPConnection(self._address, timeout=20)
        try:
            headers = {**self._headers, "Content-Type": kind}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise OSError(f"{answer.status}: {data[:200]!r}")
        return data

    def commit(self, *lines: dict[str, object]) -> str:
        """Commit to the target; gives the hash that the Hub acknowledged."""
        header = {"key": "header", "value": {"summary": "change"}}
        body = "\n".join(json.dumps(line) for line in (header, *lines)).encode()
        path = f"/api/models/{REPOSITORY}/commit/main"
        told = json.loads(self.call("POST", path, body, "application/x-ndjson"))
        return str(told["commitOid"])


def small(client: Client, name: str) -> tuple[str, str]:
    """Commit a small file; gives the path and the SHA-256 that must be served from then on."""
    data = os.urandom(500)
    value = {"path": name, "content": b64encode(data).decode(), "encoding": "base64"}
    client.commit({"key": "file", "value": value})
    return name, hashlib.sha256(data).hexdigest()


def large(client: Client, name: str) -> tuple[str, str]:
    """Upload a large file and commit it."""
    data = os.urandom(LARGE)
    oid = hashlib.sha256(data).hexdigest()
    wanted = {"operation": "upload", "objects": [{"oid": oid, "size": LARGE}]}
    batch = f"/{REPOSITORY}.git/info/lfs/objects/batch"
    told = json.loads(client.call("POST", batch, json.dumps(wanted).encode()))
    href = urlsplit(told["objects"][0]["actions"]["upload"]["href"])
    client.call("PUT", f"{href.path}?{href.query}", data, "application/octet-stream")
    value = {"path": name, "algo": "sha256", "oid": oid, "size": LARGE}
    client.commit({"key": "lfsFile", "value": value})
    return name, oid


def writer(
    client: Client, act: Callable[[Client, str], tuple[str, str]], prefix: str, kept: dict[str, str]
) -> None:
    """Write until the Hub is gone, and note what it acknowledged."""
    for number in range(10_000):
        try:
            name, digest = act(client, f"{prefix}-{number}.dat")
        except (OSError, http.client.HTTPException):
            return
        kept[name] = digest


def pusher(folder: Path, url: str, home: Path, token: str, name: str, kept: dict[str, str]) -> None:
    """Commit and push a branch of its own once; a push that git reports as done is acknowledged."""
    variables = environment(url, home) | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    data = os.urandom(500)
    (folder / name).write_bytes(data)
    remote = url.replace("://", f"://learner:{token}@")
    for words in (
        ["add", name],
        ["-c", "user.name=U", "-c", "user.email=u@localhost", "commit", "-q", "-m", name],
        ["push", "-q", f"{remote}/{REPOSITORY}", "HEAD:refs/heads/pushed"],
    ):
        command = ["git", "-C", str(folder), *words]
        done = subprocess.run(command, env=variables, capture_output=True, check=False)
        if done.returncode != 0:
            return
    kept[name] = hashlib.sha256(data).hexdigest()


class Killed:
    """One Hub's life: clients write, the Hub is killed, and what was acknowledged is noted."""

    def __init__(self, seeds: Path, state: Path, clone: Path, home: Path) -> None:
        self.seeds, self.state, self.clone, self.home = seeds, state, clone, home
        self.main: dict[str, str] = {}
        self.pushed: dict[str, str] = {}

    def live(self, life: int, wait: float) -> None:
        with (self.state.parent / "log.txt").open("a") as log:
            process = start(self.seeds, self.state, log=log)
        url, token = ready_url(process), (self.state / "token").read_text()
        client = Client(url, token)
        if life == 0:
            body = json.dumps({"name": "target"}).encode()
            client.call("POST", "/api/repos/create", body)
        name = f"p-{life}.dat"
        others = [
            threading.Thread(target=writer, args=(client, act, f"{kind}-{life}", self.main))
            for act, kind in ((small, "s"), (small, "t"), (large, "l"))
        ]
        push = (self.clone, url, self.home, token, name, self.pushed)
        others.append(threading.Thread(target=pusher, args=push))
        for other in others:
            other.start()
        time.sleep(wait)
        process.kill()
        process.wait()
        for other in others:
            other.join(timeout=60)
            assert not other.is_alive()


def blob(repository: Path, revision: str, path: str) -> bytes:
    command = ["git", "-C", str(repository), "show", f"{revision}:{path}"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def listed(repository: Path, revision: str) -> set[str]:
    command = ["git", "-C", str(repository), "ls-tree", "-r", "--name-only", revision]
    return set(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())


def check(life: Killed) -> None:
    """After a restart every repository is sound, all that was acknowledged is there, and every
    pointer has its file.
    """
    Store(life.state).close()
    for repository in (life.state / "repos").glob("*/*/*.git"):
        done = subprocess.run(
            ["git", "-C", str(repository), "fsck", "--strict", "--no-dangling"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), repository
    target = life.state / "repos" / "models" / f"{REPOSITORY}.git"
    on_main = listed(target, "main")
    assert set(life.main) <= on_main
    if life.pushed:
        assert set(life.pushed) <= listed(target, "pushed")
    for path in sorted(on_main - {".gitattributes"}):
        data = blob(target, "main", path)
        if path.startswith("l-"):
            oid = data.split(b"sha256:")[1].split()[0].decode()
            stored = (life.state / "objects" / oid[:2] / oid[2:4] / oid).read_bytes()
            assert hashlib.sha256(stored).hexdigest() == oid
            assert life.main.get(path, oid) == oid
        elif path in life.main:
            assert hashlib.sha256(data).hexdigest() == life.main[path]


@pytest.fixture
def life(tmp_path: Path) -> Killed:
    (tmp_path / "seeds").mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "clone")], check=True)
    return Killed(tmp_path / "seeds", tmp_path / "state", tmp_path / "clone", tmp_path)


def test_the_check_finds_a_lost_commit_and_a_lost_object(life: Killed) -> None:
    life.live(0, 1.0)
    check(life)
    target = life.state / "repos" / "models" / f"{REPOSITORY}.git"
    git = ["git", "-C", str(target)]
    head = subprocess.run([*git, "rev-parse", "main"], capture_output=True, text=True, check=True)
    root = [*git, "rev-list", "--max-parents=0", "main"]
    first = subprocess.run(root, capture_output=True, text=True, check=True).stdout.strip()
    assert life.main  # else nothing was acknowledged, and nothing can be lost
    subprocess.run([*git, "update-ref", "refs/heads/main", first], check=True)
    with pytest.raises(AssertionError):
        check(life)
    subprocess.run([*git, "update-ref", "refs/heads/main", head.stdout.strip()], check=True)
    check(life)
    commit = head.stdout.strip()
    (target / "objects" / commit[:2] / commit[2:]).unlink()
    with pytest.raises(AssertionError):
        check(life)


@pytest.mark.timeout(900)
def test_no_kill_loses_what_was_acknowledged(
    life: Killed, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    draw = random.Random(4)
    for number in range(KILLS):
        life.live(number, draw.uniform(0.0, LONGEST if number % 4 else PUSHING))
        if number % 20 == 19:
            check(life)
    check(life)
    assert "Traceback" not in (tmp_path / "log.txt").read_text()
    assert len(life.main) > KILLS / 4  # else the kills came before any work
    assert life.pushed
    record_property("kills", KILLS)
    record_property("acknowledged commits", len(life.main))
    record_property("acknowledged pushes", len(life.pushed))
