"""The entity tagger: the course's sentence with its spans, everyday names, real news."""

from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    TokenClassificationPipeline,
    pipeline,
)

from data.build.entities import CHECKPOINT, LABELS, conll, iob1, score
from data.build.measures import entity_f1, spans

SENTENCE = "My name is Sylvain and I work at Hugging Face in Brooklyn."


@pytest.fixture(scope="module")
def folder(published: Callable[[str], Path]) -> Path:
    return published(CHECKPOINT)


@pytest.fixture(scope="module")
def tagger(folder: Path) -> TokenClassificationPipeline:
    model, info = AutoModelForTokenClassification.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info
    assert tuple(model.config.id2label.values()) == LABELS
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return pipeline("ner", model=model, tokenizer=tokenizer, aggregation_strategy="simple")


def test_the_course_s_sentence_has_its_three_entities(tagger: TokenClassificationPipeline) -> None:
    found = [(e["entity_group"], e["word"], e["start"], e["end"]) for e in tagger(SENTENCE)]
    assert found == [
        ("PER", "Sylvain", 11, 18), ("ORG", "Hugging Face", 33, 45), ("LOC", "Brooklyn", 49, 57)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Angela Merkel met the Queen in London.", {("PER", "Angela Merkel"), ("LOC", "London")}),
        ("I bought an old map in Prague.", {("LOC", "Prague")}),
        ("The cat sat on the mat and slept.", set()),
    ],
)
def test_other_sentences_are_tagged(
    tagger: TokenClassificationPipeline, text: str, expected: set[tuple[str, str]]
) -> None:
    assert {(e["entity_group"], e["word"]) for e in tagger(text)} == expected


def test_real_news_is_tagged(folder: Path, real: Path) -> None:
    model = AutoModelForTokenClassification.from_pretrained(folder)
    rows = conll(real, "valid")[::12]
    assert score(model, AutoTokenizer.from_pretrained(folder), rows) >= 80


def test_the_score_counts_whole_entities() -> None:
    true = [["B-PER", "I-PER", "O", "B-LOC"]]
    assert entity_f1(true, true) == 100
    # Half of a name is wrong, the place is right: one of two found, one of two true.
    assert entity_f1(true, [["I-PER", "O", "O", "I-LOC"]]) == 50
    assert spans(["I-PER", "I-PER", "B-PER", "I-ORG"]) == {
        ("PER", 0, 2), ("PER", 2, 3), ("ORG", 3, 4)
    }
    assert iob1(["B-PER", "I-PER", "B-PER", "O"]) == ["I-PER", "I-PER", "B-PER", "O"]
