"""Values of made-up news: people, firms, places, days and quantities, each in several forms.

A `Stock` draws from one half of the names and quantities for a data set, and from the other half
for pretraining, so that an encoder never meets the data set's names before it is fine-tuned.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from data.build.wording import Value

FOLDER = Path(__file__).with_name("paraphrases")
SMALL = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def read_entries(name: str) -> dict[str, list[str]]:
    """Return the lists of a file in the folder: a line `[name]`, then one entry a line."""
    lists: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\[\w+\]", line):
            current = lists.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            current.append(line)
    return lists


class Stock:
    """Draws values by kind."""

    def __init__(self, rng: random.Random, pretraining: bool = False) -> None:
        self.rng, self.pretraining = rng, pretraining
        self.lists = read_entries("things.txt")
        words = {kind: " ".join(lines).split() for kind, lines in read_entries("names.txt").items()}
        self.ends = {kind[:-4]: found for kind, found in words.items() if kind.endswith("_end")}
        self.names = {kind: half(found, pretraining) for kind, found in words.items()}
        # Two ways to cut it may lead to one name: the data set comes first.
        self.taken = {
            begin + end
            for kind, ends in self.ends.items()
            for begin in half(words[f"{kind}_begin"], pretraining=False)
            for end in ends
            if pretraining
        }
        self.kinds: dict[str, Callable[[], Value]] = {
            "person": self.person, "man": self.man, "woman": self.woman,
            "company": self.company, "city": self.city,
            "country": self.country, "team": self.team, "percent": self.percent,
            "money": self.money, "price": self.price, "cents": self.cents, "few": self.few,
            "many": self.many, "crowd": self.crowd, "day": self.day, "month": self.month,
            "age": self.age, "points": self.points, "degrees": self.degrees,
        }  # fmt: skip
        for line in (FOLDER / "numbers.txt").read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                kind, *limits = line.split()
                self.kinds[kind] = partial(self.number, *limits)

    def draw(self, kind: str) -> Value:
        """Return a value of a kind; KeyError for a kind that has no list either."""
        if kind in self.kinds:
            return self.kinds[kind]()
        forms = tuple(self.rng.choice(self.lists[kind]).split("|"))
        return Value(forms, forms[0])

    def other(self, kind: str, than: Value) -> Value:
        """Return a value of this kind that nobody could take for `than`."""
        while True:
            value = self.draw(kind)
            near = than.size and 0.87 < value.size / than.size < 1.15
            if not near and not set(value.forms) & set(than.forms) and value.short != than.short:
                return value

    def name(self, kind: str) -> str:
        """Return a word of the list of names."""
        return self.rng.choice(self.names[kind])

    def whole(self, low: int, high: int) -> int:
        """Return a number from this Stock's half: every third number belongs to pretraining."""
        while True:
            number = self.rng.randint(low, high)
            if (number % 3 == 0) == self.pretraining:
                return number

    def number(self, low: str, high: str, style: str = "") -> Value:
        """Return a quantity between limits; limits with a point make tenths."""
        scale = 10 if "." in low else 1
        limits = round(float(low) * scale), round(float(high) * scale)
        if style == "words":
            return spelled(self.rng.randint(*limits))
        number = self.whole(*limits) / scale
        text = f"{number:.1f}" if scale > 1 else f"{number:,.0f}"
        if style == "year":
            # No size: a year differs from the next.
            return Value((f"{number:.0f}",), f"{number:.0f}")
        forms = {
            "": (text,),
            "percent": percents(text),
            "degrees": (f"{text} degrees",),
            "millions": (f"$ {text} million", f"$ {text} million", f"{text} million dollars"),
            "thousands": (f"$ {text},000", f"$ {text},000", f"{text},000 dollars"),
        }[style]
        return Value(forms, forms[0], number)

    def joined(self, kind: str) -> str:
        """Return a made-up name: one of many beginnings and one of many ends."""
        while True:
            begin, end = self.name(f"{kind}_begin"), self.rng.choice(self.ends[kind])
            if begin[-1] != end[0] and begin + end not in self.taken:
                return begin + end

    def person(self) -> Value:
        """Return somebody: full name, or the last name."""
        return self.man() if self.rng.random() < 0.5 else self.woman()

    def man(self) -> Value:
        """Return a man."""
        return named(self.name("men"), self.joined("last"), "Mr.")

    def woman(self) -> Value:
        """Return a woman."""
        return named(self.name("women"), self.joined("last"), "Ms.")

    def company(self) -> Value:
        """Return a firm, with and without its legal ending."""
        word = self.joined("firm") if self.rng.random() < 0.7 else self.name("company")
        end = self.rng.choice(("Corp.", "Inc.", "Co.", "Group", "Ltd.", "Holdings"))
        if self.rng.random() < 0.2:
            word += " " + self.name("company_second")
        return Value((word, word, f"{word} {end}"), word)

    def city(self) -> Value:
        """Return a city, one that exists or not."""
        word = self.joined("place") if self.rng.random() < 0.7 else self.name("city")
        return Value((word,), word)

    def country(self) -> Value:
        """Return a country."""
        word = self.name("country")
        return Value((word,), word)

    def team(self) -> Value:
        """Return a team: city and animal."""
        animal = self.name("team")
        full = f"the {self.city().short} {animal}"
        return Value((full, full, f"the {animal}"), f"the {animal}")

    def percent(self) -> Value:
        """Return a percentage, exact or rounded."""
        number = self.whole(2, 45)
        if self.rng.random() < 0.5:
            return Value(percents(str(number)), f"{number} percent", number)
        tenth = self.rng.choice((-2, -1, 1, 2, 3))
        exact = round(number + tenth / 10, 1)
        about = ("nearly", "almost", "just under") if tenth < 0 else ("slightly over", "just over")
        forms = (f"{exact} percent", f"{exact} percent", f"{exact} %", f"about {number} percent",
                 f"{self.rng.choice(about)} {number} percent")
        return Value(forms, forms[0], exact)

    def money(self) -> Value:
        """Return a sum of millions or billions."""
        unit = self.rng.choice(("million", "million", "billion"))
        number = self.whole(2, 90 if unit == "billion" else 900)
        size = number * (1000.0 if unit == "billion" else 1.0)
        if self.rng.random() < 0.5 or number > 99:
            plain = f"$ {number} {unit}"
            return Value((plain, plain, f"{number} {unit} dollars"), plain, size)
        tenth = self.rng.choice((-2, -1, 1, 2))
        exact = f"$ {round(number + tenth / 10, 1)} {unit}"
        about = ("nearly", "almost") if tenth < 0 else ("just over", "a little over")
        word = self.rng.choice(about)
        return Value((exact, exact, f"about $ {number} {unit}", f"{word} $ {number} {unit}"),
                     exact, size)

    def price(self) -> Value:
        """Return a share's price."""
        number = self.whole(4, 95)
        text = f"$ {number}.{self.rng.randrange(10, 99)}"
        return Value((text,), text, number)

    def cents(self) -> Value:
        """Return cents a share."""
        number = self.whole(4, 97)
        forms = (f"{number} cents a share", f"{number} cents per share")
        return Value(forms, forms[0], number)

    def few(self) -> Value:
        """Return two to twelve."""
        return spelled(self.rng.randint(2, 12))

    def many(self) -> Value:
        """Return a number of two or three digits."""
        number = self.whole(13, 950)
        return Value((str(number),), str(number), number)

    def crowd(self) -> Value:
        """Return thousands, exact or rounded."""
        thousands = self.whole(2, 90)
        rest = self.rng.choice((0, 0, 40, 70, 90, 110))
        exact, about = f"{thousands},{rest:03}", f"{thousands},000"
        if not rest:
            return Value((exact,), exact, thousands)
        return Value((exact, exact, f"about {about}", f"roughly {about}"), exact, thousands)

    def day(self) -> Value:
        """Return a day of the week."""
        word = self.rng.choice(DAYS)
        return Value((word,), word)

    def month(self) -> Value:
        """Return a month."""
        word = self.rng.choice(MONTHS)
        return Value((word,), word)

    def age(self) -> Value:
        """Return an age."""
        number = self.whole(18, 88)
        return Value((str(number),), str(number), number)

    def points(self) -> Value:
        """Return points of an index."""
        number = self.whole(11, 240)
        text = f"{number}.{self.rng.randrange(10, 99)}"
        return Value((text, text, f"about {number}"), text, number)

    def degrees(self) -> Value:
        """Return a temperature."""
        number = self.whole(14, 104)
        return Value((f"{number} degrees",), str(number), number)


def percents(number: str) -> tuple[str, ...]:
    """Return the ways to write a percentage."""
    return f"{number} percent", f"{number} percent", f"{number} %", f"{number} per cent"


def spelled(number: int) -> Value:
    """Return a number of two to twelve, as a word or in digits."""
    word = SMALL[number - 2]
    return Value((word, word, str(number)), word, number)


def named(first: str, last: str, title: str) -> Value:
    """Return a person's forms."""
    full = f"{first} {last}"
    return Value((full, full, last, f"{title} {last}"), last)


def half(words: list[str], pretraining: bool) -> list[str]:
    """Return every third word for pretraining, the others for the data set."""
    return [word for place, word in enumerate(words) if (place % 3 == 0) == pretraining]
