"""Section 5.7's own search functions, on questions that were written by hand.

The notebook measures itself with issue titles, which every copy of the dataset has. Here its code,
taken unchanged out of its cells, answers the 65 queries of `tests/data/search_queries.tsv`, which
are worded otherwise than the issues whose comments answer them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import AutoModel, AutoTokenizer

from data.build import github_issues, multi_qa
from data.build.encoders import SEEDS, joined
from data.build.project import QUERIES
from tests.notebooks.pieces import functions

NOTEBOOK = Path(__file__).parents[2] / "notebooks/5_datasets/07_semantic_search.ipynb"
NAMES = [
    "is_answered", "as_text", "cls_pooling", "mean_pooling", "embed", "ranking",
    "reciprocal_rank", "recall", "grade",
]  # fmt: skip
LEAST_WORDS = 15
Grades = dict[str, float]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return the notebook's functions, pointed at the classroom's checkpoint."""
    folder = joined(SEEDS / multi_qa.CHECKPOINT, tmp_path_factory.mktemp("multi-qa"))
    around: dict[str, Any] = {
        "np": np, "torch": torch, "device": torch.device("cpu"),
        "tokenizer": AutoTokenizer.from_pretrained(folder),
        "model": AutoModel.from_pretrained(folder).eval(),
    }  # fmt: skip
    exec(functions(NOTEBOOK, *NAMES), around)
    return SimpleNamespace(**{name: around[name] for name in NAMES}, around=around)


def comments(code: SimpleNamespace) -> Dataset:
    """Return the classroom's comments with their texts, shortest first."""
    issues = Dataset.from_parquet(str(github_issues.FOLDER / github_issues.FILE)).filter(
        code.is_answered
    )
    rows = [
        {"number": issue["number"], **code.as_text(issue | {"comments": comment})}
        for issue in issues for comment in issue["comments"]
        if len(comment.split()) > LEAST_WORDS
    ]  # fmt: skip
    return Dataset.from_list(sorted(rows, key=lambda row: len(row["text"])))


def written_exam() -> list[tuple[str, set[int]]]:
    """Return the written queries with the numbers of the issues that answer them."""
    lines = [line.split("\t") for line in QUERIES.read_text("utf-8").splitlines()[1:]]
    return [(query, {int(number) for number in numbers.split()}) for query, numbers in lines]


@pytest.fixture(scope="module")
def searched(code: SimpleNamespace) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of all queries with all texts, and the texts' issue numbers."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = comments(code)
    texts = rows["text"][:]
    vectors = np.concatenate(
        [code.embed(texts[at : at + 32]) for at in range(0, len(texts), 32)]
    )
    scores = code.embed([query for query, _ in written_exam()]) @ vectors.T
    torch.set_num_threads(before)
    return scores, np.array(rows["number"][:])


def test_written_queries_find_their_issues(
    code: SimpleNamespace,
    searched: tuple[np.ndarray, np.ndarray],
    record_property: Callable[[str, object], None],
) -> None:
    scores, numbers = searched
    exam = written_exam()
    assert len(exam) >= 40
    grades: Grades = code.grade(scores, exam, numbers)
    record_property("written queries", {k: round(float(v), 3) for k, v in grades.items()})
    assert grades["MRR"] > 0.64
    assert grades["recall@5"] > 0.7


def test_a_ranking_turned_round_fails(
    code: SimpleNamespace, searched: tuple[np.ndarray, np.ndarray]
) -> None:
    scores, numbers = searched
    for broken in (-scores, np.roll(scores, 7, axis=0)):
        grades: Grades = code.grade(broken, written_exam(), numbers)
        assert max(grades.values()) < 0.2


def test_the_worst_of_five_first_costs_a_lot(
    code: SimpleNamespace, searched: tuple[np.ndarray, np.ndarray]
) -> None:
    """The mistake that the notebook warns of: the right five hits, upside down."""
    scores, numbers = searched
    exam = written_exam()
    orders = [code.ranking(row, numbers) for row in scores]
    upright = [code.reciprocal_rank(o, right) for o, (_, right) in zip(orders, exam, strict=True)]
    turned = [
        code.reciprocal_rank(o[:5][::-1], right)
        for o, (_, right) in zip(orders, exam, strict=True)
    ]
    assert np.mean(turned) < 0.65 * np.mean(upright)


def test_titles_are_held_back_on_demand(code: SimpleNamespace) -> None:
    row = {"title": "A title", "body": None, "comments": "A comment."}
    assert code.as_text(row) == {"text": "A title\nA comment."}
    assert code.as_text(row, with_title=False) == {"text": "A comment."}
