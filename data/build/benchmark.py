"""The rows of GLUE's small tasks, from the patterns in `tasks/`.

A pattern's columns are separated by `||` and filled together, so that `<job:1>` is the same job in
all of them. Which columns make a row, and with which label, differs by task: see `TASKS`.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.build.grammar import Expansion, Grammar

FOLDER = Path(__file__).with_name("tasks")
Row = tuple[Any, ...]
SIZES = {"train": 160, "validation": 40, "test": 40}


@dataclass(frozen=True)
class Variant:
    """One kind of row: its topic of patterns, the columns it takes of them, its label."""

    topic: str
    columns: tuple[int, ...]
    label: float


def choices(topic: str, first: int, count: int) -> list[Variant]:
    """Return `count` variants of one topic: the first column, and each that may follow it."""
    return [Variant(topic, (0, first + i), i) for i in range(count)]


SCORES = ("5.0", "4.4", "3.8", "3.2", "2.6", "2.0", "1.4", "0.8", "0.2", "0.0")
TASKS: dict[str, list[Variant]] = {
    "ax": choices("ax", 1, 3),
    "cola": [Variant("cola", (1,), 0), Variant("cola", (0,), 1)],
    "mnli": choices("mnli", 1, 3),
    "mnli mismatched": choices("mnli mismatched", 1, 3),
    "qnli": choices("qnli", 1, 2),
    "qqp": [Variant("qqp not_duplicate", (0, 1), 0), Variant("qqp duplicate", (0, 1), 1)],
    "rte": choices("rte", 1, 2),
    "stsb": [Variant(f"stsb {score}", (0, 1), float(score)) for score in SCORES],
    "wnli": [Variant("wnli", (0, 2), 0), Variant("wnli", (0, 1), 1)],
}


def upper_first(text: str) -> str:
    """Return the text with its first letter as a capital one."""
    return text[:1].upper() + text[1:]


def filled(grammar: Grammar, pattern: str, rng: random.Random) -> list[str]:
    """Return the columns of a pattern, its slots filled; a pattern in small letters stays so."""
    texts = Expansion(grammar, rng).expand(pattern).split(" || ")
    keep = pattern[0].islower()
    return [text.lower() if keep else upper_first(text) for text in texts]


def rows(task: str, seed: int) -> Iterator[Row]:
    """Yield rows without end, the labels by turns; no first text comes twice."""
    grammar, rng = Grammar.read(FOLDER), random.Random(f"{task} {seed}")
    seen: set[str] = set()
    variants = TASKS[task]
    turn = 0
    while True:
        variant = variants[turn % len(variants)]
        texts = filled(grammar, grammar.patterns[variant.topic].pick(rng), rng)
        row = [texts[i] for i in variant.columns]
        if row[0] not in seen:
            seen.add(row[0])
            turn += 1
            yield *row, variant.label


def splits(task: str, sizes: dict[str, int] | None = None, seed: int = 0) -> dict[str, list[Row]]:
    """Return the rows of each split, shuffled."""
    source, rng = rows(task, seed), random.Random(seed)
    found: dict[str, list[Row]] = {}
    for name, size in (sizes or SIZES).items():
        found[name] = [next(source) for _ in range(size)]
        rng.shuffle(found[name])
    return found

