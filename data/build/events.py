"""Pairs of sentences about made-up events: one event in two wordings, or two that differ."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from data.build.quantities import FOLDER, Stock, read_entries
from data.build.wording import Patterns, Speaker, Value, tidied

# Who says it, and when it was said, may differ without making another event.
HARMLESS = ("source", "day9")
SWAPPED = 0.25  # of the negative pairs that could be made by swapping two names


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
            same = [value for known, value in self.values.items() if kind(known) == kind(name)]
            draw = self.stock.draw(kind(name))
            self.values[name] = self.stock.other(kind(name), same[0]) if same else draw
        return self.values[name]

    def side(self, name: str, count: int) -> int:
        """Return the side of a switch."""
        self.counts[name] = count
        if name not in self.sides:
            self.sides[name] = self.stock.rng.randrange(count)
        return self.sides[name]

    def copied(self) -> Event:
        """Return an event with the same values and sides."""
        return Event(self.stock, dict(self.values), dict(self.sides), dict(self.counts))

    def altered(self, name: str) -> Event:
        """Return an event that differs in one value or switch."""
        event = self.copied()
        if name in self.sides:
            steps = self.stock.rng.randrange(1, self.counts[name])
            event.sides[name] = (self.sides[name] + steps) % self.counts[name]
        else:
            event.values[name] = self.stock.other(kind(name), self.values[name])
        return event

    def swapped(self, one: str, two: str) -> Event:
        """Return an event in which two values have changed places."""
        event = self.copied()
        event.values[one], event.values[two] = self.values[two], self.values[one]
        return event


def kind(name: str) -> str:
    """Return the kind of a value: its name without the digit.

    >>> kind("company2")
    'company'
    """
    return name.rstrip("0123456789")


@dataclass
class Frame:
    """Patterns that tell the same event, and who may say it (each with other names for them)."""

    name: str
    sources: list[Value] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, name: str, lines: list[str], pretraining: bool) -> Frame:
        """Return a frame; a pattern marked `+` is not for pretraining."""
        frame = cls(name)
        for line in lines:
            mark, text = line[0], line[1:].strip()
            if mark == "%":
                frame.sources.append(Value(tuple(text.split("|"))))
            elif mark != "+":
                frame.patterns.append(line)
            elif not pretraining:
                frame.patterns.append(text)
        return frame


def frames(pretraining: bool = False) -> list[Frame]:
    """Return the frames of all topics."""
    return [
        Frame.read(name, lines, pretraining)
        for path in sorted(FOLDER.glob("frames_*.txt"))
        for name, lines in read_entries(path.name).items()
    ]


def switches() -> dict[str, str]:
    """Return the bodies of the switches that patterns share."""
    entries = read_entries("switches.txt").items()
    return {name: lines[0].replace(" / ", "/") for name, lines in entries}


class Writer:
    """Writes pairs; `pretraining` takes the names and quantities of the other half."""

    def __init__(self, seed: int, pretraining: bool = False) -> None:
        self.rng = random.Random(seed)
        self.stock = Stock(self.rng, pretraining)
        self.frames = frames(pretraining)
        self.patterns = Patterns(switches())
        wrappers = read_entries("wrappers.txt")
        self.wrappers = wrappers["plain"] + wrappers["said"]

    def pattern(self, frame: Frame) -> str:
        """Return a clause, most often inside an attribution."""
        clause = self.rng.choice(frame.patterns)
        if clause.startswith("!"):
            return clause[1:].strip()
        return self.rng.choice(self.wrappers).replace("~", clause)

    def told(self, event: Event, pattern: str, seed: int) -> tuple[str, set[str]]:
        """Return a sentence and the names of what it says."""
        speaker = Speaker(event, random.Random(seed))
        return tidied(speaker.say(self.patterns.parsed(pattern))), speaker.used

    def pair(self, label: int) -> Pair | None:
        """Return a pair, or None if this draw made none."""
        frame = self.rng.choice(self.frames)
        event = Event(self.stock, {"source": self.rng.choice(frame.sources)})
        patterns = self.pattern(frame), self.pattern(frame)
        seeds = self.rng.getrandbits(32), self.rng.getrandbits(32)
        one, said = self.told(event, patterns[0], seeds[0])
        two, also = self.told(event, patterns[1], seeds[1])
        if label == 1:
            return None if one == two else Pair(one, two, 1, frame.name)
        common = sorted((said & also).difference(HARMLESS))
        focus, other = self.difference(event, common) if common else ("", event)
        two, also = self.told(other, patterns[1], seeds[1])
        if one == two or focus not in also:
            return None
        return Pair(one, two, 0, f"{frame.name}:{focus}")

    def difference(self, event: Event, common: list[str]) -> tuple[str, Event]:
        """Return the name of what differs, and the event that has it otherwise."""
        for name in common:
            if name.endswith("2") and kind(name) in common and self.rng.random() < SWAPPED:
                return name, event.swapped(kind(name), name)
        focus = self.rng.choice(common)
        return focus, event.altered(focus)


def pairs(count: int, seed: int, pretraining: bool = False) -> list[Pair]:
    """Return `count` different pairs, two thirds of them paraphrases.

    With `pretraining`, names and quantities are others than without, and some patterns are missing.
    """
    writer = Writer(seed, pretraining)
    found: list[Pair] = []
    seen: set[str] = set()
    while len(found) < count:
        pair = writer.pair(int(writer.rng.random() < 0.675))
        if pair and not {pair.sentence1, pair.sentence2} & seen:
            seen |= {pair.sentence1, pair.sentence2}
            found.append(pair)
    return found
