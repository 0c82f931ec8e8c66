"""Packed JSON Lines are streamed from the mirror by the real client, as the chapter does it."""

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


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A Hub without seeds that mirrors the repository's own files of the web."""
    with running(tmp_path_factory.mktemp("seeds"), tmp_path_factory.mktemp("state")) as hub:
        yield hub


def address(hub: Live, path: Path) -> str:
    """Return the address under which the mirror serves a file of data/web.

    `datasets` takes an address that begins as HF_ENDPOINT does for a file of the Hub, so the
    mirror has to be reached by another name.
    """
    web = packed.WEB.parents[2]
    origin = hub.url.replace("127.0.0.1", "localhost")
    return f"{origin}/web/{path.relative_to(web).as_posix()}"


def heading(text: str) -> str:
    """Return the first line that is not empty."""
    return text.strip().splitlines()[0]


@pytest.mark.parametrize("path", [abstracts.FILE, opinions.FILE], ids=lambda path: path.name)
def test_the_first_rows_are_streamed(mirror: Live, path: Path, tmp_path: Path) -> None:
    printed = mirror.python(FIRST.format(url=address(mirror, path)), tmp_path).splitlines()
    assert printed == [heading(row["text"]) for row in packed.rows(path)[:5]]


def test_the_whole_pile_is_streamed(mirror: Live, tmp_path: Path) -> None:
    url = address(mirror, shards.PLACE) + "/"
    counts, meta = mirror.python(PILE.format(url=url), tmp_path).splitlines()
    assert counts == "1200 40 40"
    assert meta == "{'pile_set_name': 'Pile-CC'}"
