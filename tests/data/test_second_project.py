"""The classroom's second project: made again, complete, and with labels that can be learned."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from data.build import project, second_project
from setup.mirror import tracker

Record = dict[str, Any]
KINDS = ["bug", "enhancement", "question", "documentation"]


def read(name: str) -> list[Record]:
    lines = (second_project.FOLDER / name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


ROWS, COMMENTS = read("issues.jsonl"), read("comments.jsonl")
ISSUES = [row for row in ROWS if "pull_request" not in row]
LABELLED = [row for row in ISSUES if row["labels"]]


def names(row: Record) -> list[str]:
    return [label["name"] for label in row["labels"]]


def test_the_program_makes_the_committed_files() -> None:
    for path, text in second_project.files().items():
        assert path.read_bytes() == text.encode(), path.name
    assert second_project.files(8) != second_project.files()


def test_sizes() -> None:
    assert (len(ISSUES), len(ROWS) - len(ISSUES), len(COMMENTS)) == (79, 12, 91)
    size = sum(path.stat().st_size for path in second_project.FOLDER.iterdir())
    assert size < 150_000
    assert {row["state"] for row in ISSUES} == {"open", "closed"}


def test_labels_are_a_kind_and_a_subject() -> None:
    assert {name for row in ROWS for name in names(row)} == set(second_project.LABELS)
    for row in LABELLED:
        assert len(names(row)) in (1, 2)
        assert names(row)[0] in KINDS
        assert not set(names(row)[1:]) & set(KINDS)
    assert min(Counter(name for row in ISSUES for name in names(row)).values()) >= 6
    assert len(ISSUES) - len(LABELLED) == 6


def test_texts_are_all_different_and_filled_in() -> None:
    for key in ("title", "body"):
        assert len({row[key] for row in ROWS}) == len(ROWS)
    texts = [row["title"] + row["body"] for row in ROWS] + [row["body"] for row in COMMENTS]
    assert not [text for text in texts if re.search(r"[{}]", text)]
    first = {row["title"] for row in read("issues.jsonl")}
    others = (project.FOLDER / "issues.jsonl").read_text("utf-8").splitlines()
    assert not first & {json.loads(line)["title"] for line in others}


def test_times_and_identifiers_follow_each_other() -> None:
    numbers = [row["number"] for row in ROWS]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    ids = [row["id"] for row in COMMENTS]
    assert ids == sorted(set(ids))
    opened = {row["number"]: row for row in ROWS}
    for comment in COMMENTS:
        parent = opened[comment["issue"]]
        assert parent["created_at"] < comment["created_at"] <= parent["updated_at"]
    for row in ROWS:
        assert (row["closed_at"] is not None) == (row["state"] == "closed")
        assert row["created_at"] <= row["updated_at"]


def test_nobody_real_is_named() -> None:
    made_up = re.compile(r"(maintainer|contributor|reader)-[a-z]+|github-actions\[bot\]")
    everybody = {row["user"]["login"] for row in ROWS + COMMENTS}
    assert [login for login in everybody if not made_up.fullmatch(login)] == []


def test_the_mirror_fills_in_every_key() -> None:
    found = tracker.load(Path(project.ROOT / "data/web"), "huggingface", "tokenizers")
    assert found is not None
    for row in found.issues:
        whole = tracker.issue(found, row, "https://api.github.com")
        assert len(whole) == (27 if "pull_request" in row else 26)
        assert all(len(label) == 7 for label in whole["labels"])


def learned(texts: list[str], truth: "np.ndarray[Any, Any]", seed: int) -> tuple[float, float]:
    """Return F1 over all decisions of a linear model, and of always giving the first label."""
    train, test, train_truth, test_truth = train_test_split(
        texts, truth, test_size=0.25, random_state=seed
    )
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(C=10, class_weight="balanced")),
    )
    model.fit(train, train_truth)
    always = np.zeros_like(test_truth)
    always[:, 0] = 1
    made = f1_score(test_truth, model.predict(test), average="micro")
    return made, f1_score(test_truth, always, average="micro")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [f"{row['title']}\n{row['body']}" for row in LABELLED]


def test_labels_can_be_learned_but_not_perfectly(texts: list[str]) -> None:
    truth = MultiLabelBinarizer(classes=list(second_project.LABELS)).fit_transform(
        [names(row) for row in LABELLED]
    )
    scores = np.mean([learned(texts, truth, seed) for seed in range(20)], axis=0)
    assert 0.45 < scores[0] < 0.75
    assert scores[0] > scores[1] + 0.15
    shuffled = np.random.default_rng(0).permutation(truth)
    assert learned(texts, shuffled, 0)[0] < 0.45
