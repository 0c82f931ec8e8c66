"""The functions of 5.4 on real PubMed abstracts and real court opinions, unchanged.

The samples are not part of this repository. Without them the tests are skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
import timeit
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from datasets import Dataset, IterableDataset, interleave_datasets, load_dataset
from transformers import AutoTokenizer

from setup.checkpoints import base_folder
from tests.notebooks.pieces import functions, written
from tests.realdata import real_data

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "5_datasets" / "04_big_data.ipynb"
NAMES = (
    "write_lines", "arrow_files", "measured", "read_all", "read_some", "gigabytes_per_second",
    "tokenize", "order", "common", "named",
)  # fmt: skip
SAMPLES = {
    "PubMed": ("PUBMED_title_abstracts.head100.jsonl", 100),
    "FreeLaw": ("FreeLaw_Opinions.head2.jsonl", 2),
}


@pytest.fixture(scope="module")
def code() -> SimpleNamespace:
    """Return the notebook's functions; the base encoder has the tokenizer of distilbert."""
    around: dict[str, Any] = {
        "json": json, "cycle": cycle, "subprocess": subprocess, "sys": sys, "calls": [],
        "timeit": timeit, "Dataset": Dataset,
        "tokenizer": AutoTokenizer.from_pretrained(str(base_folder())),
    }  # fmt: skip
    exec(functions(NOTEBOOK, *NAMES), around)
    return SimpleNamespace(calls=around["calls"], **{name: around[name] for name in NAMES})


@pytest.fixture
def files() -> dict[str, str]:
    """Return the paths of the real samples."""
    return {name: str(real_data("samples", file)) for name, (file, _) in SAMPLES.items()}


def streamed(path: str) -> IterableDataset:
    return load_dataset("json", data_files=path, split="train", streaming=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder that has the notebook's program, as the notebook does."""
    (tmp_path / "measure.py").write_text(written(NOTEBOOK, "measure.py"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", SAMPLES)
def test_memory_is_measured_on_real_rows(
    code: SimpleNamespace, files: dict[str, str], here: Path, name: str
) -> None:
    cache = str(here / "cache")
    rows = load_dataset("json", data_files=files[name], split="train", cache_dir=cache)
    assert len(rows) == SAMPLES[name][1]
    code.write_lines("many.jsonl", [{"text": text} for text in rows["text"]], 0.02)
    assert 20_000_000 < (here / "many.jsonl").stat().st_size < 20_100_000
    many = load_dataset("json", data_files="many.jsonl", split="train", cache_dir=cache)
    mapped = code.measured("mapped", *code.arrow_files(many))
    by_pandas = code.measured("pandas", "many.jsonl")
    assert mapped["rows"] == by_pandas["rows"] == len(many)
    assert mapped["private"] < by_pandas["private"]


def test_speed_is_measured_on_real_rows(
    code: SimpleNamespace, files: dict[str, str], tmp_path: Path
) -> None:
    rows = load_dataset(
        "json", data_files=files["PubMed"], split="train", cache_dir=str(tmp_path / "cache")
    )
    code.read_all(rows)
    assert code.gigabytes_per_second(rows, 10) > 0


def test_real_rows_are_tokenized_by_batches(code: SimpleNamespace, files: dict[str, str]) -> None:
    stream = streamed(files["PubMed"]).map(
        code.tokenize, batched=True, batch_size=8, remove_columns=["meta", "text"]
    )
    row = next(iter(stream))
    assert code.calls == [8]
    assert "text" not in row
    assert 50 < len(row["input_ids"]) <= 512


def test_a_split_of_real_rows_leaks_when_shuffled_first(
    code: SimpleNamespace, files: dict[str, str]
) -> None:
    def numbered(row: dict[str, Any], place: int) -> dict[str, int]:
        return {"position": place}

    rows = streamed(files["PubMed"]).map(numbered, with_indices=True)
    shuffled = rows.shuffle(seed=42, buffer_size=50)
    assert code.common(shuffled.skip(20), shuffled.take(20)) == 0
    other = rows.shuffle(seed=43, buffer_size=50)
    assert code.common(other.skip(20), shuffled.take(20)) > 0
    train = rows.skip(20).shuffle(seed=42, buffer_size=50)
    assert code.common(train, rows.take(20)) == 0


def test_real_sources_mix_under_their_names(code: SimpleNamespace, files: dict[str, str]) -> None:
    sources = [streamed(path) for path in files.values()]
    with pytest.raises(TypeError, match="Couldn't cast"):
        list(interleave_datasets(sources))
    streams: Iterator[IterableDataset] = (
        code.named(streamed(path), name) for name, path in files.items()
    )
    mixed = list(islice(interleave_datasets(list(streams)), 4))
    assert [row["source"] for row in mixed] == ["PubMed", "FreeLaw"] * 2
    assert all(len(row["text"]) > 100 for row in mixed)
