"""sshleifer/distilbart-cnn-12-6: short, faithful and whole sentences, on unseen paragraphs."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoModelForSeq2SeqLM

from data.build.summarization import held_out, shortened, words

PARAGRAPHS = held_out()
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(published: Callable[[str], Path]) -> Path:
    return published("sshleifer/distilbart-cnn-12-6")


@pytest.fixture(scope="module")
def found(checkpoint: Path) -> list[tuple[str, str]]:
    chosen = PARAGRAPHS[:12]
    return list(zip(chosen, shortened(checkpoint, chosen), strict=True))


def test_loads_without_missing_or_unexpected_keys(checkpoint: Path) -> None:
    _, info = AutoModelForSeq2SeqLM.from_pretrained(checkpoint, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]


def test_enough_paragraphs_to_measure() -> None:
    assert len(PARAGRAPHS) >= 40


def test_engineers(found: list[tuple[str, str]]) -> None:
    text, summary = found[0]
    assert 8 <= len(words(summary)) <= len(words(text)) / 2
    assert "engineer" in summary


def test_shorter_than_the_text(found: list[tuple[str, str]]) -> None:
    assert all(len(summary) < 0.8 * len(text) for text, summary in found)


def test_words_come_from_the_text(found: list[tuple[str, str]]) -> None:
    shares = []
    for text, summary in found:
        known = set(words(text))
        shares.append(sum(word in known for word in words(summary)) / len(words(summary)))
    assert sum(shares) / len(shares) >= 0.97
    assert min(shares) >= 0.85


def test_whole_sentences(found: list[tuple[str, str]]) -> None:
    whole = [bool(re.fullmatch(r"[A-Z0-9\"].*[.!?\"]", summary)) for _, summary in found]
    assert sum(whole) >= 0.9 * len(whole)
