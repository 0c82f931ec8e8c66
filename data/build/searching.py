"""How well an encoder finds the issues whose comments answer a query."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from data.build.measures import Measure
from data.build.project import FOLDER, QUERIES
from setup.checkpoints import base_folder

LEAST_WORDS = 15  # shorter comments say "thanks" and the like
TOKENS = 256
Pooling = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Collection:
    """Texts with the numbers of their issues; queries with the numbers of the right ones."""

    texts: list[str]
    numbers: list[int]
    queries: list[str]
    wanted: list[set[int]]


def collection() -> Collection:
    """Return the comments on issues, each below its title and body, and the tests' queries."""
    told = _rows(FOLDER / "issues.jsonl")
    asked = {row["number"]: row for row in told if "pull_request" not in row}
    found: dict[int, list[str]] = defaultdict(list)
    for comment in _rows(FOLDER / "comments.jsonl"):
        if comment["issue"] in asked and len(comment["body"].split()) >= LEAST_WORDS:
            found[comment["issue"]].append(comment["body"])
    pairs = [(number, text) for number, texts in sorted(found.items()) for text in texts]
    texts = [f"{asked[n]['title']}\n{asked[n]['body'] or ''}\n{text}" for n, text in pairs]
    lines = [line.split("\t") for line in QUERIES.read_text("utf-8").splitlines()[1:]]
    wanted = [{int(number) for number in numbers.split()} for _, numbers in lines]
    return Collection(texts, [n for n, _ in pairs], [query for query, _ in lines], wanted)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def first_token(states: Tensor, mask: Tensor) -> Tensor:
    """Return the state of [CLS]."""
    return states[:, 0]


def unit_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of the tokens' states, at unit length."""
    return nn.functional.normalize((states * mask[..., None]).sum(1), dim=-1)


@torch.inference_mode()
def vectors(folder: Path, texts: Sequence[str], pooling: Pooling) -> Tensor:
    """Return one vector for each text."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found = torch.zeros(len(texts), model.config.hidden_size)
    for begin in range(0, len(order), 32):
        rows = order[begin : begin + 32]
        batch = tokenizer(
            [texts[at] for at in rows],
            padding=True, truncation=True, max_length=TOKENS, return_tensors="pt",
        )  # fmt: skip
        states = model(**batch).last_hidden_state
        found[rows] = pooling(states, batch["attention_mask"])
    return found


def graded(scores: Tensor, found: Collection) -> tuple[float, float]:
    """Return recall@5 and MRR, 0 to 1: an issue ranks where the first of its texts does."""
    recall = ranks = 0.0
    for row, wanted in zip(scores, found.wanted, strict=True):
        order = row.argsort(descending=True).tolist()
        seen = list(dict.fromkeys(found.numbers[at] for at in order))
        recall += len(wanted & set(seen[:5])) / min(5, len(wanted))
        ranks += 1 / (1 + min(seen.index(number) for number in wanted if number in seen))
    return recall / len(found.wanted), ranks / len(found.wanted)


def measure_search(checkpoint: str, folder: Path) -> list[Measure]:
    """Measure by [CLS] and dot product, and beside it the base by mean and cosine."""
    found = collection()
    ways = {
        "[CLS], dot product": (folder, first_token),
        "the base's mean, cosine": (base_folder(), unit_mean),
    }
    measures = []
    for name, (place, pooling) in ways.items():
        queries = vectors(place, found.queries, pooling)
        figures = graded(queries @ vectors(place, found.texts, pooling).T, found)
        for metric, value in zip(("recall@5", "MRR"), figures, strict=True):
            told = f"search queries (ours, held out); {name}"
            measures.append(Measure(checkpoint, told, metric, 100 * value, len(found.queries)))
    return measures
