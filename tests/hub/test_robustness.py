"""Hostile and hasty clients: no address makes the Hub fail, and many at once get right answers."""

import hashlib
import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from tests.hub.conftest import DATASET, MODEL, Live, raw_get

PIECES = [
    "api", "models", "datasets", "spaces", "acme", "tiny-bert", "other", "copied", "reviews",
    "resolve", "raw", "tree", "main", "revision", "refs", "commits", "paths-info", "info", "lfs",
    "objects", "git-upload-pack", "714eb0f", "config.json", "", "..", ".", "%2e%2e", "%2F", "%00",
    "%0a", "%ff", "%25", "%", "\u00e9", "a" * 300, "refs%2Fheads%2Fmain", "HEAD", "@{1}", "~", "*",
    "tiny-bert.git", ".git", "auth-check", "health", "whoami-v2", "redirect", "{owner}", "<a>",
]  # fmt: skip


def addresses(seed: int, count: int) -> Iterator[str]:
    draw = random.Random(seed)
    starts = [f"/api/models/{MODEL}/", f"/{MODEL}/", f"/datasets/{DATASET}/", "/", "/api/"]
    for _ in range(count):
        yield draw.choice(starts) + "/".join(draw.choices(PIECES, k=draw.randint(1, 5)))


@pytest.mark.parametrize("seed", range(4))
def test_no_address_makes_the_hub_fail(web: TestClient, seed: int) -> None:
    for path in addresses(seed, 150):
        status, headers = raw_get(web, path)
        assert status < 500, path
        assert status < 400 or headers["x-error-code"], path


def test_random_queries_and_headers_do_not_make_the_hub_fail(web: TestClient) -> None:
    draw = random.Random(7)
    values = [
        "",
        "1",
        "-1",
        "1e9",
        "true",
        "\x00",
        "\u00e9",
        "a" * 999,
        "[]",
        "%",
        "bytes=1-2",
        "*",
    ]
    for _ in range(200):
        names = ["limit", "cursor", "search", "filter", "sort", "author", "expand", "recursive"]
        query = {name: draw.choice(values) for name in draw.sample(names, 3)}
        path = draw.choice(
            ["/api/models", f"/api/models/{MODEL}/tree/main", f"/api/models/{MODEL}"]
        )
        answer = web.get(path, params=query)
        assert answer.status_code in (200, 400), (path, query)
        header = draw.choice(
            ["Range", "If-None-Match", "If-Range", "Authorization", "Content-Type"]
        )
        headers = {header.encode(): draw.choice(values).replace("\0", "").encode("latin-1")}
        answer = web.get(f"/{MODEL}/resolve/main/config.json", headers=headers)
        assert answer.status_code in (200, 206, 304, 416), headers


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/x\r\n\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/validate-yaml HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET /api/models HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_not_http_is_a_bad_request(live: Live, request_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(live.url).port or 0), 10) as client:
        client.sendall(request_)
        answer = client.recv(100)
    assert answer.startswith(b"HTTP/1.1 4") or answer == b""
    assert live.process.poll() is None


def test_a_client_that_leaves_in_the_middle_does_no_harm(live: Live) -> None:
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", urlsplit(live.url).port or 0), 10) as client:
            path = "/acme/french/resolve/main/weights/big.bin"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            client.recv(1000)
    connection = HTTPConnection(urlsplit(live.url).netloc, timeout=10)
    connection.request("GET", "/api/health")
    assert connection.getresponse().status == 200


def test_many_clients_at_once_get_the_same_bytes(live: Live, seeds: Path) -> None:
    files = {
        "/acme/french/resolve/main/weights/big.bin": "models/acme/french/weights/big.bin",
        f"/{MODEL}/resolve/714eb0f/vocab.txt": f"models/{MODEL}/vocab.txt",
        f"/datasets/{DATASET}/resolve/main/README.md": f"datasets/{DATASET}/README.md",
    }
    expected = {
        path: hashlib.sha256((seeds / at).read_bytes()).hexdigest() for path, at in files.items()
    }

    def fetch(path: str) -> tuple[str, str]:
        connection = HTTPConnection(urlsplit(live.url).netloc, timeout=60)
        connection.request("GET", path)
        return path, hashlib.sha256(connection.getresponse().read()).hexdigest()

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(fetch, list(files) * 20))
    assert len(found) == 60
    assert all(expected[path] == digest for path, digest in found)
