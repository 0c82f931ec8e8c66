"""The Pile in small: thirty shards for training, one file each for validation and test.

    python -m data.build.shards

Each row says which of the Pile's sets it stands for; all texts are made here, mostly from the
lists and patterns of `pile/*.txt` and of the course's other generators.
"""

import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from data.build import abstracts, opinions, packed, parallel
from data.build.grammar import Expansion, Grammar

FOLDER = Path(__file__).with_name("pile")
PLACE = packed.DATASETS / "monology" / "pile-uncopyrighted"
SHARDS, ROWS = 30, 40
WEB_TOPICS = ("food", "shopping", "travel", "home", "health", "nature", "weather", "howto")
NEWS_TOPICS = ("news", "money", "sport", "technology", "science", "jobs")
OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": lambda one, two: one + two,
    "-": lambda one, two: one - two,
    "*": lambda one, two: one * two,
}
Maker = Callable[[random.Random], str]


@cache
def base() -> Grammar:
    """Return the lists and patterns of the shards."""
    return Grammar.read(FOLDER)


@cache
def everyday() -> Grammar:
    """Return the grammar of everyday English."""
    return Grammar.read()


def patterned(topic: str, gap: str = "\n") -> Maker:
    """Return a maker of texts from one topic's patterns; `||` in a pattern ends a line."""

    def make(rng: random.Random) -> str:
        text = Expansion(base(), rng).expand_raw(base().patterns[topic].pick(rng))
        return gap.join(line.rstrip() for line in text.split("||"))

    return make


def distinct(rng: random.Random, topics: tuple[str, ...], count: int) -> list[str]:
    """Return so many different sentences of everyday topics."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[everyday().text(rng, rng.choice(topics))] = None
    return list(found)


def page(rng: random.Random) -> str:
    """Return a text as from a web page."""
    opening, closing = (patterned(topic)(rng) for topic in ("cc_open", "cc_close"))
    sentences = distinct(rng, tuple(rng.sample(WEB_TOPICS, 2)), rng.randint(3, 12))
    return "\n".join((opening, " ".join(sentences), closing))


def report(rng: random.Random) -> str:
    """Return a text as from a news site."""
    return " ".join(distinct(rng, NEWS_TOPICS, rng.randint(4, 10)))


def story(rng: random.Random) -> str:
    """Return a text as from an old book."""
    chapter = f"CHAPTER {rng.choice(('I', 'II', 'IV', 'VI', 'IX', 'XI'))}."
    return "\n\n".join((chapter, *distinct(rng, ("stories", "people"), rng.randint(4, 9))))


def debate(rng: random.Random) -> str:
    """Return a text in French."""
    return " ".join(parallel.generated(rng)[0] for _ in range(rng.randint(4, 9)))


def sums(rng: random.Random) -> str:
    """Return sums with their results."""
    lines = []
    for _ in range(rng.randint(4, 10)):
        one, two, sign = rng.randint(-90, 900), rng.randint(2, 99), rng.choice("+-*")
        lines.append(f"What is {one} {sign} {two}?\n{OPERATIONS[sign](one, two)}")
    return "\n".join(lines)


def ruling(rng: random.Random) -> str:
    """Return a short opinion."""
    suit = opinions.Suit.drawn(rng)
    return opinions.opinion(rng, suit, rng.choice(list(opinions.COURTS)), rng.randint(2, 5))


# What the Pile calls a set -> how its texts are made, and how often.
SETS: dict[str, tuple[Maker, int]] = {
    "Pile-CC": (page, 26),
    "OpenWebText2": (report, 12),
    "StackExchange": (patterned("stack", "\n\n"), 11),
    "PubMed Abstracts": (abstracts.abstract, 10),
    "Github": (patterned("code"), 9),
    "Wikipedia (en)": (patterned("wiki", "\n\n"), 8),
    "FreeLaw": (ruling, 6),
    "DM Mathematics": (sums, 5),
    "Gutenberg (PG-19)": (story, 4),
    "EuroParl": (debate, 4),
    "HackerNews": (patterned("hn"), 3),
    "Ubuntu IRC": (patterned("irc"), 2),
}


def row(rng: random.Random) -> dict[str, Any]:
    """Return a row of a set drawn by its share."""
    shares = [share for _, share in SETS.values()]
    name = rng.choices(list(SETS), shares)[0]
    return {"meta": {"pile_set_name": name}, "text": SETS[name][0](rng)}


def rows(seed: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of one file."""
    rng = random.Random(seed)
    for _ in range(ROWS):
        yield row(rng)


def files() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the place of each file and its rows; the very first row was written by hand."""
    for number in range(SHARDS):
        found = list(rows(8000 + number))
        if number == 0:
            text = (FOLDER / "first.txt").read_text("utf-8")
            found[0] = {"meta": {"pile_set_name": "Pile-CC"}, "text": text.rstrip("\n")}
        yield f"train/{number:02}.jsonl.zst", found
    yield "val.jsonl.zst", list(rows(8100))
    yield "test.jsonl.zst", list(rows(8200))


def main() -> None:
    """Write the files."""
    for name, found in files():
        packed.write(PLACE / name, found)


if __name__ == "__main__":
    main()
