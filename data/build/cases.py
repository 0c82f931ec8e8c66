"""Sections of word lists: what one kind of text is about, each with words of its own.

A section begins with `[name = kind]` and holds lines `list: one | two*2`, as the grammars do.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from data.build.grammar import Choices, Expansion, Grammar


@dataclass(frozen=True)
class Case:
    """One section: its name, its kind, its lists."""

    name: str
    kind: str
    lists: dict[str, Choices]


def cases(path: Path) -> list[Case]:
    """Return the sections of a file, in order."""
    found = []
    for block in re.split(r"(?m)^\[", path.read_text("utf-8"))[1:]:
        head, *lines = block.strip().splitlines()
        name, _, kind = head.rstrip("]").partition(" = ")
        found.append(Case(name, kind, dict(map(listed, lines))))
    return found


def listed(line: str) -> tuple[str, Choices]:
    """Read `name: one | two*2`."""
    name, _, phrases = line.partition(": ")
    found = Choices()
    for phrase in phrases.split(" | "):
        found.add(phrase.strip())
    return name, found


def only(text: object) -> Choices:
    """Return a list of one phrase."""
    return Choices([str(text)], [1.0])


class Writer:
    """Writes the sentences of one text: words stay bound, and no pattern is used twice."""

    def __init__(self, expansion: Expansion) -> None:
        self.expansion = expansion
        self.used: set[str] = set()

    @property
    def grammar(self) -> Grammar:
        """Return the grammar that it writes with."""
        return self.expansion.grammar

    def pattern(self, topic: str) -> str | None:
        """Return a pattern of the topic that was not used yet, or nothing."""
        choices = self.grammar.patterns[topic]
        pairs = zip(choices.phrases, choices.weights, strict=True)
        free = {phrase: weight for phrase, weight in pairs if phrase not in self.used}
        if not free:
            return None
        picked: str = self.expansion.rng.choices(list(free), list(free.values()))[0]
        self.used.add(picked)
        return picked

    def sentences(self, topic: str, count: int = 1) -> list[str]:
        """Return up to so many sentences of a topic."""
        patterns = [self.pattern(topic) for _ in range(count)]
        return [self.expansion.expand(one) for one in patterns if one is not None]
