"""What a build module reports about its checkpoint, and how such figures are counted."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[str, int, int]


@dataclass(frozen=True)
class Measure:
    """One measured quality: `value` of `metric` on `rows` rows of `data`.

    Shares (accuracy, F1, exact match) are percentages, 0 to 100, as is BLEU.
    """

    checkpoint: str
    data: str
    metric: str
    value: float
    rows: int


def percent(hits: Sequence[bool]) -> float:
    """Return the share of true entries as a percentage."""
    return 100.0 * sum(hits) / len(hits)


def spans(labels: Sequence[str]) -> set[Span]:
    """Return the entities (type, first token, past-the-end token) of a row of IOB labels.

    As the CoNLL-2003 scorer reads them: an entity begins at B-X, or at I-X after another type.
    """
    found: set[Span] = set()
    kind, begin = "", 0
    for place, label in enumerate([*labels, "O"]):
        mark, _, new = label.partition("-")
        if kind and (mark != "I" or new != kind):
            found.add((kind, begin, place))
            kind = ""
        if not kind and new:
            kind, begin = new, place
    return found


def entity_f1(true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> float:
    """Return the F1 of whole entities, type and both ends right, as a percentage."""
    pairs = [(spans(t), spans(p)) for t, p in zip(true, predicted, strict=True)]
    hits = sum(len(t & p) for t, p in pairs)
    total = sum(len(t) + len(p) for t, p in pairs)
    return 200.0 * hits / total if total else 0.0


def plain(answer: str) -> str:
    """Return an answer as SQuAD compares it: lower case, no punctuation, no articles."""
    bare = "".join(letter for letter in answer.lower() if letter not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def exact(answer: str, accepted: Sequence[str]) -> bool:
    """Tell whether an answer is one of the accepted ones."""
    return plain(answer) in {plain(text) for text in accepted}


def overlap_f1(answer: str, accepted: Sequence[str]) -> float:
    """Return the best token F1, 0 to 1, between an answer and the accepted ones."""
    return max(_token_f1(plain(answer).split(), plain(text).split()) for text in accepted)


def _token_f1(first: list[str], second: list[str]) -> float:
    common = sum(min(first.count(word), second.count(word)) for word in set(first))
    return 2 * common / (len(first) + len(second)) if common else 0.0
