"""Opinions of invented courts' cases, as FreeLaw's in the Pile: one file, packed for git only.

    python -m data.build.opinions

`law/kinds.words` says what is fought about, `law/*.txt` how courts write. `law/first.txt` is the
first opinion, written by hand under the head that the course prints. Parties, judges, reporters
and citations of the others are made up.
"""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from data.build import packed
from data.build.cases import Case, Writer, cases, only
from data.build.grammar import Choices, Expansion, Grammar

FOLDER = Path(__file__).with_name("law")
FILE = packed.DATASETS / "suolyer" / "pile_freelaw" / "val.json.seed.gz"
ROWS = 300
LONGEST = (140, 330)  # the place of one very long opinion, and its number of paragraphs
FIRST = {
    "case_ID": "110921.json",
    "case_jurisdiction": "scotus.tar.gz",
    "date_created": "2010-04-28T17:12:49Z",
}
COURTS = {
    "illappct": "Appellate Court", "calctapp": "Court of Appeal", "texapp": "Court of Appeals",
    "nyappdiv": "Appellate Division", "ca5": "United States Court of Appeals",
    "ca9": "United States Court of Appeals", "mass": "Supreme Judicial Court",
    "wis": "Supreme Court", "ohio": "Supreme Court", "tax": "Tax Court",
}  # fmt: skip
# Roles that companies and the like have -> the last word of their names.
COMPANIES = {
    "supplier": "Supply Co.", "contractor": "Construction", "distributor": "& Sons",
    "manufacturer": "Manufacturing Co.", "store": "Stores", "hospital": "Hospital",
    "bakery": "Bakery", "church": "Chapel", "insurer": "Mutual", "company": "Company",
    "partnership": "& Partners", "corporation": "Corporation", "township": "Township",
    "airline": "Air Lines", "county": "County", "developer": "Homes", "park": "Park",
    "commission": "Planning Commission", "board": "Board", "association": "Association",
    "Department": "Department of Revenue", "mill": "Paper Co.", "line": "Bus Line",
    "restaurant": "Grill", "estate": "Estate",
}  # fmt: skip
PUBLIC = {"State": "STATE", "People": "PEOPLE", "Commissioner": "COMMISSIONER"}
# Parts in order: their shares of the paragraphs, sentences in a paragraph, most paragraphs.
PARTS = {
    "facts": (2, (2, 5), 3), "procedure": (1, (2, 4), 1), "testimony": (4, (2, 6), 999),
    "argument": (5, (3, 6), 999),
}  # fmt: skip
HEADINGS = {"facts": "BACKGROUND", "testimony": "THE EVIDENCE", "argument": "ANALYSIS"}
ARGUMENT = ("issue", "rule", "analysis", "analysis", "rule", "analysis")
ROMAN = ("I", "II", "III", "IV", "V")
DEBT = re.compile(r"award|was due|<owed>")
SENTENCE = re.compile(r"(?<=[a-z)\]][.] )[a-z]")


@cache
def base() -> Grammar:
    """Return the lists and patterns that all courts share."""
    return Grammar.read(FOLDER)


@cache
def kinds() -> tuple[Case, ...]:
    """Return what is fought about."""
    return tuple(cases(FOLDER / "kinds.words"))


@cache
def patterns(kind: str) -> dict[str, Choices]:
    """Return the patterns for a kind: where there are patterns of its own, no others."""
    found = dict(base().patterns)
    for name in [name for name in found if name.endswith(f".{kind}")]:
        found[name.partition(".")[0]] = found[name]
    if kind == "criminal":
        found = {name: without_money(choices) for name, choices in found.items()}
    return found


def without_money(choices: Choices) -> Choices:
    """Return the patterns that speak of no debt."""
    pairs = zip(choices.phrases, choices.weights, strict=True)
    kept = [(phrase, weight) for phrase, weight in pairs if not DEBT.search(phrase)]
    return Choices([phrase for phrase, _ in kept], [weight for _, weight in kept])


def some(phrases: Iterable[object]) -> Choices:
    """Return a list of phrases, all as likely."""
    found = [str(one) for one in phrases]
    return Choices(found, [1.0] * len(found))


def surname(rng: random.Random) -> str:
    """Return a surname."""
    return base().lists["surname"].pick(rng)


def day(rng: random.Random, first: date, last: date) -> date:
    """Return a day between two days."""
    return first + timedelta(days=rng.randrange((last - first).days))


def written(moment: date) -> str:
    """Return a date in words."""
    return f"{moment:%B} {moment.day}, {moment.year}"


def party(rng: random.Random, role: str) -> str:
    """Return the name of somebody, or some company, in a role."""
    if role in PUBLIC:
        return PUBLIC[role].title()
    ends = [COMPANIES[word] for word in role.split() if word in COMPANIES]
    if ends:
        return f"{surname(rng)} {ends[-1]}"
    return f"{rng.choice('ABCDEFGHJKLMNPRSTW')}. {rng.choice('ABCDEHJLMRST')}. {surname(rng)}"


def owed(rng: random.Random) -> str:
    """Return a sum and what of it was paid."""
    whole = rng.randint(5, 99) * 10 ** rng.randint(1, 3)
    return f"${whole:,}, of which ${round(whole * rng.uniform(0.1, 0.8)):,} had been paid"


def citation(rng: random.Random, before: int) -> str:
    """Return a citation of an opinion that nobody wrote, older than a year."""
    other = rng.choice((surname(rng), base().lists["entity"].pick(rng), "State"))
    where = f"{rng.randint(11, 389)} {base().lists['reporter'].pick(rng)} {rng.randint(2, 998)}"
    return f"{surname(rng)} v. {other}, {where} ({before - rng.randint(2, 60)})"


@dataclass
class Suit:
    """Who fights whom about what, and how it ended."""

    about: Case
    one: str
    two: str
    plaintiff: str
    defendant: str
    decided: date
    ending: str
    one_wins: bool

    @classmethod
    def drawn(cls, rng: random.Random) -> "Suit":
        """Draw a suit."""
        about = rng.choice(kinds())
        one = about.lists["one"].pick(rng)
        others = [role for role in about.lists["two"].phrases if role != one]
        two = rng.choice(others)
        decided = day(rng, date(1951, 1, 8), date(2012, 12, 20))
        ending = rng.choices(("affirm", "reverse", "mixed"), (6, 3, 2))[0]
        first, second = party(rng, one), party(rng, two)
        one_wins = about.kind == "criminal" or rng.random() < 0.5
        return cls(about, one, two, first, second, decided, ending, one_wins)

    @property
    def sides(self) -> tuple[str, str]:
        """Return who won below, and who appeals."""
        both = f"the {self.one}", f"the {self.two}"
        return both if self.one_wins else (both[1], both[0])

    def lists(self, rng: random.Random) -> dict[str, Choices]:
        """Return the words of this suit alone."""
        year = self.decided.year
        begun, known = date(year - rng.randint(3, 6), 1, 5), date(year - 1, 6, 1)
        sums = {rng.randint(4, 99) * 10 ** rng.randint(1, 3) for _ in range(24)}
        dates = sorted({day(rng, begun, known) for _ in range(40)})
        winner, loser = self.sides
        return {
            "plaintiff": only(self.plaintiff), "defendant": only(self.defendant),
            "winner": only(winner), "loser": only(loser), "year0": only(begun.year - 4),
            "date": some(map(written, dates)), "amount": some(f"{one:,}" for one in sorted(sums)),
            "small": some(range(3, 49)), "page": some(range(12, 1900)),
            "pages": some(f"{n}-{n + n % 7 + 1}" for n in range(12, 1900)),
            "owed": some(owed(rng) for _ in range(24)),
            "exhibit": some([*"ABCDEFGHJK", *range(1, 40)]),
            "cite": some(citation(rng, year) for _ in range(40)),
        }  # fmt: skip


class Court:
    """Writes one opinion."""

    def __init__(self, rng: random.Random, suit: Suit, paragraphs: int) -> None:
        self.rng, self.suit, self.paragraphs = rng, suit, paragraphs
        lists = {**base().lists, **suit.about.lists, **suit.lists(rng)}
        self.writer = Writer(Expansion(Grammar(lists, {}, patterns(suit.about.kind)), rng))
        actor = suit.about.lists.get("actor", only(suit.two)).pick(rng)
        self.writer.expansion.bound |= {"one:1": suit.one, "two:1": suit.two, "actor:1": actor}
        people = rng.sample(base().lists["surname"].phrases, 22)
        self.witnesses = {
            True: some(f"Ms. {name}" for name in people[:11]),
            False: some(f"Mr. {name}" for name in people[11:]),
        }
        self.seen: set[str] = set()

    def sentence(self, topic: str) -> str:
        """Return a sentence that this opinion does not hold yet, if one is found."""
        text = ""
        for _ in range(12):
            female = self.rng.random() < 0.5
            self.writer.expansion.female = female
            self.writer.grammar.lists["witness"] = self.witnesses[female]
            found = self.writer.sentences(topic)
            if not found:
                self.writer.used -= set(self.writer.grammar.patterns[topic].phrases)
                continue
            text = SENTENCE.sub(lambda match: match.group().upper(), found[0])
            if text not in self.seen:
                break
        self.seen.add(text)
        return text

    def paragraph(self, part: str, length: tuple[int, int]) -> str:
        """Return a paragraph of one part."""
        count = self.rng.randint(*length)
        if part == "procedure":
            return " ".join(self.writer.sentences(part, count))
        topics = ARGUMENT[:count] if part == "argument" else [part] * count
        return " ".join(self.sentence(topic) for topic in topics)

    def body(self) -> Iterator[str]:
        """Yield the paragraphs, with headings in a long opinion."""
        yield self.sentence("opening")
        total = sum(share for share, _, _ in PARTS.values())
        for part, (share, length, most) in PARTS.items():
            count = min(round(self.paragraphs * share / total), most)
            if count and self.paragraphs > 12 and part in HEADINGS:
                yield f"{ROMAN[list(HEADINGS).index(part)]}. {HEADINGS[part]}"
            if part == "argument" and self.paragraphs > 5:
                yield " ".join(self.sentence("standard") for _ in range(2))
            for i in range(count):
                number = f"{i // 12 + 1}. " if count > 30 and i % 12 == 0 else ""
                yield number + self.paragraph(part, length)
        yield self.sentence(self.suit.ending)
        yield from self.afterwards()

    def afterwards(self) -> Iterator[str]:
        """Yield a dissent and footnotes, if there are any."""
        if self.paragraphs > 8 and self.rng.random() < 0.3:
            said = " ".join(self.sentence("dissent") for _ in range(self.rng.randint(2, 5)))
            yield f"{surname(self.rng).upper()}, J., dissenting:\n\n{said}"
        notes = self.rng.randint(0, 5) if self.paragraphs > 10 else 0
        yield from (f"[{i}] {self.sentence('note')}" for i in range(1, notes + 1))


def reported_head(rng: random.Random, suit: Suit, court: str) -> str:
    """Return the head of an opinion from a printed reporter."""
    where = f"{rng.randint(60, 389)} {base().lists['reporter'].pick(rng)} {rng.randint(2, 998)}"
    number = f"{suit.decided.year % 100:02}-{rng.randint(12, 2900)}"
    names = f"{suit.plaintiff.upper()}\nv.\n{suit.defendant.upper()}"
    return f"\n{where} ({suit.decided.year})\n{names}\nNo. {number}.\n{court}.\n"


def filed_head(rng: random.Random, suit: Suit) -> str:
    """Return the head of an opinion as a clerk filed it."""
    sides = ("Appellee", "Appellant") if suit.one_wins else ("Appellant", "Appellee")
    one, two = f"Plaintiff-{sides[0]}", f"Defendant-{sides[1]}"
    number = f"{rng.randint(1, 5)}—{suit.decided.year % 100:02}—{rng.randint(2, 1400):04}"
    lines = (
        f"{suit.plaintiff.upper()}, {one}, v. {suit.defendant.upper()}, {two}.",
        f"{rng.choice(('First', 'Second', 'Third', 'Fourth'))} District", f"No. {number}",
        f"Opinion filed {written(suit.decided)}.",
        f"JUSTICE {surname(rng).upper()}", "delivered the opinion of the court:",
    )  # fmt: skip
    return "\n" + "\n\n ".join(lines)


def opinion(rng: random.Random, suit: Suit, code: str, paragraphs: int) -> str:
    """Return the text of an opinion."""
    reported = rng.random() < 0.5
    head = reported_head(rng, suit, COURTS[code]) if reported else filed_head(rng, suit)
    gap = "\n" if reported else "\n\n "
    text = head + gap + gap.join(Court(rng, suit, paragraphs).body()) + "\n"
    return text if reported else text.replace("'", "’")


def length(rng: random.Random, place: int) -> int:
    """Return how many paragraphs the opinion at a place has: mostly few, sometimes many."""
    if place == LONGEST[0]:
        return LONGEST[1]
    return min(round(rng.lognormvariate(2.3, 1.0)), 150)


def created(rng: random.Random, suit: Suit) -> str:
    """Return when the file was made: the day of the decision, or when it was scanned."""
    if rng.random() < 0.6 or suit.decided.year > 2009:
        return f"{suit.decided.isoformat()}T00:00:00Z"
    hour, minute, second = (rng.randrange(most) for most in (24, 60, 60))
    return f"2010-{rng.randint(4, 6):02}-{rng.randint(1, 28):02}T{hour:02}:{minute:02}:{second:02}Z"


def records(count: int = ROWS, seed: int = 461) -> Iterator[dict[str, Any]]:
    """Yield the rows of the file."""
    yield {"meta": FIRST, "text": (FOLDER / "first.txt").read_text("utf-8")}
    rng = random.Random(seed)
    numbers = rng.sample(range(111_000, 5_900_000), count)
    for place in range(1, count):
        suit, code = Suit.drawn(rng), rng.choice(list(COURTS))
        text = opinion(rng, suit, code, length(rng, place))
        meta = {
            "case_ID": f"{numbers[place]}.json",
            "case_jurisdiction": f"{code}.tar.gz",
            "date_created": created(rng, suit),
        }
        yield {"meta": meta, "text": text}


def main() -> None:
    """Write the file."""
    packed.write_seed(FILE, records())


if __name__ == "__main__":
    main()
