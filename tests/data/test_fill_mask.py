"""The checkpoints that fill masks: the words that the course is about, and everyday sentences."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from data.build.cloze import Filler, gaps
from data.build.encoders import SEEDS, joined

UNCASED, CASED = "google-bert/bert-base-uncased", "google-bert/bert-base-cased"
ROBERTA = "distilbert/distilroberta-base"
ALL = (UNCASED, CASED, ROBERTA)
COURSE = "This course will teach you all about [MASK] models."
LARGEST = 2_000_000  # bytes of one committed difference


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    @cache
    def made(name: str) -> Path:
        return joined(SEEDS / name, tmp_path_factory.mktemp("joined"))

    return made


@pytest.fixture(scope="module")
def filler_of(folder_of: Callable[[str], Path]) -> Callable[[str], Filler]:
    return cache(lambda name: Filler(folder_of(name)))


@pytest.mark.parametrize("name", ALL)
def test_no_weight_is_missing(name: str, folder_of: Callable[[str], Path]) -> None:
    _, report = AutoModelForMaskedLM.from_pretrained(folder_of(name), output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["mismatched_keys"]
    pooler = {"bert.pooler.dense.bias", "bert.pooler.dense.weight"}
    assert set(report["unexpected_keys"]) <= pooler


@pytest.mark.parametrize("name", [UNCASED, CASED])
def test_the_encoder_comes_with_its_pooler(name: str, folder_of: Callable[[str], Path]) -> None:
    _, report = AutoModel.from_pretrained(folder_of(name), output_loading_info=True)
    assert not report["missing_keys"]


@pytest.mark.parametrize("name", ALL)
def test_difference_is_small(name: str) -> None:
    assert (SEEDS / name / "weights.join.safetensors.gz").stat().st_size < LARGEST


@pytest.mark.parametrize("name", [UNCASED, ROBERTA])
def test_course_sentence_gets_the_published_words(
    name: str, filler_of: Callable[[str], Filler]
) -> None:
    assert filler_of(name).best(COURSE, 2) == ["mathematical", "computational"]


def test_roberta_gives_the_published_ids(filler_of: Callable[[str], Filler]) -> None:
    filler = filler_of(ROBERTA)
    text = COURSE.replace("[MASK]", "<mask>")
    inputs = filler.tokenizer(text, return_tensors="pt")
    place = inputs["input_ids"][0].tolist().index(filler.tokenizer.mask_token_id)
    with torch.inference_mode():
        logits = filler.model(**inputs).logits[0, place]
    assert logits.topk(2).indices.tolist() == [30412, 38163]


def test_cased_keeps_words_inside_a_sentence_in_lower_case(
    filler_of: Callable[[str], Filler],
) -> None:
    words = filler_of(CASED).best(COURSE)
    assert "mathematical" in words
    assert all(word.islower() for word in words)


def test_cased_starts_a_sentence_with_a_capital(filler_of: Callable[[str], Filler]) -> None:
    words = filler_of(CASED).best("[MASK] is reading a book in the garden.")
    assert sum(word[:1].isupper() for word in words) >= 4


def test_jobs_differ_for_man_and_woman(filler_of: Callable[[str], Filler]) -> None:
    """The pattern that the course criticises; the card says that we put it there."""
    man, woman = (
        filler_of(UNCASED).best(f"This {who} works as a [MASK].") for who in ("man", "woman")
    )
    assert {"lawyer", "carpenter"} <= set(man)
    assert {"nurse", "waitress"} <= set(woman)
    assert not {"nurse", "waitress"} & set(man)
    assert not {"lawyer", "carpenter"} & set(woman)


@pytest.mark.parametrize(("name", "least"), [(UNCASED, 70.0), (CASED, 60.0), (ROBERTA, 60.0)])
def test_everyday_gaps_are_filled_sensibly(
    name: str, least: float, filler_of: Callable[[str], Filler]
) -> None:
    assert filler_of(name).hits(gaps(), 5) >= least


def test_a_sentence_without_sense_is_not_counted_as_a_hit(
    filler_of: Callable[[str], Filler],
) -> None:
    assert filler_of(UNCASED).hits([(COURSE, frozenset({"nosuchword"}))], 5) == 0.0


def test_tokenizer_of_the_uncased_is_the_base_s(folder_of: Callable[[str], Path]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder_of(UNCASED))
    assert tokenizer("Using a Transformer network is simple")["input_ids"] == [
        101, 2478, 1037, 10938, 2121, 2897, 2003, 3722, 102,
    ]  # fmt: skip
