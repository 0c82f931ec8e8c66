"""Made-up facts with questions: templates (facts.txt) whose slots are filled from word lists.

A family of templates is a paragraph: lines `S ` are statements of one fact, the others are
`slot: question | question`. A slot is `{kind}` or `{kind2}`; `{a-kind}` has an indefinite article,
`{kind-c}` begins a sentence with a capital.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.build import names

HERE = Path(__file__).parent
SLOT = re.compile(r"\{([a-z0-9-]+)\}")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty")
UNITS = ("million", "billion", "thousand")
Filler = Callable[[random.Random], str]


@dataclass(frozen=True)
class Family:
    """Statements of one kind of fact and, for each slot, the questions that it answers."""

    statements: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Fact:
    """A stated fact: its text, its slots' words, (question, begin, end) in characters of it."""

    text: str
    words: frozenset[str]
    asked: tuple[tuple[str, int, int], ...]


def families(path: Path = HERE / "facts.txt") -> list[Family]:
    """Return the families of a template file; ValueError names a question without its slot."""
    found = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        statements = tuple(line[2:] for line in lines if line.startswith("S "))
        pairs = [line.split(": ", 1) for line in lines if not line.startswith("S ")]
        questions = tuple(
            (slot, question.strip()) for slot, text in pairs for question in text.split("|")
        )
        for slot, question in questions:
            if not any(f"{{{slot}}}" in statement for statement in statements):
                raise ValueError(f"no statement has the slot {slot!r} of {question!r}")
        found.append(Family(statements, questions))
    return found


def word_lists(path: Path = HERE / "facts.words") -> dict[str, list[str]]:
    """Return lists of phrases: a line `[kind]`, then a line with phrases separated by `;`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        name.strip("[]"): phrases.split(";")
        for name, phrases in zip(lines[::2], lines[1::2], strict=True)
    }


def year(rng: random.Random) -> str:
    """Return a year, most often a recent one."""
    return str(rng.randint(1900, 2024) if rng.random() < 0.8 else rng.randint(1400, 1899))


def number(rng: random.Random) -> str:
    """Return a large number, in digits with commas or with a word."""
    if rng.random() < 0.3:
        return f"{rng.randint(2, 900)} {rng.choice(UNITS[::2])}"
    return f"{rng.choice((rng.randint(20, 999), rng.randint(1000, 999999))):,}"


def money(rng: random.Random) -> str:
    """Return an amount of money of a company."""
    amount = f"{rng.randint(2, 950)} {rng.choice(UNITS)}"
    kind = rng.random()
    if kind < 0.4:
        return "$" + amount
    return amount + (" euros" if kind < 0.7 else " dollars" if kind < 0.9 else " pounds")


def price(rng: random.Random) -> str:
    """Return a price in a shop."""
    amount = rng.choice((str(rng.randint(2, 999)), f"{rng.randint(2, 99)}.{rng.randint(10, 99)}"))
    kind = rng.random()
    return "$" + amount if kind < 0.5 else amount + (" euros" if kind < 0.8 else " pounds")


def clock(rng: random.Random) -> str:
    """Return a time of day."""
    hour, minute = rng.randint(1, 12), rng.choice(("00", "15", "30", "45", "10", "20"))
    kind = rng.random()
    if kind < 0.4:
        return f"{hour}:{minute} {rng.choice(('am', 'pm'))}"
    if kind < 0.7:
        return f"{rng.randint(6, 23)}:{minute}"
    return rng.choice((f"{rng.choice(SMALL[:9])} o'clock", f"half past {rng.choice(SMALL[:9])}"))


def amount_in(*units: str, low: int = 2, high: int = 900) -> Filler:
    """Return a maker of amounts in one of the units."""
    return lambda rng: f"{rng.randint(low, high)} {rng.choice(units)}"


def duration(rng: random.Random) -> str:
    """Return a length of time."""
    count = rng.choice((rng.choice(SMALL), str(rng.randint(2, 90))))
    return f"{count} {rng.choice(('minutes', 'hours', 'days', 'weeks', 'months', 'years'))}"


def date(rng: random.Random) -> str:
    """Return a date, with or without its year."""
    day, month = rng.randint(1, 28), rng.choice(MONTHS)
    text = rng.choice((f"{month} {day}", f"{day} {month}"))
    return text if rng.random() < 0.5 else f"{month} {day}, {year(rng)}"


MAKERS: dict[str, Filler] = {
    "person": names.person, "company": names.company, "year": year, "number": number,
    "university": lambda rng: names.institution(rng) if rng.random() < 0.2 else rng.choice(
        (f"the University of {rng.choice(names.CITIES)}", f"{rng.choice(names.CITIES)} University")
    ),
    "city": lambda rng: rng.choice(names.CITIES),
    "country": lambda rng: rng.choice(names.COUNTRIES),
    "money": money, "price": price, "time": clock, "duration": duration, "date": date,
    "month": lambda rng: rng.choice(MONTHS), "weekday": lambda rng: rng.choice(DAYS),
    "weekdays": lambda rng: rng.choice(DAYS) + rng.choice(("", "s")),
    "smallnumber": lambda rng: rng.choice((rng.choice(SMALL), str(rng.randint(2, 99)))),
    "length": amount_in("metres", "kilometres", "miles", "feet"),
    "height": amount_in("metres", "feet", low=900, high=8800),
    "distance": amount_in("million kilometres", "light years", "million miles"),
    "weight": amount_in("kilograms", "tons", "pounds", "grams"),
    "years": amount_in("years", low=3, high=150), "age": amount_in("years", low=18, high=96),
    "temperature": amount_in("degrees", "degrees Celsius", low=2, high=1600),
    "percent": lambda rng: f"{rng.randint(2, 98)}{rng.choice((' percent', '%', ' per cent'))}",
    "score": lambda rng: f"{rng.randint(1, 6)}{rng.choice(('-', '–', ' to '))}{rng.randint(0, 5)}",
    "amount": amount_in("grams", "cups", "spoons", "pounds", low=2, high=500),
}


class Teller:
    """Fills templates with words; every made fact is new."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.families, self.lists = rng, families(), word_lists()

    def fact(self, family: Family, known: dict[str, str] | None = None) -> Fact:
        """State one fact of a family; `known` fixes some slots."""
        slots = dict(known or {})
        statement = self.rng.choice(family.statements)
        text = ""
        places: dict[str, tuple[int, int]] = {}
        for number_, part in enumerate(SLOT.split(statement)):
            if number_ % 2:
                filled = self._filled(part, slots)
                places.setdefault(part, (len(text), len(text) + len(filled)))
                text += filled
            else:
                text += part
        asked = [
            (self._question(question, slots), *places[slot])
            for slot, question in family.questions
            if slot in places and self._askable(question, slots)
        ]
        return Fact(text, frozenset(slots.values()), tuple(asked))

    def filler(self) -> str:
        """Return a sentence that answers nothing."""
        return self.rng.choice(self.lists["filler"])

    def _askable(self, question: str, slots: dict[str, str]) -> bool:
        return all(self._key(slot) in slots for slot in SLOT.findall(question))

    def _question(self, question: str, slots: dict[str, str]) -> str:
        text = SLOT.sub(lambda match: self._filled(match[1], slots), question)
        return text[0].upper() + text[1:]

    @staticmethod
    def _key(slot: str) -> str:
        return slot.removeprefix("a-").removesuffix("-c")

    def _filled(self, slot: str, slots: dict[str, str]) -> str:
        """Return a slot's words; the same slot has the same words throughout a fact."""
        key = self._key(slot)
        if key not in slots:
            slots[key] = self._new(key, set(slots.values()))
        text = slots[key]
        if slot.startswith("a-"):
            text = ("an " if text[0] in "aeiou" else "a ") + text
        return text[0].upper() + text[1:] if slot.endswith("-c") else text

    def _new(self, key: str, used: set[str]) -> str:
        kind = key.rstrip("23")
        while True:
            maker = MAKERS.get(kind)
            text = maker(self.rng) if maker else self.rng.choice(self.lists[kind])
            if text not in used:
                return text
