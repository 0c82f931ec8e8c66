"""What the first five rows of a file of 200 MB cost, counted where they are sent.

The settings are those that section 5.8 teaches: the clients' own read 10 to 60 MB.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.hub.conftest import environment
from tests.mirror.counting import Answer, Counter, counting

SIZE = 200_000_000
LIMIT = 5_000_000
BLOCK = 1 << 16  # bytes that a client reads ahead
FEW = 64  # rows of a table that pandas makes at once
TEXT = 750  # random bytes, so 1000 characters
KINDS = {"jsonl": "jsonl", "zst": "jsonl.zst", "csv": "csv", "parquet": "parquet"}
BUILDERS = {"jsonl": "json", "zst": "json", "csv": "csv", "parquet": "parquet"}
SETTINGS = {
    "jsonl": f"chunksize={BLOCK}",
    "zst": f"chunksize={BLOCK}",
    "csv": f"chunksize={FEW}",
    "parquet": "fragment_scan_options=ParquetFragmentScanOptions(pre_buffer=False)",
}
SCRIPT = """
import os, sys, urllib.request
from datasets import load_dataset
from pyarrow.dataset import ParquetFragmentScanOptions

opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
peek = {{"storage_options": {{"hf": {{"block_size": {block}}}, "http": {{"block_size": {block}}}}},
         {settings}}}
for label, words, options in {calls}:
    opener.open(os.environ["HF_ENDPOINT"] + "/api/health?" + label).close()
    rows = load_dataset(*words[:1], **words[1], split="train", streaming=True,
                        **(peek if options else {{}}))
    print(*(row["id"] for row in rows.take(5)), flush=True)
os._exit(0)  # pyarrow's threads may be reading ahead; an ordinary end would stumble over them
"""


@dataclass(frozen=True)
class Transfer:
    """What one client read, and what the server sent for it."""

    rows: str
    answers: list[Answer]

    @property
    def ranged(self) -> int:
        """Bytes of the answers to Range requests."""
        return sum(answer.sent for answer in self.answers if answer.status == 206)

    @property
    def sent(self) -> int:
        """Bytes of all answers."""
        return sum(answer.sent for answer in self.answers)


def lines(number: Iterator[int], rows: int) -> Iterator[dict[str, object]]:
    """Yield rows whose text cannot be packed into much less."""
    draw = random.Random(0)
    for _ in range(rows):
        text = base64.b64encode(draw.randbytes(TEXT)).decode()
        yield {"id": next(number), "text": text}


def write_text(path: Path, kind: str) -> None:
    """Write lines of 1 KB, the same 8,000 again and again, which no small window notices."""
    rows = list(lines(count(), 8000))
    if kind == "csv":
        block = "".join(f"{row['id']},{row['text']}\n" for row in rows).encode()
    else:
        block = "".join(json.dumps(row) + "\n" for row in rows).encode()
    with path.open("wb") as file:
        if kind == "csv":
            file.write(b"id,text\n")
        if kind != "zst":
            while file.tell() < SIZE:
                file.write(block)
            return
        with zstandard.ZstdCompressor(level=1).stream_writer(file, closefd=False) as packer:
            while file.tell() < SIZE:
                packer.write(block)


def write_table(path: Path) -> None:
    """Write row groups of half a megabyte, with statistics where they are of use."""
    table = pa.Table.from_pylist(list(lines(count(), 8000)))
    with pq.ParquetWriter(path, table.schema, write_statistics=["id"]) as writer:
        while path.stat().st_size < SIZE:
            writer.write_table(table, row_group_size=500)


@dataclass(frozen=True)
class Served:
    """A large file on a Hub and on a mirror, and the count of what they send."""

    kind: str
    name: str
    folder: Path
    url: str
    counter: Counter

    @property
    def calls(self) -> list[tuple[str, tuple[str, dict[str, str]], bool]]:
        """A label, the words for `load_dataset`, and whether the taught settings are given."""
        web = f"{self.url.replace('127.0.0.1', 'localhost')}/web/example.org/{self.name}"
        by_path = {"data_files": f"hf://datasets/acme/big/{self.name}"}
        builder = BUILDERS[self.kind]
        return [
            ("name", ("acme/big", {}), True),
            ("path", (builder, by_path), True),
            ("mirror", (builder, {"data_files": web}), True),
            ("default", (builder, by_path), False),
        ]

    def transfers(self) -> dict[str, Transfer]:
        """Let the real client make all calls; give what each read and was sent."""
        code = SCRIPT.format(
            block=BLOCK, calls=repr(self.calls), settings=as_entry(SETTINGS[self.kind])
        )
        before = len(self.counter.answers)
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment(self.url, self.folder),
            cwd=self.folder, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        labels = [label for label, *_ in self.calls]
        parts = split(self.counter.answers[before:], self.name)
        printed = done.stdout.splitlines()
        return {
            label: Transfer(rows, answers)
            for label, rows, answers in zip(labels, printed, parts, strict=True)
        }


def as_entry(setting: str) -> str:
    """Turn `name=value` into an entry of a dictionary.

    >>> as_entry("chunksize=64")
    '"chunksize": 64'
    """
    name, _, value = setting.partition("=")
    return f'"{name}": {value}'


def split(answers: list[Answer], name: str) -> list[list[Answer]]:
    """Divide answers at the calls of /api/health; keep those with bytes of the file `name`."""
    parts: list[list[Answer]] = []
    for answer in answers:
        if answer.path == "/api/health":
            parts.append([])
        elif answer.path.endswith(name) and answer.method == "GET":
            parts[-1].append(answer)
    return parts


@pytest.fixture(scope="module", params=KINDS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One large file at a time, removed afterwards."""
    kind, folder = request.param, tmp_path_factory.mktemp("large")
    name = f"train.{KINDS[kind]}"
    seed, web = folder / "seeds/datasets/acme/big" / name, folder / "web/example.org" / name
    for path in (seed, web):
        path.parent.mkdir(parents=True)
    write_table(seed) if kind == "parquet" else write_text(seed, kind)
    os.link(seed, web)
    try:
        with counting(folder / "seeds", folder / "state", folder / "web") as (url, counter):
            yield Served(kind, name, folder, url, counter)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def transfers(served: Served) -> dict[str, Transfer]:
    return served.transfers()


def too_much(transfer: Transfer) -> list[str]:
    """Say what is wrong with a transfer that shall be small and in parts."""
    whole = [answer for answer in transfer.answers if not answer.range or answer.status != 206]
    found = [f"{answer.path} was asked for as a whole" for answer in whole]
    if transfer.sent >= LIMIT:
        found.append(f"{transfer.sent / 1e6:.1f} MB were sent")
    return found


@pytest.mark.parametrize("label", ["name", "path"])
def test_from_the_hub(transfers: dict[str, Transfer], label: str) -> None:
    assert transfers[label].rows == "0 1 2 3 4"
    assert transfers[label].answers
    assert too_much(transfers[label]) == []


def test_from_the_mirror(transfers: dict[str, Transfer]) -> None:
    """Rows come by Range requests. fsspec asks by a whole GET, too, whether a file exists, and
    leaves after the headers: those few answers are counted and must stay unfinished."""
    transfer = transfers["mirror"]
    probes = [answer for answer in transfer.answers if answer.status != 206]
    assert transfer.rows == "0 1 2 3 4"
    assert 0 < transfer.ranged < transfer.sent < LIMIT
    assert len(probes) <= 3
    assert max(probe.sent for probe in probes) < LIMIT / 2


def test_the_clients_own_settings(
    served: Served, transfers: dict[str, Transfer], record_property: Callable[[str, object], None]
) -> None:
    """Without the settings it is more, and still parts only: 200 MB are never read for 5 rows."""
    plain, taught = transfers["default"], transfers["path"]
    figures = f"{taught.sent / 1e6:.1f} MB, by default {plain.sent / 1e6:.1f} MB"
    record_property(f"first rows of 200 MB of {served.name}", figures)
    assert plain.rows == "0 1 2 3 4"
    assert {answer.status for answer in plain.answers} == {206}
    assert taught.sent < plain.sent < SIZE / 4


def test_a_whole_file_is_noticed(served: Served) -> None:
    before = len(served.counter.answers)
    path = "/datasets/acme/big/resolve/main/" + served.name
    with urllib.request.urlopen(served.url + path, timeout=60) as stream:
        while stream.read(1 << 20):
            pass
    transfer = Transfer("", served.counter.answers[before:])
    size = (served.folder / "web/example.org" / served.name).stat().st_size
    asked, sent = f"{path} was asked for as a whole", f"{size / 1e6:.1f} MB were sent"
    assert too_much(transfer) == [asked, sent]


def test_many_parts_of_a_file_are_noticed() -> None:
    answers = [Answer("GET", "/a", f"bytes={n}-", 206, LIMIT // 4) for n in range(4)]
    assert too_much(Transfer("", answers[:3])) == []
    assert too_much(Transfer("", answers)) == ["5.0 MB were sent"]
