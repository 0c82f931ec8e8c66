"""Reviews of drugs, all invented: who has what, what was taken, how it went, what one thinks of it.

`drugs/conditions.words` says for each condition which drugs are taken, what troubles people and
how it may end; `drugs/groups.words` adds forms and side effects; `drugs/*.txt` are lists and
patterns for `data.build.grammar`. The rating chooses the parts that a review is told in.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.build.grammar import Choices, Expansion, Grammar

FOLDER = Path(__file__).with_name("drugs")
SENTENCE = re.compile(r"(?<=[.!?] )[a-z]")
ARTICLE = re.compile(r"\b([Mm]y) an? ")
LONE_I = re.compile(r"\bI\b")
# A review may tell so much of each part, in this order, unless it is very long.
PARTS = {"open": 2, "start": 2, "core": 4, "side": 3, "close": 2}
WEIGHTS = {"open": 2, "start": 2, "core": 5, "side": 3, "close": 2}
# Mood of a review -> topics of its parts, with weights: people are seldom of one mind.
TOPICS: dict[str, dict[str, dict[str, int]]] = {
    "good": {"core": {"good": 9, "mixed": 1}, "side": {"mild": 9, "harsh": 1},
             "close": {"close_good": 1}},
    "mid": {"core": {"mixed": 4, "good": 2, "bad": 2}, "side": {"mild": 1, "harsh": 1},
            "close": {"close_mid": 5, "close_good": 1, "close_bad": 1}},
    "bad": {"core": {"bad": 9, "mixed": 2, "good": 1}, "side": {"harsh": 8, "mild": 1},
            "close": {"close_bad": 1}},
}  # fmt: skip
ONCE = re.compile(r" mg\b| ago\.|[Ss]ide effect|\bI started\b|My story")
RUN = 4  # words in a row that a review does not say twice


@dataclass(frozen=True)
class Condition:
    """What a review may be about: a name, its share of the long reviews, its words."""

    name: str
    share: int
    grammar: Grammar

    def drug(self, rng: random.Random) -> str:
        """Return a drug reviewed for it."""
        return self.grammar.lists["drug"].pick(rng)


def sections(file: str) -> Iterator[tuple[list[str], dict[str, Choices]]]:
    """Yield the sections of a file: the parts of the head, then lists by name."""
    for block in re.split(r"(?m)^\[", (FOLDER / file).read_text("utf-8"))[1:]:
        head, *lines = block.strip().splitlines()
        yield head.rstrip("]").split(" = "), dict(map(choices, lines))


def choices(line: str) -> tuple[str, Choices]:
    """Read `name: one | two*2`."""
    name, _, phrases = line.partition(": ")
    found = Choices()
    for phrase in phrases.split(" | "):
        found.add(phrase.strip())
    return name, found


@cache
def conditions() -> tuple[Condition, ...]:
    """Return all conditions, each with a grammar of its own."""
    base = Grammar.read(FOLDER)
    groups = {head[0]: lists for head, lists in sections("groups.words")}
    found = []
    for (name, group, share), lists in sections("conditions.words"):
        grammar = Grammar({**base.lists, **groups[group], **lists}, {}, base.patterns)
        found.append(Condition(name, int(share), grammar))
    return tuple(found)


def mood(rating: int) -> str:
    """Return the mood that goes with a rating of 1 to 10."""
    if rating >= 8:
        return "good"
    return "mid" if rating >= 5 else "bad"


def points(text: str) -> set[str]:
    """Return what a text says: its runs of words, and words that are good for one sentence."""
    words = text.lower().split()
    runs = {" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}
    return runs | set(ONCE.findall(text))


class Review:
    """One review in the making: its words, and what it has said so far."""

    def __init__(self, rng: random.Random, condition: Condition, drug: str, feeling: str) -> None:
        self.rng, self.grammar, self.feeling = rng, condition.grammar, feeling
        self.expansion = Expansion(condition.grammar, rng)
        self.expansion.bound["drug:1"] = drug
        self.said: set[str] = set()

    def sentence(self, topic: str) -> str:
        """Return a sentence that says nothing said before, if one is found."""
        for _ in range(20):
            text = self.expansion.expand(self.grammar.patterns[topic].pick(self.rng))
            if not self.said & points(text):
                break
        self.said |= points(text)
        text = ARTICLE.sub(r"\1 ", text)
        return SENTENCE.sub(lambda found: found.group().upper(), text)

    def plan(self, count: int) -> list[str]:
        """Return the parts of a review of so many sentences, in order."""
        left = {part: most * (1 + count // sum(PARTS.values())) for part, most in PARTS.items()}
        parts = ["core"]
        for _ in range(count - 1):
            free = [part for part in PARTS if parts.count(part) < left[part]]
            parts += self.rng.choices(free, [WEIGHTS[part] for part in free])
        return sorted(parts, key=list(PARTS).index)

    def topic(self, part: str) -> str:
        """Return the topic that a part is told by."""
        topics = TOPICS[self.feeling].get(part, {part: 1})
        return self.rng.choices(list(topics), list(topics.values()))[0]

    def sentences(self, words: int) -> list[str]:
        """Return sentences of about so many words in all."""
        if words < 14:
            return [self.sentence(f"short_{self.feeling}")]
        parts = self.plan(max(2, words // 11))
        alone = self.feeling == "good" and parts.count("side") == 1 and self.rng.random() < 0.5
        topics = ["none" if alone and part == "side" else self.topic(part) for part in parts]
        return [self.sentence(topic) for topic in topics]


def styled(rng: random.Random, sentences: list[str]) -> str:
    """Return the sentences as one text, with the habits of one person's typing."""
    gap = "  " if rng.random() < 0.2 else " "
    text = gap.join(sentences)
    if rng.random() < 0.25 and len(sentences) > 3:
        place = rng.randrange(1, len(sentences) - 1)
        line = rng.choice(["\r\n", "\r\n", " \r\n", "\r\n\r\n"])
        text = gap.join(sentences[:place]) + line + gap.join(sentences[place:])
    for habit, share in HABITS:
        if rng.random() < share:
            text = habit(rng, text)
    return text


def _careless(rng: random.Random, text: str) -> str:
    return LONE_I.sub("i", text)


def _loud(rng: random.Random, text: str) -> str:
    return text.rstrip(".!") + "!" * rng.randint(2, 4)


def _hasty(rng: random.Random, text: str) -> str:
    """Swap two letters inside a word, and shorten some others."""
    text = text.replace("because", "bc").replace(" with ", " w/ ")
    words = [found for found in re.finditer(r"\b[a-z]{6,}\b", text)]
    if not words:
        return text
    place = rng.choice(words).start() + rng.randint(1, 3)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _joined(rng: random.Random, text: str) -> str:
    return text.replace(" and ", " & ")


def _typographic(rng: random.Random, text: str) -> str:
    return text.replace("'", "’")


def _shouted(rng: random.Random, text: str) -> str:
    return re.sub(r"\b(never|worse|really|gone|better|very)\b", lambda m: m.group().upper(), text)


HABITS = (
    (_careless, 0.06), (_loud, 0.07), (_hasty, 0.06), (_joined, 0.06), (_typographic, 0.03),
    (_shouted, 0.06),
)  # fmt: skip


def review(rng: random.Random, condition: Condition, drug: str, rating: int, words: range) -> str:
    """Return a review whose number of words lies in the range."""
    if words.stop > 200:
        aim = round(min(max(rng.gauss(95, 42), 35), 165))
        aim = rng.randint(200, 520) if rng.random() < 0.004 else aim
    else:
        aim = rng.randint(2, 29)
    while True:
        text = styled(rng, Review(rng, condition, drug, mood(rating)).sentences(aim))
        if len(text.split()) in words:
            return text
        aim = aim + 5 if len(text.split()) < words.start else max(2, aim - 3)
