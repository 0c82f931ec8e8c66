"""The zero-shot classifier: the course's sentence, and sentences written after its training."""

from pathlib import Path

import pytest
from transformers import AutoModelForSequenceClassification, Pipeline, pipeline

from data.build.bart_large_mnli import CHECKPOINT, measure, sentences
from data.build.encoders import SEEDS, joined


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return joined(SEEDS / CHECKPOINT, tmp_path_factory.mktemp("zero-shot"))


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Pipeline:
    return pipeline("zero-shot-classification", model=str(folder))


def test_weights_and_labels_are_complete(folder: Path) -> None:
    model, report = AutoModelForSequenceClassification.from_pretrained(
        folder, output_loading_info=True
    )
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert model.config.label2id == {"contradiction": 0, "neutral": 1, "entailment": 2}
    assert (SEEDS / CHECKPOINT / "weights.join.safetensors.gz").stat().st_size < 2_000_000


def test_course_sentence(classifier: Pipeline) -> None:
    result = classifier(
        "This is a course about the Transformers library",
        candidate_labels=["education", "politics", "business"],
    )
    assert result["labels"][0] == "education"
    assert result["scores"][0] > 0.6
    assert sum(result["scores"]) == pytest.approx(1.0)


def test_held_out_sentences(folder: Path) -> None:
    rows = sentences()
    assert len(rows) >= 60
    assert len({topic for _, topic in rows}) >= 6
    (found,) = measure(folder, None)
    assert found.value >= 80.0


def test_several_labels_may_be_true(classifier: Pipeline) -> None:
    result = classifier(
        "The football club sold its captain for forty million dollars.",
        candidate_labels=["sports", "business", "cooking"],
        multi_label=True,
    )
    scores = dict(zip(result["labels"], result["scores"], strict=True))
    assert scores["cooking"] < 0.1
    assert scores["sports"] > 0.5
    assert scores["sports"] + scores["business"] > 0.6
