"""Sentence patterns for made-up news: parsed once, worded again and again.

    (a|b)           one of these wordings, which mean the same
    [a|b]           a harmless detail: one of these, or nothing
    <name:a|b/c>    a switch: sides divided by `/` mean different things; `|` as above
    <name>          a switch of the file switches.txt; a digit after the name makes it another one
    <name=other>    the wordings of the switch `other`, on the side that `name` is on
    {kind}          a value of this kind, in one of its forms; a digit makes it another value
    {kind:short}    the value's short form, for a second mention
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from typing import Protocol

MARKS = "([<{"
ENDS = {"(": ")", "[": "]", "<": ">", "{": "}"}
SWITCH = re.compile(r"(?P<name>[a-z_]+\d?)(?:=(?P<shared>[a-z_]+))?(?P<end>[:>])")


@dataclass(frozen=True)
class Slot:
    """A place for a value; `short` asks for its short form."""

    name: str
    short: bool = False


@dataclass(frozen=True)
class Choice:
    """Wordings of one meaning; an optional choice may also be left out."""

    wordings: tuple[Words, ...]
    optional: bool = False


@dataclass(frozen=True)
class Switch:
    """Sides of different meaning, each with its wordings."""

    name: str
    sides: tuple[Choice, ...]


Node = str | Slot | Choice | Switch
Words = tuple[Node, ...]


@dataclass(frozen=True)
class Value:
    """A thing that sentences name: its forms, its short form, and its size if it has one."""

    forms: tuple[str, ...]
    short: str = ""
    size: float = 0.0


class Facts(Protocol):
    """What an event knows: its values and the sides of its switches."""

    def value(self, name: str) -> Value:
        """Return the value of this name."""

    def side(self, name: str, count: int) -> int:
        """Return the side of a switch with `count` sides."""

    def detailed(self, names: str) -> bool:
        """Whether the event is told with the detail that has these values."""


class Patterns:
    """The parser; `switches` are the bodies of named switches."""

    def __init__(self, switches: dict[str, str]) -> None:
        self.switches = switches
        self.text, self.place = "", 0

    @cache  # noqa: B019 - one parser lives as long as the program
    def parsed(self, text: str) -> Words:
        """Return the nodes of a pattern; ValueError names a pattern that is not closed."""
        saved = self.text, self.place
        self.text, self.place = text, 0
        nodes = self._sequence("")
        self.text, self.place = saved
        return nodes

    def _sequence(self, stops: str) -> Words:
        nodes: list[Node] = []
        while self.place < len(self.text) and self.text[self.place] not in (stops or "\n"):
            mark = self.text[self.place]
            if mark in MARKS:
                self.place += 1
                nodes.append(self._marked(mark))
            else:
                nodes.append(self._plain(stops))
        if stops and self.place == len(self.text):
            raise ValueError(f"pattern {self.text!r}: one of {stops!r} is missing")
        return tuple(nodes)

    def _plain(self, stops: str) -> str:
        start = self.place
        while self.place < len(self.text) and self.text[self.place] not in MARKS + stops:
            self.place += 1
        return self.text[start : self.place]

    def _marked(self, mark: str) -> Node:
        if mark == "{":
            name, _, form = self._until("}").partition(":")
            return Slot(name, form == "short")
        if mark == "<":
            return self._switch()
        choice = self._wordings(ENDS[mark], optional=mark == "[")
        self.place += 1
        return choice

    def _until(self, end: str) -> str:
        stop = self.text.index(end, self.place)
        found, self.place = self.text[self.place : stop], stop + 1
        return found

    def _wordings(self, stops: str, optional: bool = False) -> Choice:
        wordings = [self._sequence(stops + "|")]
        while self.text[self.place] == "|":
            self.place += 1
            wordings.append(self._sequence(stops + "|"))
        return Choice(tuple(wordings), optional)

    def _switch(self) -> Switch:
        found = SWITCH.match(self.text, self.place)
        if found is None:
            raise ValueError(f"pattern {self.text!r}: a switch without a name")
        self.place = found.end()
        if found["end"] == ">":
            shared = (found["shared"] or found["name"]).rstrip("0123456789")
            body = self.parsed(f"<shared:{self.switches[shared]}>")[0]
            assert isinstance(body, Switch)
            return Switch(found["name"], body.sides)
        sides = [self._wordings("/>")]
        while self.text[self.place] == "/":
            self.place += 1
            sides.append(self._wordings("/>"))
        self.place += 1
        return Switch(found["name"], tuple(sides))


@dataclass
class Speaker:
    """Words patterns about one event; `used` collects the names of what was said.

    `details` is the share of details that are told; for details with a value in them, `values` is,
    or, if that is None, the event decides.
    """

    facts: Facts
    rng: random.Random
    details: float = 0.4
    values: float | None = None

    def __post_init__(self) -> None:
        self.used: set[str] = set()

    def say(self, nodes: Words) -> str:
        """Return the words of the nodes, not yet tidied."""
        return "".join(self._node(node) for node in nodes)

    def _node(self, node: Node) -> str:
        if isinstance(node, str):
            return node
        if isinstance(node, Slot):
            return self._slot(node)
        if isinstance(node, Switch):
            self.used.add(node.name)
            return self._node(node.sides[self.facts.side(node.name, len(node.sides))])
        if node.optional and not self._included(node):
            return ""
        return self.say(self.rng.choice(node.wordings))

    def _included(self, detail: Choice) -> bool:
        """Whether to tell a detail."""
        names = " ".join(
            node.name for words in detail.wordings for node in words if isinstance(node, Slot)
        )
        dice = self.rng.random()
        if not names:
            return dice < self.details
        return self.facts.detailed(names) if self.values is None else dice < self.values

    def _slot(self, slot: Slot) -> str:
        self.used.add(slot.name)
        value = self.facts.value(slot.name)
        return value.short or value.forms[0] if slot.short else self.rng.choice(value.forms)


ARTICLE = re.compile(r"\b([Aa]) (?=(?!uni|use|eu|one|U\.S)[aeiouAEIOU])")
NUMBER_ARTICLE = re.compile(r"\b([Aa]) (?=(?:8|11|18|8\d)\b(?![,\d]))")


def tidied(text: str) -> str:
    """Return a sentence with single spaces, commas and articles in order, a capital and a stop.

    >>> tidied("shares rose , , a analyst said ,")
    'Shares rose , an analyst said .'
    """
    text = re.sub(r"\s+", " ", f"{text} .").strip()
    text = re.sub(r"(?: ,)+(?= [,.;])", "", text)
    text = re.sub(r"^(?:[,;] )+", "", text)
    text = re.sub(r"\b(Corp|Inc|Co|Ltd)\. \.$", r"\1 .", text)
    text = NUMBER_ARTICLE.sub(r"\1n ", ARTICLE.sub(r"\1n ", text))
    start = 2 if text.startswith('" ') else 0
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]
