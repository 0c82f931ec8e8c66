"""A generator of French text: lists, facts and sentence patterns with agreement.

The files `french_topics/*.txt` are written as `grammar.py` reads them; a pattern's slots are
French:

* `<food|le>` picks a noun of the list `food` and puts an article before it: `le un ce mon du de`,
  in the plural `les des ces mes`, a numeral (`trois`), or nothing. In the list stands its gender,
  and `p` when it has no singular: `crêpe:f`, `frites:fp`. A star marks an aspirated h.
* `<subject>` picks a person: `je:0`, `Marie:2f`, `mes parents:5m`; 0-5 are je to ils.
* `<!manger>` conjugates, `<!v_kitchen>` a verb of that list; tense and `not` follow bars:
  `present past imperfect future conditional`. The subject is the latest person, or else the first
  noun of the sentence.
* `<a_taste>` is an adjective (masculine/feminine unless regular), which agrees with the noun or
  person before it; `<il>` is that person's pronoun, `<lui>` the stressed one.
* `<food:1>` is the same phrase each time, `<country.capital>` a cell of one row a text.
"""

from __future__ import annotations

import argparse
import random
import re
from dataclasses import dataclass
from pathlib import Path

from data.build import french
from data.build.grammar import SLOT, Grammar, GrammarError

FOLDER = Path(__file__).parent / "french_topics"
TENSES = ("present", "past", "imperfect", "future", "conditional")
WITH_ETRE = frozenset(
    ("aller", "venir", "partir", "arriver", "sortir", "entrer", "rentrer", "tomber", "rester",
     "mourir", "devenir", "revenir", "naître", "monter", "descendre", "retourner")
)  # fmt: skip
PRONOUNS = (
    ("je", "tu", "il", "nous", "vous", "ils"), ("je", "tu", "elle", "nous", "vous", "elles"),
)  # fmt: skip
STRESSED = (
    ("moi", "toi", "lui", "nous", "vous", "eux"), ("moi", "toi", "elle", "nous", "vous", "elles"),
)  # fmt: skip
OWNERS = (
    ("mon", "ma", "mes"), ("ton", "ta", "tes"), ("son", "sa", "ses"),
    ("notre", "notre", "nos"), ("votre", "votre", "vos"), ("leur", "leur", "leurs"),
)  # fmt: skip
ARTICLES = {
    "le": ("le", "la", "les"), "un": ("un", "une", "des"), "ce": ("ce", "cette", "ces"),
    "du": ("du", "de la", "des"), "de": ("de", "de", "de"), "quel": ("quel", "quelle", "quels"),
    "tout": ("tout le", "toute la", "tous les"),
}  # fmt: skip
PLURALS = {"les": "le", "des": "un", "ces": "ce", "mes": "mon"}
BEFORE_VOWEL = {"ce": "cet", "ma": "mon", "ta": "ton", "sa": "son", "du": "de l'", "de la": "de l'"}
NUMERALS = ("deux", "trois", "quatre", "cinq", "six", "dix", "douze", "vingt")
SHORT_FORMS = {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil"}
PARSED = re.compile(r"^(.*):([0-5]?)([mf]?)(p?)$")


@dataclass(frozen=True)
class Person:
    """What verbs and adjectives agree with."""

    number: int  # 0-5: je to ils
    is_feminine: bool

    @property
    def is_plural(self) -> bool:
        """Whether adjectives take the plural."""
        return self.number > 2


@dataclass(frozen=True)
class Entry:
    """One phrase of a list: its text, and for nouns and people whom it makes agree."""

    text: str
    person: Person | None
    is_name: bool  # a person, who takes no article


class Text:
    """The state of one text while its slots are filled."""

    def __init__(self, grammar: Grammar, rng: random.Random) -> None:
        self.grammar, self.rng = grammar, rng
        self.bound: dict[str, Entry] = {}
        self.rows: dict[str, dict[str, str]] = {}
        self.subject: Person | None = None
        self.last = Person(2, False)
        self.before: Person | None = None  # the subject of the sentence before

    def filled(self, pattern: str) -> str:
        """Return the pattern's sentences as they are printed."""
        sentences = re.split(r"(?<=[.!?]) (?=[^?!»:])", pattern)
        return " ".join(map(self._sentence, sentences))

    def _sentence(self, pattern: str) -> str:
        self.before, self.subject = self.subject, None
        text = SLOT.sub(self._slot, pattern)
        for _ in range(3):
            text = SLOT.sub(self._slot, text)
        return printed(text)

    def _slot(self, found: re.Match[str]) -> str:
        name, *functions = found.group(1).split("|")
        if name.startswith("!"):
            return self._verb(name[1:], functions)
        if name in ("il", "lui"):
            return self._pronoun(name)
        if name.startswith("a_"):
            return self._adjective(name)
        return self._noun(self._entry(name), functions)

    def _pronoun(self, kind: str) -> str:
        person = self.subject or self.before or self.last
        self.subject = self.last = person
        return (PRONOUNS if kind == "il" else STRESSED)[person.is_feminine][person.number]

    def _entry(self, name: str) -> Entry:
        if name not in self.bound:
            entry = parsed(self._picked(name), self.rng)
            if ":" not in name:
                return entry
            self.bound[name] = entry
        return self.bound[name]

    def _picked(self, name: str) -> str:
        """Return a phrase as it stands in its list or table."""
        if "." in name:
            table, column = name.split(".")
            stem = table.rstrip("23")
            if table not in self.rows:
                free = [r for r in self.grammar.tables[stem] if r not in self.rows.values()]
                self.rows[table] = self.rng.choice(free)
            return self.rows[table][column]
        stem = name.split(":")[0]
        if stem not in self.grammar.lists:
            raise GrammarError(f"no list {stem!r}")
        return self.grammar.lists[stem].pick(self.rng)

    def _noun(self, entry: Entry, functions: list[str]) -> str:
        if entry.person is None:
            return entry.text
        if entry.is_name:
            self.subject = self.last = entry.person
            return entry.text
        text, person = entry.text, entry.person
        article = functions[0] if functions else ""
        if (article in PLURALS or article in NUMERALS) and not person.is_plural:
            text, person = french.plural(text), Person(5, person.is_feminine)
        self.last = person
        owner = self.subject.number if self.subject else self.rng.choice((0, 0, 2))
        self.subject = self.subject or person
        return f"{self._article(article, text, person, owner)} {text}".strip()

    def _article(self, name: str, noun: str, person: Person, owner: int) -> str:
        if not name or name in NUMERALS:
            return name
        name = PLURALS.get(name, name)
        forms = OWNERS[owner] if name == "mon" else ARTICLES[name]
        form = forms[2 if person.is_plural else int(person.is_feminine)]
        if form == "quels" and person.is_feminine:
            return "quelles"
        return BEFORE_VOWEL.get(form, form) if french.starts_with_vowel(noun) else form

    def _adjective(self, name: str) -> str:
        masculine, _, feminine = self._picked(name).partition("/")
        feminine = feminine or french.feminine(masculine)
        return french.agreed(masculine, feminine, self.last.is_feminine, self.last.is_plural)

    def _verb(self, name: str, functions: list[str]) -> str:
        verb = self._picked(name) if name in self.grammar.lists else name
        infinitive, _, rest = verb.replace("se ", "se_").partition(" ")
        reflexive = infinitive.startswith("se_")
        person = self.subject or self.before or self.last
        self.subject = self.subject or person
        tense = next((f for f in functions if f in TENSES), "present")
        negated = "not" in functions
        words = self._forms(infinitive.removeprefix("se_"), tense, person, reflexive)
        if reflexive:
            words.insert(0, french.REFLEXIVE[person.number])
        if negated:
            words.insert(0, "ne")
            words.insert(3 if reflexive else 2, "pas")
        return " ".join([*words, rest]).strip()

    def _forms(self, verb: str, tense: str, person: Person, reflexive: bool) -> list[str]:
        if tense != "past":
            return [french.conjugated(verb, tense, person.number)]
        with_etre = reflexive or verb in WITH_ETRE
        helper = french.present("être" if with_etre else "avoir", person.number)
        agrees = with_etre and person.is_feminine, with_etre and person.is_plural
        return [helper, french.participle(verb, *agrees)]


def parsed(phrase: str, rng: random.Random) -> Entry:
    """Read a phrase with its marks."""
    found = PARSED.match(phrase)
    if not found or not any(found.groups()[1:]):
        return Entry(phrase, None, False)
    text, number, gender, plural = found.groups()
    is_feminine = gender == "f" if gender else rng.random() < 0.5
    person = Person(int(number) if number else 5 if plural else 2, is_feminine)
    return Entry(text, person, bool(number))


def printed(text: str) -> str:
    """Return a sentence with its elisions, short adjectives and first capital."""
    text = french.elided(re.sub(r"(?<=')\s+", "", text))
    vowel = f"(?=[{french.VOWELS}])(?!et |ou |à |en |aujourd)"
    text = re.sub(rf"\b(beau|nouveau|vieux) {vowel}", lambda m: SHORT_FORMS[m[1]] + " ", text)
    text = re.sub(r" (?=[.,])", "", text)
    return text[:1].upper() + text[1:]


def generated(count: int, seed: int) -> list[str]:
    """Return `count` texts, all topics by their patterns' weights; the same for the same seed."""
    grammar, rng = Grammar.read(FOLDER), random.Random(seed)
    names = sorted(grammar.patterns)
    weights = [sum(grammar.patterns[name].weights) for name in names]
    topics = rng.choices(names, weights, k=count)
    return [Text(grammar, rng).filled(grammar.patterns[name].pick(rng)) for name in topics]


def main() -> None:
    """Print generated texts, for reading."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("\n".join(generated(options.count, options.seed)))


if __name__ == "__main__":
    main()
