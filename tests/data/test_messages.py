"""The classroom's text messages: the published layout, quotes that break a careless reader."""

import csv
import io
import re
import zipfile
import zlib
from collections import Counter

import pandas as pd
import pytest
from datasets import load_dataset
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from data.build import messages
from data.build.messages import ARCHIVE, TABLE

PACKED_WITH = "1.2.13"
# Kept free for drama by the British regulator: no call gets through.
FREE_NUMBERS = re.compile(r"(0909 8790|08081 570|07700 900|01632 960)\d{3}")
LONG_NUMBER = re.compile(r"\d[\d ]{6,}\d")
ADDRESS = re.compile(r"\b(?:www|wap)\.\S+|https?:\S+|\S+\.(?:com|net|org|co\.uk)\b")


def text() -> str:
    """Return the text of the table."""
    with zipfile.ZipFile(ARCHIVE) as zipped:
        return zipped.read(TABLE).decode("utf-8")


def rows() -> list[list[str]]:
    """Return label and message of each line."""
    return [line.split("\t") for line in text().splitlines()]


def table(quoting: int) -> pd.DataFrame:
    """Return the table as pandas reads it."""
    names = ["label", "message"]
    return pd.read_csv(io.StringIO(text()), sep="\t", names=names, quoting=quoting)


def addresses(message: str) -> list[str]:
    """Return the web addresses that may lead somewhere."""
    return [one for one in ADDRESS.findall(message) if not one.strip(".,:").endswith(".example")]


def numbers(message: str) -> list[str]:
    """Return the long numbers that may be somebody's."""
    return [one for one in LONG_NUMBER.findall(message) if not FREE_NUMBERS.fullmatch(one)]


def test_the_archive_holds_the_published_files() -> None:
    with zipfile.ZipFile(ARCHIVE) as zipped:
        assert zipped.namelist() == ["SMSSpamCollection", "readme"]
        assert zipped.testzip() is None
    assert ARCHIVE.stat().st_size < 30_000


def test_every_line_is_a_label_a_tab_and_a_message() -> None:
    assert {len(row) for row in rows()} == {2}
    assert all(message.strip() == message != "" for _, message in rows())


def test_labels_are_as_frequent_as_published() -> None:
    counts = Counter(label for label, _ in rows())
    assert counts == {"ham": 483, "spam": 75}
    assert counts["spam"] / counts.total() == pytest.approx(747 / 5574, abs=0.001)


def test_a_careless_reader_loses_rows() -> None:
    careful, careless = table(csv.QUOTE_NONE), table(csv.QUOTE_MINIMAL)
    assert len(careful) == 558
    assert len(careless) == 555
    assert careful["message"].tolist() == [message for _, message in rows()]
    assert careless["message"].str.contains("\nham\t").sum() == 2


def test_quirks_are_there() -> None:
    found = text()
    for mark in ("&lt;#&gt;", "&amp;", "£", " ur ", " 2 "):
        assert found.count(mark) >= 5, mark
    assert sum(message.startswith('"') for _, message in rows()) >= 5


def test_nothing_leads_anywhere() -> None:
    for _, message in rows():
        assert addresses(message) == []
        assert numbers(message) == []


def test_what_leads_somewhere_is_found() -> None:
    assert addresses("see www.prize.com now") == ["www.prize.com"]
    assert numbers("ring 020 7946 0018") == ["020 7946 0018"]
    assert numbers("ring 0909 8790045") == []


def test_messages_are_varied() -> None:
    found = [message.lower() for _, message in rows()]
    assert len(set(found)) == len(found)
    openings = Counter(" ".join(message.split()[:4]) for message in found)
    assert max(openings.values()) <= 10
    assert not any(re.search(r"[<>|]", message) for message in found)


def test_words_tell_spam_from_ham() -> None:
    labels, texts = zip(*rows(), strict=True)
    seen = CountVectorizer().fit_transform(texts)
    model = LogisticRegression(max_iter=300)
    assert cross_val_score(model, seen, labels, cv=3, scoring="balanced_accuracy").mean() > 0.95


def test_hasty_typing() -> None:
    assert messages.shortened("Please see what you are to do") == "Please c wat u r 2 do"
    assert messages.shortened("together") == "together"


def test_the_archive_can_be_made_again() -> None:
    again = messages.built()
    with zipfile.ZipFile(io.BytesIO(again)) as zipped:
        assert zipped.read(TABLE).decode("utf-8") == text()
        assert zipped.read("readme").decode("utf-8") == messages.note()
    # Another release of zlib may pack the same texts in other bytes.
    if zlib.ZLIB_RUNTIME_VERSION == PACKED_WITH:
        assert again == ARCHIVE.read_bytes()


def test_it_loads_out_of_its_archive(tmp_path: object) -> None:
    found = load_dataset(
        "csv", data_files=f"zip://{TABLE}::{ARCHIVE}", delimiter="\t", quoting=csv.QUOTE_NONE,
        column_names=["label", "message"], split="train", cache_dir=str(tmp_path),
    )  # fmt: skip
    assert found.num_rows == 558
