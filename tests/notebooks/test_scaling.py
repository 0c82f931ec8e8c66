"""The pieces of 5.8 with other numbers: each row once, and exactly the rest after a stop."""

from __future__ import annotations

import importlib
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zstandard
from datasets import IterableDataset
from datasets.distributed import split_dataset_by_node

from tests.hub.conftest import environment
from tests.mirror.counting import counting
from tests.notebooks.pieces import functions, written

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks/5_datasets/08_scaling_out.ipynb"
MODULES = ("streams", "workers")  # written by cells
ROWS = 4
UNEVEN = (3, 0, 5, 1, 4)  # rows of the files of a stream that is stopped
SPAWNED = """
import sys
import torch.multiprocessing
from datasets import IterableDataset
from streams import heads
from torch.utils.data import DataLoader
from workers import label

{collect}

if __name__ == "__main__":
    torch.multiprocessing.set_start_method("spawn")
    gen_kwargs = {{"files": sys.argv[1:], "rows": 4}}
    print(sorted(collect(IterableDataset.from_generator(heads, gen_kwargs=gen_kwargs), 2)))
"""
NESTED = """
from datasets import load_dataset


def nested(files):
    for file in files:
        rows = load_dataset("json", data_files=file, split="train", streaming=True)
        for number, row in enumerate(rows):
            yield {"file": int(row["text"][:2]), "row": number}
"""
DASK = """
import dask.dataframe as dd

lazy = dd.read_parquet("hf://datasets/acme/heads/data/*.parquet")
answer = lazy.groupby("source")["characters"].agg(["count", "mean"]).compute()
print(answer.sort_index().to_string(header=False, index_names=False))
"""
Place = tuple[int, int]
Files = Callable[..., list[str]]


def write_shard(path: Path, rows: int) -> None:
    """Write a file as the Pile has them."""
    lines = "".join(
        json.dumps({"meta": {"pile_set_name": f"set {n % 3}"}, "text": f"{path.stem} {n}"}) + "\n"
        for n in range(rows)
    )
    path.write_bytes(zstandard.compress(lines.encode()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The notebook's modules, importable from here and from workers."""
    folder = tmp_path_factory.mktemp("scaling")
    for name in MODULES:
        (folder / f"{name}.py").write_text(written(NOTEBOOK, f"{name}.py"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder
    for name in (*MODULES, "nested"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def piece(folder: Path) -> dict[str, Any]:
    """The functions that the notebook's cells define."""
    names = ("collect", "divide", "shares", "combine", "repeat")
    lines = [
        "from os.path import commonprefix",
        "import pandas as pd",
        "from torch.utils.data import DataLoader",
        "from datasets.distributed import split_dataset_by_node",
        "from workers import label",
        "from streams import heads",
    ]
    space: dict[str, Any] = {}
    exec("\n".join(lines) + "\n\n" + functions(NOTEBOOK, *names), space)
    return space


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A maker of files with so many rows."""

    def make(*rows: int) -> list[str]:
        place = tmp_path_factory.mktemp("shards")
        paths = [place / f"{number:02}.jsonl.zst" for number in range(len(rows))]
        for path, count in zip(paths, rows, strict=True):
            write_shard(path, count)
        return [str(path) for path in paths]

    return make


def stream(piece: dict[str, Any], paths: list[str], rows: int = ROWS) -> IterableDataset:
    """The notebook's stream over these files."""
    gen_kwargs = {"files": paths, "rows": rows}
    return IterableDataset.from_generator(piece["heads"], gen_kwargs=gen_kwargs)


def places(rows: list[dict[str, Any]]) -> list[Place]:
    """The names of rows."""
    return [(row["file"], row["row"]) for row in rows]


def test_only_the_first_rows_of_each_file(piece: dict[str, Any], files: Files) -> None:
    rows = list(piece["heads"](files(9, 2, 0), 3))
    assert places(rows) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert rows[1] == {"file": 0, "row": 1, "source": "set 1", "text": "00.jsonl 1"}


@pytest.mark.parametrize("shards", [1, 2, 5, 30])
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_workers_read_each_row_once(
    piece: dict[str, Any], files: Files, shards: int, workers: int
) -> None:
    paths = files(*[ROWS + 1] * shards)
    seen = piece["collect"](stream(piece, paths), workers)
    everything = [(file, row) for file in range(shards) for row in range(ROWS)]
    assert sorted((file, row) for _, file, row in seen) == everything
    opened = Counter(worker for worker, _ in {(worker, file) for worker, file, _ in seen})
    assert [opened[worker] for worker in range(workers)] == piece["shares"](shards, workers)


def test_a_stream_inside_of_a_stream_loses_rows(
    folder: Path, piece: dict[str, Any], files: Files
) -> None:
    """As the notebook warns; and a proof that missing rows would be noticed above."""
    (folder / "nested.py").write_text(NESTED, encoding="utf-8")
    nested = importlib.import_module("nested").nested
    outer = IterableDataset.from_generator(nested, gen_kwargs={"files": files(*[ROWS] * 4)})
    assert len(list(outer)) == 4 * ROWS
    assert {file for _, file, _ in piece["collect"](outer, 2)} == {0, 2}


def test_workers_that_begin_empty(folder: Path, files: Files) -> None:
    """As on Windows and macOS: nothing of the starting process is known but the modules."""
    script = folder / "spawned.py"
    script.write_text(SPAWNED.format(collect=functions(NOTEBOOK, "collect")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name, *files(ROWS, ROWS)], cwd=folder, capture_output=True,
        text=True, timeout=300, env=dict(os.environ) | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str([(n, n, row) for n in range(2) for row in range(ROWS)])


def test_idle_workers_are_told_of(piece: dict[str, Any], files: Files, tmp_path: Path) -> None:
    """The workers inherit the handler; they log, not this process."""
    logger, record = logging.getLogger("datasets"), logging.FileHandler(tmp_path / "log.txt")
    before = logger.level
    logger.addHandler(record)
    logger.setLevel(logging.WARNING)
    try:
        piece["collect"](stream(piece, files(ROWS)), 2)
    finally:
        logger.removeHandler(record)
        logger.setLevel(before)
        record.close()
    told = "Too many dataloader workers: 2 (max is dataset.num_shards=1). Stopping 1 dataloader"
    assert told in (tmp_path / "log.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("shards", [5, 30])
@pytest.mark.parametrize("machines", [1, 2, 3, 4, 5])
def test_machines_read_each_row_once(
    piece: dict[str, Any], files: Files, shards: int, machines: int
) -> None:
    piece["pile"] = stream(piece, files(*[ROWS] * shards))
    parts = [places(list(part)) for part in piece["divide"](machines)]
    assert sorted(place for part in parts for place in part) == sorted(places(list(piece["pile"])))
    opened = [len({file for file, _ in part}) for part in parts]
    even = shards % machines == 0
    assert opened == [shards // machines if even else shards] * machines
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("machines", [2, 3])
def test_machines_with_workers(piece: dict[str, Any], files: Files, machines: int) -> None:
    piece["pile"] = stream(piece, files(*[ROWS] * 6))
    seen = [place for part in piece["divide"](machines) for place in piece["collect"](part, 2)]
    assert sorted((file, row) for _, file, row in seen) == places(list(piece["pile"]))


@pytest.mark.parametrize("stopped", range(sum(min(rows, ROWS) for rows in UNEVEN) + 1))
def test_a_stream_goes_on_where_it_stopped(
    piece: dict[str, Any], files: Files, stopped: int
) -> None:
    """At the beginning, inside of a file, between two, before an empty one, and at the end."""
    paths = files(*UNEVEN)
    first, second = stream(piece, paths), stream(piece, paths)
    rows = iter(first)
    begun = [next(rows) for _ in range(stopped)]
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert begun + list(second) == list(stream(piece, paths))


@pytest.mark.parametrize("machines", [2, 5])
def test_a_machine_goes_on_where_it_stopped(
    piece: dict[str, Any], files: Files, machines: int
) -> None:
    """With whole files for each machine (5), and with every second row (2)."""
    paths = files(*UNEVEN)

    def parts() -> list[IterableDataset]:
        return [
            split_dataset_by_node(stream(piece, paths), rank=rank, world_size=machines)
            for rank in range(machines)
        ]

    for rank, part in enumerate(parts()):
        whole = list(part)
        for stopped in range(len(whole) + 1):
            first, second = parts()[rank], parts()[rank]
            rows = iter(first)
            begun = [next(rows) for _ in range(stopped)]
            second.load_state_dict(first.state_dict())
            assert begun + list(second) == whole


def test_partial_sums_give_the_mean(piece: dict[str, Any]) -> None:
    draw = np.random.default_rng(0)
    names = pd.DataFrame({"source": draw.choice(list("abc"), 50)})
    table = names.assign(characters=draw.integers(0, 5000, 50))
    parts = [table[:7], table[7:8], table[8:40], table[40:]]
    assert piece["combine"](parts) == pytest.approx(
        table.groupby("source")["characters"].mean().to_dict()
    )


@pytest.mark.parametrize(
    ("text", "length"), [("", 0), ("a", 0), ("abcabd", 2), ("to be or not to be", 5), ("aaaa", 3)]
)
def test_the_longest_passage_that_stands_twice(
    piece: dict[str, Any], text: str, length: int
) -> None:
    assert piece["repeat"]({"text": text}) == {"repeated": length}


def test_dask_fetches_only_the_columns_that_it_needs(tmp_path: Path) -> None:
    """The notebook's question to two files of 8 MB, counted where they are sent."""
    data = tmp_path / "seeds/datasets/acme/heads/data"
    data.mkdir(parents=True)
    draw = np.random.default_rng(0)
    for number in range(2):
        texts = [draw.bytes(500).hex() for _ in range(8000)]
        table = pd.DataFrame({"source": list("ab") * 4000, "text": texts})
        table["characters"] = range(8000)
        table.to_parquet(data / f"train-{number}.parquet", index=False)
    with counting(tmp_path / "seeds", tmp_path / "state", tmp_path) as (url, counter):
        done = subprocess.run(
            [sys.executable, "-c", DASK], cwd=tmp_path, capture_output=True, text=True,
            timeout=120, env=environment(url, tmp_path),
        )  # fmt: skip
    assert done.stdout.split() == ["a", "8000", "3999.0", "b", "8000", "4000.0"], done.stderr
    sent = sum(answer.sent for answer in counter.answers if answer.path.endswith(".parquet"))
    size = sum(path.stat().st_size for path in data.iterdir())
    assert size > 8_000_000
    assert 0 < sent < size / 3
