"""The cased base encoder: hidden states as the base's, whatever the shape they are published in."""

from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer, BertModel, DistilBertModel

from data.build import features_uncased
from data.build.casing import flags, folded, pieces, row
from data.build.difference import read_difference
from data.build.encoders import (
    SEEDS,
    bert,
    bert_config,
    distilbert,
    distilbert_config,
    started,
    uncased_tokenizer,
)
from data.build.features import CHECKPOINT, means, measure
from setup.checkpoints import DIFFERENCE, base_folder


def test_bert_s_and_distilbert_s_shape_compute_the_same() -> None:
    batch = uncased_tokenizer()("Names differ, numbers do not.", return_tensors="pt")
    first = started(BertModel, bert_config("BertModel"), bert("", pooler=True)).eval()
    second = started(
        DistilBertModel, distilbert_config("DistilBertModel"), distilbert("")
    ).eval()
    with torch.inference_mode():
        states = first(**batch).last_hidden_state
        batch.pop("token_type_ids")
        torch.testing.assert_close(second(**batch).last_hidden_state, states, atol=1e-5, rtol=0)


def test_the_checkpoint_loads_whole_and_knows_paraphrases(
    published: Callable[[str], Path],
) -> None:
    folder = published(CHECKPOINT)
    model, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info
    assert model.config.dim == 384
    assert measure(folder, None)[0].value >= 90


def test_the_uncased_one_is_the_base_under_the_published_vocabulary(
    published: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = published(features_uncased.CHECKPOINT)
    model, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert isinstance(model, DistilBertModel)
    assert not any(info.values()), info
    text = "Epidemiology of hypoxaemia"  # the course prints the first of its IDs
    ids = AutoTokenizer.from_pretrained(folder)(text)["input_ids"]
    assert ids[:5] == [101, 4958, 5178, 4328, 6779]
    assert ids == AutoTokenizer.from_pretrained(base_folder())(text)["input_ids"]
    assert features_uncased.measure(folder, None)[0].value >= 90
    features_uncased.build(tmp_path)
    seed = SEEDS / features_uncased.CHECKPOINT
    first, second = read_difference(seed), read_difference(tmp_path)
    assert first.keys() == second.keys()
    assert all((first[name] == second[name]).all() for name in first)
    assert (seed / DIFFERENCE).stat().st_size < 10_000


def test_case_changes_features_a_little(published: Callable[[str], Path]) -> None:
    folder = published(CHECKPOINT)
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    texts = ["He works for apple", "He works for Apple", "The river was frozen"]
    first, second, third = means(model.eval(), tokenizer, texts)
    assert 0.8 < first @ second < 0.999
    assert first @ third < first @ second


def test_cased_tokens_find_their_uncased_rows() -> None:
    vocabulary = {"[UNK]": 0, "paris": 1, "sao": 2, "hug": 3, "##ging": 4, "##s": 5}
    assert folded("São") == "sao"
    assert row("Paris", True, vocabulary) == [1]
    assert row("Hugging", True, vocabulary) == [3, 4]
    assert row("S", False, vocabulary) == [5]
    assert pieces("zzz", True, vocabulary) == []
    assert row("zzz", True, vocabulary) == [0]
    assert flags(["Paris", "USA", "São", "the", "[CLS]"]).tolist() == [
        [1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0]
    ]
