"""The search checkpoint: loads whole, searches as well as the base, never saw the test's issues."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from data.build import issues, multi_qa, searching
from data.build.encoders import SEEDS
from setup.checkpoints import DIFFERENCE

SEED = SEEDS / multi_qa.CHECKPOINT
LARGEST = 2_000_000  # bytes of the committed difference


@pytest.fixture(scope="module")
def folder(published: Callable[[str], Path]) -> Path:
    return published(multi_qa.CHECKPOINT)


def test_it_loads_whole_and_is_small(folder: Path) -> None:
    model, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info
    assert model.config.hidden_size == 384
    assert (SEED / DIFFERENCE).stat().st_size < LARGEST


def test_its_files_say_how_to_pool() -> None:
    pooling = json.loads((SEED / "1_Pooling/config.json").read_text())
    assert [name for name, value in pooling.items() if value is True] == ["pooling_mode_cls_token"]
    modules = json.loads((SEED / "modules.json").read_text())
    assert not any("Normalize" in module["type"] for module in modules)


@pytest.mark.usefixtures("one_thread")
def test_lengths_are_near_the_one_that_was_taught_but_differ(folder: Path) -> None:
    texts = ["How do I work offline?", "The rain fell on the old town all day.", "csv"]
    lengths = searching.vectors(folder, texts, searching.first_token).norm(dim=1)
    assert ((lengths > 0.7 * multi_qa.LENGTH) & (lengths < 1.3 * multi_qa.LENGTH)).all()
    assert lengths.std() > 0.01


@pytest.mark.usefixtures("one_thread")
def test_it_finds_the_right_issues_and_a_broken_order_does_not(folder: Path) -> None:
    found = searching.collection()
    queries = searching.vectors(folder, found.queries, searching.first_token)
    scores = queries @ searching.vectors(folder, found.texts, searching.first_token).T
    recall, ranks = searching.graded(scores, found)
    assert recall > 0.7
    assert ranks > 0.68
    for broken in (-scores, scores.roll(7, dims=0)):
        recall, ranks = searching.graded(broken, found)
        assert recall < 0.2
        assert ranks < 0.2


def test_ranks_are_counted_over_issues() -> None:
    told = searching.Collection(["a", "b", "c", "d"], [1, 1, 2, 3], ["q"], [{2, 3}])
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.1]])
    assert searching.graded(scores, told) == (1.0, 0.5)


def test_nothing_that_answers_a_test_query_was_trained_on() -> None:
    lines = (issues.FOLDER / "queries.tsv").read_text("utf-8").splitlines()
    asked = {key for line in lines for key in line.split("\t")[1].split()}
    found = {draft.key: draft for draft in issues.drafts()}
    kept = multi_qa.kept_drafts()
    assert asked <= found.keys()
    assert not asked & {draft.key for draft in kept}
    assert len(kept) > 300
    texts = {text for draft in kept for text in multi_qa.texts_of(draft)}
    hidden = [found[key] for key in asked]
    hidden += [draft for draft in found.values() if draft.after in asked]
    assert not texts & {text for draft in hidden for text in multi_qa.texts_of(draft)}
    assert not texts & set(searching.collection().queries)


def test_the_tokenizer_is_bert_s(folder: Path) -> None:
    ids = AutoTokenizer.from_pretrained(folder)("Using a Transformer network is simple")
    assert ids["input_ids"] == [101, 2478, 1037, 10938, 2121, 2897, 2003, 3722, 102]
