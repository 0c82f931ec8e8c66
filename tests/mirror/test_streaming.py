"""Packed JSON Lines are streamed from the mirror by the real client."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.build import packed, shards
from tests.hub.conftest import Live, running

PLACE = "corpus.example.org/shards/00.jsonl.zst"
FIRST = """
from itertools import islice
from datasets import load_dataset
rows = load_dataset("json", data_files="{url}", split="train", streaming=True)
for row in islice(rows, 5):
    print(row["text"].strip().splitlines()[0])
"""


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A Hub without seeds that mirrors one packed file of another host."""
    seeds, state, web = (tmp_path_factory.mktemp(name) for name in ("seeds", "state", "web"))
    target = web / PLACE
    target.parent.mkdir(parents=True)
    shutil.copy(shards.PLACE / "train/00.jsonl.zst", target)
    with running(seeds, state, "--mirror", str(web)) as hub:
        yield hub


def test_the_first_rows_are_streamed(mirror: Live, tmp_path: Path) -> None:
    # `datasets` takes an address that begins as HF_ENDPOINT does for a file of the Hub, so the
    # mirror has to be reached by another name.
    url = f"{mirror.url.replace('127.0.0.1', 'localhost')}/web/{PLACE}"
    printed = mirror.python(FIRST.format(url=url), tmp_path).splitlines()
    rows = packed.rows(shards.PLACE / "train/00.jsonl.zst")[:5]
    assert printed == [row["text"].strip().splitlines()[0] for row in rows]
