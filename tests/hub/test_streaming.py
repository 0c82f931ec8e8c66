"""The Pile's stand-ins are streamed from a live Hub by hf:// addresses, as chapter 5 does it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.build import abstracts, opinions, packed, shards
from tests.hub.conftest import Live, running

FIRST = """
from itertools import islice
from datasets import load_dataset
rows = load_dataset("json", data_files="{url}", split="train", streaming=True)
for row in islice(rows, 5):
    print(row["text"].strip().splitlines()[0])
"""
PILE = """
from datasets import load_dataset
base = "{url}"
data_files = {{
    "train": [base + "train/" + f"{{idx:02d}}.jsonl.zst" for idx in range(30)],
    "validation": base + "val.jsonl.zst",
    "test": base + "test.jsonl.zst",
}}
pile = load_dataset("json", data_files=data_files, streaming=True)
print(*(sum(1 for _ in pile[split]) for split in data_files))
print(next(iter(pile["train"]))["meta"])
"""
PUBLISHED = {
    abstracts.FILE: abstracts.FILE.name,
    opinions.FILE: "val.json",
}


def repository(folder: Path) -> str:
    """Return the address of a seed's repository."""
    return f"hf://datasets/{folder.relative_to(packed.DATASETS).as_posix()}/"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A live Hub with these seeds alone."""
    seeds = tmp_path_factory.mktemp("seeds")
    for folder in (abstracts.FILE.parent, opinions.FILE.parent, shards.PLACE):
        target = seeds / "datasets" / folder.relative_to(packed.DATASETS)
        shutil.copytree(folder, target)
    with running(seeds, tmp_path_factory.mktemp("state")) as running_hub:
        yield running_hub


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_the_first_rows_are_streamed(hub: Live, path: Path, tmp_path: Path) -> None:
    url = repository(path.parent) + PUBLISHED[path]
    printed = hub.python(FIRST.format(url=url), tmp_path).splitlines()
    rows = packed.rows(path)[:5]
    assert printed == [row["text"].strip().splitlines()[0] for row in rows]


def test_the_whole_pile_is_streamed(hub: Live, tmp_path: Path) -> None:
    code = PILE.format(url=repository(shards.PLACE))
    counts, meta = hub.python(code, tmp_path).splitlines()
    assert counts == "1200 40 40"
    assert meta == "{'pile_set_name': 'Pile-CC'}"
