"""A generator of English text: lists of phrases, tables of facts, and sentence patterns.

The files `grammar/*.txt` hold three kinds of things:

* `name: one | two*3 | three` — a list of phrases, with optional weights; a line that starts
  with blanks continues the list;
* `@table(first, second)` followed by indented rows `value; value` — facts that belong together;
* `[topic]` followed by `- text` lines — patterns, one text each, `*3` at the end being a weight.

In a pattern `<name>` stands for a phrase of that list, `<name:1>` for the same phrase every time
in one text, `<table.column>` for a cell of one row a text (`<table2.column>` of another row).
Functions follow a bar: `<action|ing>`, `<animal|plural|cap>`.  `<person>` picks a name and with
it the gender that `<he>`, `<him>`, `<his>`, `<himself>` take for the rest of the text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from data.build.inflection import article, past, plural, progressive, third_person

FOLDER = Path(__file__).parent / "grammar"
SLOT = re.compile(r"<([^<>]+)>")
WEIGHT = re.compile(r"\*(\d+)$")
PRONOUNS = {
    "he": ("he", "she"),
    "him": ("him", "her"),
    "his": ("his", "her"),
    "himself": ("himself", "herself"),
    "man": ("man", "woman"),
    "boy": ("boy", "girl"),
}
FUNCTIONS: dict[str, Callable[[str], str]] = {
    "a": article,
    "cap": lambda text: text[:1].upper() + text[1:],
    "ing": progressive,
    "past": past,
    "plural": plural,
    "s": third_person,
}


class GrammarError(ValueError):
    """A grammar file says something that cannot be expanded; the message names it."""


@dataclass
class Choices:
    """Phrases with their cumulative weights."""

    phrases: list[str] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, phrase: str) -> None:
        """Append one phrase; a trailing `*N` is its weight."""
        found = WEIGHT.search(phrase)
        self.weights.append(float(found.group(1)) if found else 1.0)
        self.phrases.append(phrase[: found.start()].strip() if found else phrase)

    def pick(self, rng: random.Random) -> str:
        """Return one phrase, by weight."""
        return rng.choices(self.phrases, self.weights)[0]


@dataclass
class Grammar:
    """All lists, tables and patterns that were read."""

    lists: dict[str, Choices] = field(default_factory=dict)
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    patterns: dict[str, Choices] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Grammar:
        """Read every `*.txt` of the folder, in the order of their names."""
        grammar = cls()
        for path in sorted(folder.glob("*.txt")):
            _Reader(grammar, path).read()
        return grammar

    def text(self, rng: random.Random, topic: str | None = None) -> str:
        """Return one text, of one topic or (topics equally likely) of any."""
        name = topic or rng.choice(sorted(self.patterns))
        return Expansion(self, rng).expand(self.patterns[name].pick(rng))

    def texts(self, count: int, seed: int, topics: dict[str, float]) -> list[str]:
        """Return `count` texts, topics drawn by the given weights; the same for the same seed."""
        rng = random.Random(seed)
        names = rng.choices(list(topics), list(topics.values()), k=count)
        return [self.text(rng, name) for name in names]


class _Reader:
    """Reads one file into a grammar."""

    def __init__(self, grammar: Grammar, path: Path) -> None:
        self.grammar, self.path = grammar, path
        self.add: Callable[[str], None] = self._nowhere

    def read(self) -> None:
        for line in self.path.read_text("utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line[0] == " ":
                self.add(line.strip())
            elif line[0] == "[":
                self._topic(line.strip("[] "))
            elif line[0] == "@":
                self._table(line[1:])
            elif line.startswith("- "):
                self.pattern(line[2:].strip())
            else:
                self._list(line)

    def _nowhere(self, text: str) -> None:
        raise GrammarError(f"{self.path.name}: {text!r} continues nothing")

    def _topic(self, name: str) -> None:
        self.pattern = self.grammar.patterns.setdefault(name, Choices()).add

    def _list(self, line: str) -> None:
        name, _, phrases = line.partition(":")
        choices = self.grammar.lists.setdefault(name.strip(), Choices())

        def add(text: str) -> None:
            for phrase in re.split(r"\s+\|\s+|^\|\s+|\s+\|$", text):
                if phrase.strip():
                    choices.add(phrase.strip())

        self.add = add
        add(phrases)

    def _table(self, line: str) -> None:
        name, _, columns = line.partition("(")
        names = [column.strip() for column in columns.strip(") ").split(",")]
        rows = self.grammar.tables.setdefault(name.strip(), [])

        def add(text: str) -> None:
            cells = [cell.strip() for cell in text.split(";")]
            if len(cells) != len(names):
                raise GrammarError(f"{self.path.name}: {text!r} has not {len(names)} cells")
            rows.append(dict(zip(names, cells, strict=True)))

        self.add = add


class Expansion:
    """The state of one text: what its names, pronouns and rows stand for."""

    def __init__(self, grammar: Grammar, rng: random.Random) -> None:
        self.grammar, self.rng = grammar, rng
        self.bound: dict[str, str] = {}
        self.rows: dict[str, dict[str, str]] = {}
        self.female = rng.random() < 0.5

    def expand(self, pattern: str) -> str:
        """Fill all slots, those of the fillers too; capitalise the first letter."""
        text = pattern
        while SLOT.search(text):
            text = SLOT.sub(self._slot, text)
        return text[:1].upper() + text[1:]

    def _slot(self, found: re.Match[str]) -> str:
        name, *functions = found.group(1).split("|")
        text = self._value(name)
        while SLOT.search(text):
            text = SLOT.sub(self._slot, text)
        for function in functions:
            if function not in FUNCTIONS:
                raise GrammarError(f"<{found.group(1)}>: no function {function!r}")
            text = FUNCTIONS[function](text)
        return text

    def _value(self, name: str) -> str:
        if name.lower() in PRONOUNS:
            form = PRONOUNS[name.lower()][self.female]
            return form.capitalize() if name[0].isupper() else form
        if ":" in name:
            return self._once(name)
        if "." in name:
            return self._cell(*name.split("."))
        if name == "person":
            return self._once("person:1")
        return self._phrase(name)

    def _once(self, name: str) -> str:
        if name not in self.bound:
            stem = name.split(":")[0]
            if stem == "person":
                stem = "woman_name" if self.female else "man_name"
            taken = {v for k, v in self.bound.items() if k.split(":")[0] == name.split(":")[0]}
            for _ in range(8):
                self.bound[name] = Expansion.expand_raw(self, self._phrase(stem))
                if self.bound[name] not in taken:
                    break
        return self.bound[name]

    def expand_raw(self, text: str) -> str:
        """Fill the slots of a phrase without touching its first letter."""
        while SLOT.search(text):
            text = SLOT.sub(self._slot, text)
        return text

    def _phrase(self, name: str) -> str:
        if name not in self.grammar.lists:
            raise GrammarError(f"no list {name!r}")
        return self.grammar.lists[name].pick(self.rng)

    def _cell(self, table: str, column: str) -> str:
        if table not in self.rows:
            stem = table.rstrip("23")
            if stem not in self.grammar.tables:
                raise GrammarError(f"no table {stem!r}")
            taken = list(self.rows.values())
            free = [row for row in self.grammar.tables[stem] if row not in taken]
            self.rows[table] = self.rng.choice(free)
        if column not in self.rows[table]:
            raise GrammarError(f"table {table!r} has no column {column!r}")
        return self.rows[table][column]
