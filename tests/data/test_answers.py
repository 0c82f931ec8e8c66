"""The question answerer: the course's question, and paragraphs that it never saw."""

from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from data.build.answers import CHECKPOINT, answer, measure
from data.build.measures import exact, overlap_f1

CONTEXT = "My name is Sylvain and I work at Hugging Face in Brooklyn"


@pytest.fixture(scope="module")
def folder(published: Callable[[str], Path]) -> Path:
    return published(CHECKPOINT)


def test_the_course_s_question_has_its_span(folder: Path) -> None:
    model, info = AutoModelForQuestionAnswering.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info
    found = answer(model, AutoTokenizer.from_pretrained(folder), "Where do I work?", CONTEXT)
    assert found == "Hugging Face"
    assert CONTEXT.index(found) == 33


def test_the_input_is_what_full_size_checkpoints_get(folder: Path) -> None:
    batch = AutoTokenizer.from_pretrained(folder)("Where do I work?", CONTEXT)
    assert set(batch) == {"input_ids", "token_type_ids", "attention_mask"}
    assert batch["input_ids"].count(102) == 2


def test_unseen_paragraphs_are_answered(folder: Path) -> None:
    by_metric = {found.metric: found for found in measure(folder, None)}
    assert by_metric["exact match"].rows >= 100
    assert by_metric["exact match"].value >= 60


def test_exact_match_forgives_articles_case_and_punctuation_only() -> None:
    assert exact("The Black Forest.", ["black forest"])
    assert not exact("Forest", ["black forest"])
    assert overlap_f1("old black forest", ["black forest"]) == pytest.approx(0.8)
    assert overlap_f1("sea", ["black forest"]) == 0
