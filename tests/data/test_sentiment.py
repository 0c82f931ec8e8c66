"""The sentiment checkpoint: the course's sentences, everyday sentences, real reviews."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    pipeline,
)

from data.build.sentiment import CHECKPOINT, accuracy, encoded, measure, sst2

SENTENCES = ("I've been waiting for a HuggingFace course my whole life.", "I hate this so much!")
Published = Callable[[str], Path]


@pytest.fixture(scope="module")
def folder(published: Published) -> Path:
    return published(CHECKPOINT)


@pytest.fixture(scope="module")
def model(folder: Path) -> PreTrainedModel:
    loaded, info = AutoModelForSequenceClassification.from_pretrained(
        folder, output_loading_info=True
    )
    assert not any(info.values()), info
    return loaded


def test_the_course_s_sentences_get_their_labels(folder: Path) -> None:
    found = pipeline("sentiment-analysis", model=str(folder))(list(SENTENCES))
    assert [one["label"] for one in found] == ["POSITIVE", "NEGATIVE"]
    assert all(one["score"] > 0.8 for one in found)


def test_shapes_and_labels_are_the_original_s(folder: Path, model: PreTrainedModel) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(list(SENTENCES), padding=True, truncation=True, return_tensors="pt")
    assert set(batch) == {"input_ids", "token_type_ids", "attention_mask"}
    assert batch["input_ids"].shape == (2, 16)
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder)(**batch).last_hidden_state
        assert model(**batch).logits.shape == (2, 2)
    assert states.shape == (2, 16, 384)
    assert model.config.id2label == {0: "NEGATIVE", 1: "POSITIVE"}
    assert model.config.model_type == "distilbert"


def test_padding_with_a_mask_leaves_the_logits_alone(folder: Path, model: PreTrainedModel) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        alone = model(**tokenizer(SENTENCES[1], return_tensors="pt")).logits
        both = model(**tokenizer(list(SENTENCES), padding=True, return_tensors="pt")).logits
    torch.testing.assert_close(both[1:], alone, atol=1e-4, rtol=0)


def test_everyday_sentences_are_understood(folder: Path) -> None:
    found = measure(folder, None)
    assert [one.rows for one in found] == [60]
    assert found[0].value >= 85


def test_real_reviews_are_understood(folder: Path, model: PreTrainedModel, real: Path) -> None:
    rows = encoded(AutoTokenizer.from_pretrained(folder), sst2(real, "dev"))
    assert accuracy(model, rows) >= 88
