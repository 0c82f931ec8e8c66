"""The small google-bert/bert-base-uncased: how it starts, and that it can be taught in seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModel

from data.build.bert_base_uncased import CHECKPOINT, MappedWords, Student, principal
from data.build.encoders import uncased_tokenizer
from data.build.overlap import measured
from data.build.paraphrases import splits
from data.build.trials import trial

AHEAD = 8.0  # points of accuracy
FIRST, SECOND = "The storm hit the coast of Peru .", "Peru saw its coast hit by the storm ."


@pytest.fixture(scope="module")
def best_baseline() -> float:
    """The best of all that only counts words, on validation, in percent."""
    rows = splits()
    return 100 * max(measured(rows["train"], rows["validation"]).values())


def test_its_shape_is_that_of_bert_tiny(published: Callable[[str], Path]) -> None:
    model = AutoModel.from_pretrained(published(CHECKPOINT))
    assert (model.config.hidden_size, model.config.num_hidden_layers) == (128, 2)
    assert model.num_parameters() == 4_385_920


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("seed", range(5))
def test_fine_tuned_it_beats_what_counts_words(
    seed: int, best_baseline: float, published: Callable[[str], Path]
) -> None:
    accuracy, f1 = trial("mrpc", published(CHECKPOINT), seed)
    assert accuracy >= best_baseline + AHEAD
    assert f1 >= 84.0


def heads_at_start() -> torch.Tensor:
    """Attention of the first layer [heads, tokens, tokens] before any training."""
    tokenizer = uncased_tokenizer()
    inputs = tokenizer(FIRST, SECOND, return_tensors="pt")
    model = Student.fresh([inputs["input_ids"][0].tolist()]).model.bert
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        return model(**inputs, output_attentions=True).attentions[0][0]


def test_training_starts_with_heads_that_look_for_a_token_in_the_other_sentence() -> None:
    tokens = uncased_tokenizer()(FIRST, SECOND).tokens()
    middle = tokens.index("[SEP]")
    for word in ("storm", "hit", "coast", "peru"):
        here, there = tokens.index(word), tokens.index(word, middle)
        assert (heads_at_start()[:, here].argmax(dim=-1) == there).all(), word
        assert (heads_at_start()[:, there].argmax(dim=-1) == here).all(), word


def test_mapped_words_are_the_base_s_times_the_map() -> None:
    table = torch.randn(20, 6)
    words = MappedWords(table, principal(table, 3))
    assert torch.allclose(words(torch.tensor([4, 9])), table[[4, 9]].half().float() @ words.map)


def test_the_map_keeps_what_varies_most() -> None:
    table = torch.randn(500, 2) @ torch.tensor([[5.0, 0, 0, 0], [0, 0, 2.0, 0]])
    centred = table - table.mean(0)
    kept = centred @ principal(table, 2)
    assert torch.allclose(kept.pow(2).sum(), centred.pow(2).sum(), rtol=1e-4)
