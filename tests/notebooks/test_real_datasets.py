"""The functions of 5.2 on the real SQuAD-it test file, taken out of their cells unchanged.

The file is not part of this repository. Without it the test is skipped.
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import urlretrieve

import pytest
from datasets import Dataset, load_dataset

from tests.notebooks.pieces import functions
from tests.realdata import real_data

NOTEBOOK = "02_datasets_from_anywhere.ipynb"
CHAPTER = Path(__file__).parents[2] / "notebooks" / "5_datasets"
NAMES = ("fetch", "unpack", "to_lines", "count_questions")
FILE = "web/github.com/crux82/squad-it/raw/master/SQuAD_it-test.json.gz"


@pytest.fixture(scope="module")
def code() -> SimpleNamespace:
    """Return the notebook's functions."""
    around: dict[str, Any] = {
        "Path": Path, "urlretrieve": urlretrieve, "gzip": gzip, "shutil": shutil, "json": json,
    }  # fmt: skip
    exec(functions(CHAPTER / NOTEBOOK, *NAMES), around)
    return SimpleNamespace(**{name: around[name] for name in NAMES})


@pytest.fixture
def packed(code: SimpleNamespace, tmp_path: Path) -> Path:
    """Return a copy of the real file, fetched as the notebook fetches it."""
    found: Path = code.fetch(real_data(FILE).resolve().as_uri(), tmp_path)
    return found


def loaded(path: Path, tmp_path: Path, **options: object) -> Dataset:
    """Return the rows of a JSON file, through a cache of its own."""
    cache = str(tmp_path / "cache")
    return load_dataset("json", data_files=str(path), split="train", cache_dir=cache, **options)


def test_the_course_s_code_loads_the_real_squad_it(
    code: SimpleNamespace, packed: Path, tmp_path: Path
) -> None:
    plain = code.unpack(packed)
    assert f"{1 - packed.stat().st_size / plain.stat().st_size:.3f}" == "0.875"
    articles = loaded(packed, tmp_path, field="data")
    assert articles.num_rows == 48
    assert set(articles.column_names) == {"title", "paragraphs"}
    assert articles.to_list() == loaded(plain, tmp_path, field="data").to_list()
    assert sum(articles.map(code.count_questions)["questions"]) == 7609


def test_the_real_squad_it_as_json_lines(
    code: SimpleNamespace, packed: Path, tmp_path: Path
) -> None:
    plain, lines = code.unpack(packed), tmp_path / "test.jsonl"
    assert code.to_lines(plain, lines, field="data") == 48
    nested = loaded(plain, tmp_path, field="data")
    assert loaded(lines, tmp_path).to_list() == nested.to_list()


def test_a_forgotten_field_wraps_the_real_articles(
    code: SimpleNamespace, packed: Path, tmp_path: Path
) -> None:
    assert loaded(code.unpack(packed), tmp_path).column_names == ["data", "version"]
