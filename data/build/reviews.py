"""Sentences and phrases about films, with the opinion each states: the rows of GLUE's SST-2.

A pattern of `films/2_patterns.txt` serves both labels: `<+x>` stands for a word of the sentence's
own side, `<-x>` for one of the other side. So "not", "but" or "despite" say nothing by themselves,
and one has to read which word they belong to. `films/written.tsv` adds sentences by hand.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

from data.build.grammar import Expansion, Grammar

FOLDER = Path(__file__).with_name("films")
WRITTEN = FOLDER / "written.tsv"
NAMES = ("negative", "positive")
# How often each topic of patterns is drawn.
KINDS = {"plain": 0.75, "negated": 0.13, "contrast": 0.12}
EMPHASIS = 2.0  # the power that the lists' weights are raised to
SIDES = (("bad_", "good_"), ("good_", "bad_"))
CONTENT = re.compile(r"[a-z]{5,}")
Review = tuple[str, int]


def pattern_for(pattern: str, label: int) -> str:
    """Return the pattern with the lists of one label in place of `+` and `-`.

    >>> pattern_for("<-adj> but <+adj>", 1)
    '<bad_adj> but <good_adj>'
    """
    own, other = SIDES[label]
    return pattern.replace("<+", f"<{own}").replace("<-", f"<{other}")


def repeats(text: str) -> bool:
    """Say whether a word of some length stands twice in the text."""
    words = CONTENT.findall(text)
    return len(words) > len(set(words))


def vocabulary() -> Grammar:
    """Return the grammar, its frequent words yet more frequent: a few do most of the work."""
    grammar = Grammar.read(FOLDER)
    for choices in grammar.lists.values():
        choices.weights = [weight**EMPHASIS for weight in choices.weights]
    return grammar


def generated(seed: int) -> Iterator[Review]:
    """Yield reviews without end, the labels by turns, no text twice."""
    grammar, rng = vocabulary(), random.Random(seed)
    seen: set[str] = set()
    label = 0
    while True:
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        pattern = pattern_for(grammar.patterns[kind].pick(rng), label)
        text = Expansion(grammar, rng).expand(pattern).lower()
        if text not in seen and not repeats(text):
            seen.add(text)
            yield text, label
            label = 1 - label


def written() -> list[Review]:
    """Return the sentences that were written by hand."""
    if not WRITTEN.exists():
        return []
    rows = (line.split("\t") for line in WRITTEN.read_text("utf-8").splitlines())
    return [(text, NAMES.index(name)) for name, text in rows]


def splits(sizes: dict[str, int], seed: int = 2) -> dict[str, list[Review]]:
    """Return rows for each split: half of each label, shuffled, no text in two of them."""
    rng = random.Random(seed)
    hand = written()
    known = {text for text, _ in hand}
    source = (row for row in generated(seed) if row[0] not in known)
    rows = hand + [next(source) for _ in range(sum(sizes.values()) - len(hand))]
    rng.shuffle(rows)
    rows.sort(key=lambda row: row[1])
    pairs = [row for two in zip(rows, reversed(rows), strict=True) for row in two][: len(rows)]
    found: dict[str, list[Review]] = {}
    for name, size in sizes.items():
        found[name], pairs = pairs[:size], pairs[size:]
        rng.shuffle(found[name])
    return found
