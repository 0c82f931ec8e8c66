"""How fast a large memory-mapped dataset is read, and in how much memory, beside pandas.

Run it by `python -m tests.benchmarks.memory_mapping`, where there is room for twice the file.

A file of JSON Lines is made from the classroom's abstracts, with their `meta`, as the published
measurement had them, and turned into a table of Arrow. Two new processes then read all of it: one
through the mapping, in batches of 1,000 rows of Python objects, the other by `pandas.read_json`.
Private memory is what the process needs for itself; pages of the file are in memory as long as
nobody else needs the room; the peak is of both. Only Linux tells them apart. Sizes are the table's
for the first and the file's for the second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import psutil
from datasets import disable_progress_bars, load_dataset

from data.build import abstracts, packed
from tests.benchmarks.hub_transfer import Memory

PUBLISHED = 0.304  # GB/s, over 15 million abstracts
BATCH = 1000
START = """
import json, sys, time
import psutil
def memory():
    info = psutil.Process().memory_info()
    pages = getattr(info, "shared", 0)
    return info.rss - pages, pages
def tell(*values):
    print(json.dumps(values), flush=True)
paths = sys.argv[1:]
"""
MAPPED = f"""
from datasets import Dataset, concatenate_datasets
tell(*memory())
input()
begun = time.perf_counter()
data = concatenate_datasets([Dataset.from_file(path) for path in paths])
rows = sum(len(data[i:i + {BATCH}]["text"]) for i in range(0, len(data), {BATCH}))
tell(rows, time.perf_counter() - begun, *memory())
input()
"""
PANDAS = """
import pandas as pd
tell(*memory())
input()
begun = time.perf_counter()
data = pd.read_json(paths[0], lines=True)
tell(len(data), time.perf_counter() - begun, *memory())
input()
"""


@dataclass(frozen=True)
class Reading:
    """One way of reading the file: bytes of memory are growth since all libraries were imported."""

    name: str
    size: int
    rows: int
    seconds: float
    private: int
    pages: int
    peak: int

    @property
    def rate(self) -> float:
        """Gigabytes a second."""
        return self.size / 1e9 / self.seconds

    def lines(self) -> Iterator[str]:
        """Yield the result as text."""
        yield f"{self.name:<7} {self.rows:,} rows, {self.seconds:.1f} s, {self.rate:.3f} GB/s"
        for what in ("private", "pages", "peak"):
            value = getattr(self, what)
            yield f"        {what:<8} {value / 1e6:8.0f} MB, {value / self.size:.3f} of the data"


def write_lines(path: Path, size: int) -> None:
    """Write the classroom's abstracts, again and again, until the file has so many bytes."""
    lines = packed.unpacked(abstracts.FILE).splitlines(keepends=True)
    remaining = size
    with path.open("wb") as stream:
        for line in cycle(lines):
            remaining -= stream.write(line)
            if remaining <= 0:
                return


def mapped_files(path: Path) -> list[str]:
    """Make a table of the file; gives the paths of its parts."""
    data = load_dataset(
        "json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache")
    )
    return [str(part["filename"]) for part in data.cache_files]


def told(process: subprocess.Popen[str]) -> list[Any]:
    """Return what the process says next; ends the program where it has failed."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"a reader ended with code {process.wait()}")
    found: list[Any] = json.loads(line)
    return found


def read(name: str, code: str, size: int, paths: list[str]) -> Reading:
    """Run code in a new process that reads the files, its memory seen from outside."""
    command = [sys.executable, "-c", START + code, *paths]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        private, pages = told(process)
        with Memory(process.pid) as seen:
            print(file=process.stdin, flush=True)
            rows, seconds, private_after, pages_after = told(process)
        print(file=process.stdin, flush=True)
    grown = private_after - private, pages_after - pages
    return Reading(name, size, rows, seconds, *grown, seen.peak - seen.idle)


def measure(size: int, folder: Path) -> tuple[Reading, Reading]:
    """Read a file of so many bytes, mapped and by pandas."""
    path = folder / "abstracts.jsonl"
    write_lines(path, size)
    parts = mapped_files(path)
    table = sum(Path(part).stat().st_size for part in parts)
    return (
        read("mapped", MAPPED, table, parts),
        read("pandas", PANDAS, path.stat().st_size, [str(path)]),
    )


def ratios(mapped: Reading, pandas: Reading) -> Iterator[str]:
    """Tell how the two compare, with each other and with the published speed."""
    yield f"mapped: {mapped.rate / PUBLISHED:.2f} of the published {PUBLISHED} GB/s"
    yield f"pandas takes {pandas.seconds / mapped.seconds:.1f} times as long"
    less = pandas.private / max(mapped.private, 1)
    yield f"pandas keeps {less:.0f} times as much private memory"
    yield f"pandas needs {pandas.peak / pandas.size:.1f} times the file at its peak"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory_mapping")
    parser.add_argument("--gigabytes", type=float, default=1.1)
    parser.add_argument("--folder", type=Path, help="where there is room for twice the file")
    options = parser.parse_args()
    disable_progress_bars()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        load = os.getloadavg()[0]
        found = measure(int(options.gigabytes * 1e9), Path(folder))
    memory = psutil.virtual_memory().total / 1e9
    sizes = " and ".join(f"{item.size / 1e9:.2f} GB" for item in found)
    print(f"table and file of {sizes}, {os.cpu_count()} processors, ", end="")
    print(f"{memory:.0f} GB of memory, load {load:.1f} at the start")
    for line in (*found[0].lines(), *found[1].lines(), "", *ratios(*found)):
        print(line)


if __name__ == "__main__":
    main()
