"""The notebook's own functions on real drug reviews: the first 300 of the published file.

Takes the functions of 5.3 out of their cells and runs them unchanged on the real rows, which are
not part of this repository. Without them the tests are skipped.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from datasets import Dataset, DatasetDict, load_dataset
from transformers import AutoTokenizer
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from tests.notebooks.pieces import functions
from tests.realdata import real_data

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "5_datasets" / "03_slicing_and_dicing.ipynb"
CASED = ROOT / "data" / "hub" / "models" / "google-bert" / "bert-base-cased"
SAMPLE = "samples/drugsComTrain_raw.head300.tsv"
NAMES = (
    "filter_nones", "lowercase_condition", "compute_review_length", "unescape_reviews",
    "tokenize_function", "slow_tokenize_function", "tokenize_and_split",
    "condition_frequencies", "mean_ratings",
)  # fmt: skip
ENTITY = re.compile(r"&#?\w+;")


@pytest.fixture(scope="module")
def code() -> SimpleNamespace:
    """Return the notebook's functions, with the two tokenizers that they use."""
    around: dict[str, Any] = {
        "html": html,
        "tokenizer": AutoTokenizer.from_pretrained(CASED),
        "slow_tokenizer": BertTokenizerLegacy(  # type: ignore[no-untyped-call]
            str(CASED / "vocab.txt"), do_lower_case=False, model_max_length=512
        ),
    }
    exec(functions(NOTEBOOK, *NAMES), around)
    return SimpleNamespace(**{name: around[name] for name in (*NAMES, "tokenizer")})


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return the real rows as the notebook loads them, or skip."""
    file = real_data(SAMPLE)
    cache = str(tmp_path_factory.mktemp("cache"))
    found: DatasetDict = load_dataset(
        "csv", data_files={"train": str(file)}, delimiter="\t", cache_dir=cache
    )
    return found["train"].rename_column("Unnamed: 0", "patient_id")


@pytest.fixture(scope="module")
def cleaned(raw: Dataset, code: SimpleNamespace) -> Dataset:
    """Return what the notebook's steps make of the real rows, before long texts are cut."""
    named = raw.filter(code.filter_nones).map(code.lowercase_condition)
    counted = named.map(code.compute_review_length)
    long = counted.filter(lambda row: row["review_length"] > 30)
    return long.map(code.unescape_reviews, batched=True)


def test_the_real_rows_are_what_the_course_describes(raw: Dataset) -> None:
    assert raw.num_rows == 300
    assert len(raw.unique("patient_id")) == 300
    assert raw[0]["patient_id"] == 206461
    assert raw[0]["drugName"] == "Valsartan"
    assert [row for row, name in enumerate(raw["condition"]) if name is None] == [23, 111]
    assert sum("</span>" in (name or "") for name in raw["condition"]) == 3


def test_rows_without_a_condition_stop_the_map_and_are_filtered(
    raw: Dataset, code: SimpleNamespace
) -> None:
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'lower'"):
        raw.map(code.lowercase_condition)
    named = raw.filter(code.filter_nones)
    assert named.num_rows == 298
    small = named.map(code.lowercase_condition)["condition"][:]
    assert small[:3] == ["left ventricular dysfunction", "adhd", "birth control"]
    assert small == [name.lower() for name in named["condition"]]


def test_words_are_counted_as_published(raw: Dataset, code: SimpleNamespace) -> None:
    counted = raw.map(code.compute_review_length)
    assert counted["review_length"][:3] == [17, 141, 134]
    assert min(counted["review_length"]) == 2
    assert max(counted["review_length"]) == 157
    assert sum(length > 30 for length in counted["review_length"]) == 258


def test_no_code_for_a_character_is_left(raw: Dataset, code: SimpleNamespace) -> None:
    before = " ".join(raw["review"])
    after = raw.map(code.unescape_reviews, batched=True)
    assert len(ENTITY.findall(before)) == 508
    assert before.count("&#039;") == 440
    assert not any(map(ENTITY.search, after["review"]))
    one_by_one = raw.map(lambda row: {"review": html.unescape(row["review"])})
    assert after["review"][:] == one_by_one["review"][:]
    assert sum("\r\n" in text for text in after["review"]) == 33


def test_both_tokenizers_give_the_same_ids(cleaned: Dataset, code: SimpleNamespace) -> None:
    fast = cleaned.map(code.tokenize_function, batched=True)
    slow = cleaned.map(code.slow_tokenize_function, batched=True)
    assert fast["input_ids"][:] == slow["input_ids"][:]
    assert fast["attention_mask"][:] == slow["attention_mask"][:]


def test_the_first_review_makes_the_published_pieces(
    cleaned: Dataset, code: SimpleNamespace
) -> None:
    pieces = code.tokenize_and_split(cleaned[:1])
    assert [len(ids) for ids in pieces["input_ids"]] == [128, 49]


def test_pieces_keep_the_values_of_their_rows(cleaned: Dataset, code: SimpleNamespace) -> None:
    pieces = cleaned.map(code.tokenize_and_split, batched=True, batch_size=100)
    assert pieces.num_rows > cleaned.num_rows
    rows = {row["patient_id"]: row for row in cleaned}
    joined: dict[int, list[int]] = {}
    for piece in pieces:
        row = rows[piece["patient_id"]]
        assert {name: piece[name] for name in row} == row
        assert len(piece["input_ids"]) <= 128
        joined.setdefault(piece["patient_id"], []).extend(piece["input_ids"][1:-1])
    whole = code.tokenizer(cleaned["review"][:], add_special_tokens=False)["input_ids"]
    assert joined == dict(zip(cleaned["patient_id"], whole, strict=True))


def test_tables_count_what_lists_count(cleaned: Dataset, code: SimpleNamespace) -> None:
    frame = cleaned.to_pandas()
    names = cleaned["condition"][:]
    counts = code.condition_frequencies(frame)
    assert list(counts.columns) == ["condition", "frequency"]
    assert counts["frequency"].sum() == cleaned.num_rows
    assert dict(zip(*(counts[name] for name in counts), strict=True)) == {
        name: names.count(name) for name in names
    }
    means = code.mean_ratings(frame).set_index("drugName")
    for drug in cleaned.unique("drugName"):
        ratings = [row["rating"] for row in cleaned if row["drugName"] == drug]
        assert means.loc[drug, "count"] == len(ratings)
        assert means.loc[drug, "mean"] == pytest.approx(sum(ratings) / len(ratings))


def test_the_most_frequent_condition_is_the_published_one(
    cleaned: Dataset, code: SimpleNamespace
) -> None:
    first = code.condition_frequencies(cleaned.to_pandas()).iloc[0]
    assert first["condition"] == "birth control"
    assert first["frequency"] == 47
