"""Pairs of sentences about made-up events: one event in two wordings, or two that differ."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from data.build.quantities import FOLDER, Stock, read_entries
from data.build.wording import Patterns, Speaker, Value, Words, tidied

# Who says it, and when it was said, may differ without making another event.
HARMLESS = "9"  # ends the names of such values
# Names and quantities differ more often than words do: a small encoder compares tokens well, but
# has little occasion to learn which words are opposites.
WEIGHTS = {"name": 4.0, "quantity": 3.0, "thing": 1.0, "switch": 0.6}
NAMES = ("person", "man", "woman", "company", "city", "country", "team")
# How many things differ between two events.
CHANGES = (1, 1, 2)
# The share of such pairs, of label 0 and 1, in which one sentence tells all details, the other
# none. Otherwise both tell the same ones.
UNEVEN = (0.5, 0.65)
ASIDES = 0.15  # the share of harmless values told where the event decides
SAME_PATTERN = (0.25, 0.2)
SWAPPED = 0.12  # of the pairs that could be made to differ by swapping two names
DOUBLE = 0.06  # of the pairs tell two events in each sentence
LONGEST = 76  # words of a pair that tells two events
LINKS = (" , while ", " , and ", " ; ")


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
    details: dict[str, bool] = field(default_factory=dict)

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

    def detailed(self, names: str) -> bool:
        """Whether the event is told with a detail."""
        if names not in self.details:
            share = ASIDES if names.endswith(HARMLESS) else 0.5
            self.details[names] = self.stock.rng.random() < share
        return self.details[names]

    def copied(self) -> Event:
        """Return an event with the same values, sides and details."""
        known = dict(self.values), dict(self.sides), dict(self.counts), dict(self.details)
        return Event(self.stock, *known)

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


@dataclass
class Story:
    """An event and how two sentences tell it: pattern, share of details, and seed of each."""

    frame: Frame
    event: Event
    patterns: list[Words]
    shares: list[float | None]
    seeds: list[int]

    def heard(self, place: int, event: Event) -> tuple[str, set[str]]:
        """Return the words of a sentence (0 or 1) about `event`, and the names of what it tells."""
        speaker = Speaker(event, random.Random(self.seeds[place]), values=self.shares[place])
        return speaker.say(self.patterns[place]), speaker.used


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

    def pair(self, label: int) -> Pair | None:
        """Return a pair, or None if this draw made none."""
        story = self.story(label)
        other = story.event
        if label == 0:
            focus, other = self.difference(story)
            if focus not in story.heard(1, other)[1]:
                return None
        one, two = story.heard(0, story.event)[0], story.heard(1, other)[0]
        if self.rng.random() < DOUBLE:
            more = self.story(1)
            both = [self.rng.choice(LINKS) + more.heard(place, more.event)[0] for place in (0, 1)]
            if len("".join((one, two, *both)).split()) <= LONGEST:
                one, two = one + both[0], two + both[1]
        one, two = tidied(one), tidied(two)
        return None if one == two else Pair(one, two, label, story.frame.name)

    def story(self, label: int) -> Story:
        """Return an event and how each of two sentences tells it."""
        frame = self.rng.choice(self.frames)
        event = Event(self.stock, {"source": self.rng.choice(frame.sources)})
        texts = [self.pattern(frame), self.pattern(frame)]
        if self.rng.random() < SAME_PATTERN[label]:
            texts[1] = texts[0]
        shares: list[float | None] = [None, None]
        if self.rng.random() < UNEVEN[label]:
            shares = [0.9, 0.0]
            self.rng.shuffle(shares)
        parsed = [self.patterns.parsed(text) for text in texts]
        seeds = [self.rng.getrandbits(32), self.rng.getrandbits(32)]
        return Story(frame, event, parsed, shares, seeds)

    def pattern(self, frame: Frame) -> str:
        """Return a clause, most often inside an attribution."""
        clause = self.rng.choice(frame.patterns)
        if clause.startswith("!"):
            return clause[1:].strip()
        return self.rng.choice(self.wrappers).replace("~", clause)

    def difference(self, story: Story) -> tuple[str, Event]:
        """Return the name of something both sentences tell, and an event that has it otherwise.

        Sometimes two names change places; sometimes a second thing is otherwise as well.
        """
        told = story.heard(0, story.event)[1] & story.heard(1, story.event)[1]
        common = sorted(name for name in told if name != "source" and not name.endswith(HARMLESS))
        if not common:
            return "nothing", story.event
        for name in common:
            if name.endswith("2") and kind(name) in common and self.rng.random() < SWAPPED:
                return name, story.event.swapped(kind(name), name)
        weights = [self.weight(name, story.event) for name in common]
        focus, *more = self.rng.choices(common, weights, k=self.rng.choice(CHANGES))
        other = story.event.altered(focus)
        for name in sorted(set(more) - {focus}):
            other = other.altered(name)
        return focus, other

    def weight(self, name: str, event: Event) -> float:
        """Return how readily this name is the one that differs."""
        if name in event.sides:
            return WEIGHTS["switch"]
        if kind(name) in self.stock.lists:
            return WEIGHTS["thing"]
        return WEIGHTS["name"] if kind(name) in NAMES else WEIGHTS["quantity"]


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
