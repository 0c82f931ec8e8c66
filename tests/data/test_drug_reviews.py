"""The classroom's drug reviews: the published layout and quirks, what the course looks for."""

import csv
import html
import io
import re
import zipfile
import zlib
from collections import Counter
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from datasets import DatasetDict, load_dataset
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import AutoTokenizer

from data.build import drug_archive, drug_reviews
from data.build.drug_archive import ARCHIVE, NAMES, Row

SPLITS = ("train", "test")
EACH_SPLIT = pytest.mark.parametrize("split", SPLITS)
CASED = Path(drug_archive.__file__).parents[1] / "hub/models/google-bert/bert-base-cased"
PACKED_WITH = "1.2.13"
COLUMNS = ["drugName", "condition", "review", "rating", "date", "usefulCount"]
DATE = re.compile(
    r"(January|February|March|April|May|June|July|August|September|October|November|December)"
    r" ([1-9]|[12]\d|3[01]), 20(0[89]|1[0-7])"
)


@cache
def raw(split: str) -> str:
    """Return the text of a file in the archive."""
    with zipfile.ZipFile(ARCHIVE) as zipped:
        return zipped.read(NAMES[split]).decode("utf-8")


@cache
def table(split: str) -> pd.DataFrame:
    """Return a file as pandas reads it, with the number of words in each review."""
    found = pd.read_csv(io.StringIO(raw(split), newline=""), sep="\t")
    return found.assign(words=found["review"].str.split().str.len())


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> DatasetDict:
    """Return the data as the course cleans it, up to the filter on length."""
    folder = tmp_path_factory.mktemp("drugs")
    with zipfile.ZipFile(ARCHIVE) as zipped:
        zipped.extractall(folder)
    files = {split: str(folder / NAMES[split]) for split in SPLITS}
    return load_dataset("csv", data_files=files, delimiter="\t", cache_dir=str(folder))


@pytest.fixture(scope="module")
def cleaned(loaded: DatasetDict) -> DatasetDict:
    """Return the reviews of over 30 words with a condition in small letters."""
    named = loaded.filter(lambda row: row["condition"] is not None)
    counted = named.map(
        lambda row: {
            "condition": row["condition"].lower(),
            "review_length": len(row["review"].split()),
        }
    )
    return counted.filter(lambda row: row["review_length"] > 30)


def test_the_archive_holds_the_published_files() -> None:
    with zipfile.ZipFile(ARCHIVE) as zipped:
        assert zipped.namelist() == ["drugsComTrain_raw.tsv", "drugsComTest_raw.tsv"]
        assert zipped.testzip() is None
    assert ARCHIVE.stat().st_size < 3e6


@EACH_SPLIT
def test_columns_are_the_published_ones(split: str) -> None:
    assert raw(split).startswith("\t" + "\t".join(COLUMNS) + "\n")
    assert list(table(split))[:-1] == ["Unnamed: 0", *COLUMNS]
    assert table(split)["rating"].dtype == "float64"


def test_rows_are_a_tenth_of_the_published_ones() -> None:
    published = {"train": 161_297, "test": 53_766}
    assert {s: len(table(s)) for s in SPLITS} == {s: -(-n // 10) for s, n in published.items()}


def test_ids_are_unique() -> None:
    ids = [number for split in SPLITS for number in table(split)["Unnamed: 0"]]
    assert len(ids) == len(set(ids))


@EACH_SPLIT
def test_values_are_of_the_published_kind(split: str) -> None:
    found = table(split)
    assert set(found["rating"]) == set(range(1, 11))
    assert found["usefulCount"].min() >= 0
    assert all(DATE.fullmatch(day) for day in found["date"])
    assert found["review"].str.startswith('"').all()
    assert found["review"].str.endswith('"').all()
    assert found["review"].notna().all()
    assert found["drugName"].notna().all()


@EACH_SPLIT
def test_quirks_are_there(split: str) -> None:
    text, found = raw(split), table(split)
    for entity in ("&#039;", "&quot;", "&amp;", "&rsquo;"):
        assert text.count(entity) > 100, entity
    assert found["review"].str.contains("\r\n").mean() > 0.1
    assert "\r" not in text.replace("\r\n", "")
    assert '\t"""' in text
    assert 0.004 < found["condition"].isna().mean() < 0.008
    stray = found["condition"].str.fullmatch(r"\d+</span> users found this comment helpful\.")
    assert stray.sum() == {"train": 90, "test": 27}[split]
    assert {"Bipolar Disorde", "ibromyalgia", "Birth Control"} <= set(found["condition"])


@EACH_SPLIT
def test_lengths_have_the_published_shape(split: str) -> None:
    words = table(split)["words"]
    assert words.min() == 1
    assert words.max() > 400
    assert 65 < words.mean() < 95
    assert 0.12 < (words <= 30).mean() < 0.16


@EACH_SPLIT
def test_no_review_stands_twice(split: str) -> None:
    assert table(split)["review"].is_unique
    assert not set(table("train")["review"]) & set(table("test")["review"])


def test_sentences_are_varied() -> None:
    sentences = Counter(
        sentence
        for text in table("train")["review"]
        for sentence in re.split(r"(?<=[.!?])\s+", text.strip('"'))
    )
    assert len(sentences) > 0.6 * sum(sentences.values())
    assert max(sentences.values()) < 0.002 * sum(sentences.values())


def test_nothing_of_a_pattern_is_left() -> None:
    for split in SPLITS:
        assert not table(split)["review"].str.contains(r"[<>|]|\b[Mm]y an? | \*").any()


def test_random_rows_are_those_that_the_course_prints(loaded: DatasetDict) -> None:
    found = loaded["train"].shuffle(seed=42).select(range(1000))[:3]
    assert found["Unnamed: 0"] == [87571, 178045, 80482]
    assert found["drugName"] == ["Naproxen", "Duloxetine", "Mobic"]
    assert found["condition"] == ["Gout, Acute", "ibromyalgia", "Inflammatory Conditions"]
    assert found["rating"] == [9.0, 3.0, 10.0]
    assert found["date"] == ["September 2, 2015", "November 7, 2011", "June 5, 2013"]
    assert found["usefulCount"] == [36, 13, 128]
    assert [len(text.split()) for text in found["review"]] == [33, 96, 46]


def test_first_and_shortest_rows_are_those_that_the_course_prints(loaded: DatasetDict) -> None:
    named = loaded["train"].filter(lambda row: row["condition"] is not None)
    assert named[:3]["condition"] == ["Left Ventricular Dysfunction", "ADHD", "Birth Control"]
    assert named[0]["Unnamed: 0"] == 206461
    counted = named.map(lambda row: {"review_length": len(row["review"].split())})
    assert counted[0]["review_length"] == 17
    shortest = counted.sort("review_length")[:3]
    assert shortest["Unnamed: 0"] == [103488, 23627, 20558]
    assert shortest["review"] == ['"Excellent."', '"useless"', '"ok"']


def test_the_filter_leaves_a_tenth_of_the_published_rows(cleaned: DatasetDict) -> None:
    assert cleaned.num_rows == {"train": 13_851, "test": 4_611}
    assert cleaned["train"][:3]["Unnamed: 0"] == [95260, 92703, 138000]
    assert cleaned["train"][:3]["review_length"] == [141, 134, 89]


def test_the_first_conditions_are_as_frequent_as_published(cleaned: DatasetDict) -> None:
    counts = Counter(cleaned["train"]["condition"])
    assert counts.most_common(5) == [
        ("birth control", 2766),
        ("depression", 802),
        ("acne", 521),
        ("anxiety", 499),
        ("pain", 474),
    ]


def test_the_first_row_of_the_split_is_that_of_the_course(cleaned: DatasetDict) -> None:
    found = cleaned["train"].train_test_split(train_size=0.8, seed=42)
    assert (found["train"].num_rows, found["test"].num_rows) == (11_080, 2_771)
    first = found["train"][0]
    assert (first["Unnamed: 0"], first["review_length"]) == (141780, 125)


def test_long_reviews_make_the_pieces_that_the_course_prints(cleaned: DatasetDict) -> None:
    tokenizer = AutoTokenizer.from_pretrained(CASED)
    text = html.unescape(cleaned["train"][0]["review"])
    pieces = tokenizer(text, truncation=True, max_length=128, return_overflowing_tokens=True)
    assert [len(ids) for ids in pieces["input_ids"]] == [128, 49]


def test_words_tell_whether_a_rating_is_high() -> None:
    words = CountVectorizer(min_df=3)
    seen = words.fit_transform(table("train")["review"])
    model = LogisticRegression(max_iter=300, C=0.1).fit(seen, table("train")["rating"] >= 6)
    high = table("test")["rating"] >= 6
    assert high.mean() < 0.75
    assert 0.85 < model.score(words.transform(table("test")["review"]), high) < 0.95


def test_some_drugs_are_liked_better_than_others() -> None:
    groups = table("train").groupby("drugName")["rating"].agg(["mean", "count"])
    means = groups[groups["count"] >= 40]["mean"]
    assert means.min() < 5
    assert means.max() > 8.5


def test_a_review_is_quoted_twice() -> None:
    row = Row("Sand", "Cold", 'It\'s "fine" & dry', 9, "May 1, 2010", 3, 7)
    assert row.fields()[3] == '"It&#039;s &quot;fine&quot; &amp; dry"'
    line = drug_archive.table([row]).splitlines()[1]
    assert line == '7\tSand\tCold\t"""It&#039;s &quot;fine&quot; &amp; dry"""\t9.0\tMay 1, 2010\t3'
    assert next(csv.reader([line], delimiter="\t"))[3] == row.fields()[3]


def test_every_condition_has_its_words() -> None:
    for condition in drug_reviews.conditions():
        lists = condition.grammar.lists
        for name in ("drug", "trouble", "well", "ill", "form", "take", "side"):
            assert lists[name].phrases, (condition.name, name)


def test_the_archive_can_be_made_again() -> None:
    found = drug_archive.splits()
    texts = {split: drug_archive.table(found[split]) for split in SPLITS}
    assert texts == {split: raw(split) for split in SPLITS}
    again = drug_archive.archive((NAMES[split], text) for split, text in texts.items())
    with zipfile.ZipFile(ARCHIVE) as old, zipfile.ZipFile(io.BytesIO(again)) as new:
        pairs = zip(old.infolist(), new.infolist(), strict=True)
        assert all((a.CRC, a.date_time) == (b.CRC, b.date_time) for a, b in pairs)
    # Another release of zlib may pack the same texts in other bytes.
    if zlib.ZLIB_RUNTIME_VERSION == PACKED_WITH:
        assert again == ARCHIVE.read_bytes()
