"""Pairs of sentences about made-up events: each the event in two wordings, or two events."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from data.build.quantities import Stock, read_entries
from data.build.wording import Patterns, Speaker, Value, tidied

SWITCHES = {name: lines[0].replace(" / ", "/") for name, lines in read_entries("switches.txt").items()}
PATTERNS = Patterns(SWITCHES)


@dataclass(frozen=True)
class Pair:
    """Two sentences; label 1 if they say the same; `kind` names how they were made."""

    sentence1: str
    sentence2: str
    label: int
    kind: str


@dataclass
class Event:
    """The values and switches of one event, drawn when first asked for."""

    stock: Stock
    values: dict[str, Value] = field(default_factory=dict)
    sides: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """Return the value of this name."""
        if name not in self.values:
            kind = name.rstrip("0123456789")
            same = [v for n, v in self.values.items() if n.rstrip("0123456789") == kind]
            self.values[name] = self.stock.other(kind, same[0]) if same else self.stock.draw(kind)
        return self.values[name]

    def side(self, name: str, count: int) -> int:
        """Return the side of a switch."""
        self.counts[name] = count
        if name not in self.sides:
            self.sides[name] = self.stock.rng.randrange(count)
        return self.sides[name]

    def altered(self, name: str) -> Event:
        """Return an event that differs in one value or switch."""
        event = Event(self.stock, dict(self.values), dict(self.sides), dict(self.counts))
        if name in self.sides:
            steps = self.stock.rng.randrange(1, self.counts[name])
            event.sides[name] = (self.sides[name] + steps) % self.counts[name]
        else:
            kind = name.rstrip("0123456789")
            event.values[name] = self.stock.other(kind, self.values[name])
        return event


@dataclass
class Frame:
    """Patterns that tell the same event, and who may say it."""

    name: str
    sources: list[str]
    patterns: list[str]


def frames() -> list[Frame]:
    """Return all frames."""
    found = []
    for name, lines in read_entries("frames.txt").items():
        sources = [line[1:].strip() for line in lines if line.startswith("%")]
        found.append(Frame(name, sources, [line for line in lines if not line.startswith("%")]))
    return found


class Writer:
    """Writes pairs; `pretraining` takes names and quantities of the other half."""

    def __init__(self, seed: int, pretraining: bool = False) -> None:
        self.rng = random.Random(seed)
        self.stock = Stock(self.rng, pretraining)
        self.frames = frames()
        wrappers = read_entries("wrappers.txt")
        self.wrappers = wrappers["plain"] + wrappers["said"]

    def pattern(self, frame: Frame) -> str:
        """Return a clause in a frame of attribution."""
        wrapper = self.rng.choice(self.wrappers)
        return wrapper.replace("~", self.rng.choice(frame.patterns))

    def told(self, event: Event, pattern: str, seed: int) -> tuple[str, set[str]]:
        """Return a sentence and the names of what it says."""
        speaker = Speaker(event, random.Random(seed))
        return tidied(speaker.say(PATTERNS.parsed(pattern))), speaker.used

    def pair(self, label: int) -> Pair | None:
        """Return a pair, or None if this draw made none."""
        frame = self.rng.choice(self.frames)
        event = Event(self.stock)
        event.values["source"] = Value(tuple(self.rng.choice(frame.sources).split("|")))
        first, second = self.pattern(frame), self.pattern(frame)
        seeds = self.rng.getrandbits(32), self.rng.getrandbits(32)
        one, said = self.told(event, first, seeds[0])
        two, also = self.told(event, second, seeds[1])
        if label == 1:
            return None if one == two else Pair(one, two, 1, frame.name)
        common = sorted((said & also) - {"source"})
        if not common:
            return None
        focus = self.rng.choice(common)
        two, also = self.told(event.altered(focus), second, seeds[1])
        if one == two or focus not in also:
            return None
        return Pair(one, two, 0, f"{frame.name}:{focus}")


def pairs(count: int, seed: int, pretraining: bool = False) -> list[Pair]:
    """Return `count` different pairs, two thirds of them paraphrases."""
    writer = Writer(seed, pretraining)
    found: list[Pair] = []
    seen: set[str] = set()
    while len(found) < count:
        pair = writer.pair(int(writer.rng.random() < 0.675))
        if pair and not {pair.sentence1, pair.sentence2} & seen:
            seen |= {pair.sentence1, pair.sentence2}
            found.append(pair)
    return found
