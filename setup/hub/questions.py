"""The widget's forms: what each task asks for, with an example, and how an answer is laid out.

Pure: no HTTP, no model.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from setup.hub.errors import BadRequest

LONGEST = 5_000  # characters of a text
MOST_LABELS = 10
SHOWN_VALUES = 6  # of a vector
SHOWN_TOKENS = 10
_BRACKETS = ("bert", "distilbert", "electra", "mobilebert", "albert")  # write their mask [MASK]


@dataclass(frozen=True)
class Field:
    """One field of a form; ``rows`` 1 is a single line, ``kind`` an HTML input's type."""

    name: str
    label: str
    value: str = ""
    rows: int = 1
    kind: str = "text"
    hint: str = ""


@dataclass(frozen=True)
class Task:
    """A task of chapter 1: its name for people, its form, and how its answer looks."""

    name: str
    fields: tuple[Field, ...]
    layout: str
    button: str = "Compute"


@dataclass(frozen=True)
class Bar:
    """A label with its score between 0 and 1, and a text that goes with it."""

    label: str
    score: float
    text: str = ""


@dataclass(frozen=True)
class Piece:
    """A piece of text, marked with a label or plain."""

    text: str
    label: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """An answer laid out: bars, or pieces of a text, or numbers in rows."""

    layout: str
    bars: tuple[tuple[Bar, ...], ...] = ()
    pieces: tuple[Piece, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""


def _text(example: str, label: str = "Text", rows: int = 3, hint: str = "") -> Field:
    return Field("text", label, example, rows, hint=hint)


_SEED = Field("seed", "Seed", "42", kind="number", hint="Another seed draws another text.")
_FRENCH = "Ce cours est produit par Hugging Face."
_PASSAGE = (
    "The library opens at nine in the morning. In the first hour hardly anybody comes, apart "
    "from a few students who read the newspapers. Most visitors arrive after lunch, when the "
    "schools are out, and stay until the doors close at seven in the evening."
)
TASKS: dict[str, Task] = {
    "text-classification": Task("Text classification", (_text("I like this course."),), "bars"),
    "zero-shot-classification": Task(
        "Zero-shot classification",
        (
            _text("This is a course about the Transformers library"),
            Field("labels", "Possible labels", "education, politics, business",
                  hint=f"Up to {MOST_LABELS}, with commas between them."),
        ),
        "bars",
    ),
    "fill-mask": Task("Mask filling", (_text("This is a {mask} film.", rows=2),), "bars"),
    "token-classification": Task(
        "Token classification",
        (_text("My name is Sylvain and I work at Hugging Face in Brooklyn."),),
        "pieces",
    ),
    "text-generation": Task(
        "Text generation",
        (_text("In this course, we will teach you how to"), _SEED), "continued", "Generate",
    ),
    "question-answering": Task(
        "Question answering",
        (
            _text("Where do I work?", "Question", 1),
            Field("context", "Context", "My name is Sylvain and I work at Hugging Face in Brooklyn",
                  4),
        ),
        "answer",
    ),
    "summarization": Task("Summarization", (_text(_PASSAGE, rows=6),), "text", "Summarize"),
    "translation": Task("Translation", (_text(_FRENCH),), "text", "Translate"),
    "text2text-generation": Task("Text-to-text generation", (_text("Hello!"),), "text", "Generate"),
    "feature-extraction": Task("Feature extraction", (_text("I am hungry.", rows=1),), "rows"),
    "sentence-similarity": Task(
        "Sentence similarity",
        (
            _text("I am hungry.", "Sentence", 1),
            Field("sentences", "Compare with",
                  "I would like some food.\nMy stomach is empty.\nThe train is late.", 4,
                  hint=f"One sentence a line, up to {MOST_LABELS}."),
        ),
        "bars",
    ),
}  # fmt: skip


def fields(task: str, card: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[Field, ...]:
    """Give a task's fields, filled with the card's own example (``widget:``) if it has one."""
    example = _example(card)
    kind = str(config.get("model_type", ""))
    mask = "[MASK]" if kind in _BRACKETS else "<mask>"
    found = []
    for item in TASKS[task].fields:
        value = example.get(item.name) or item.value.replace("{mask}", mask)
        hint = f"Mark the gap with {mask}." if task == "fill-mask" else item.hint
        found.append(replace(item, value=value, hint=hint))
    return tuple(found)


def _example(card: Mapping[str, Any]) -> dict[str, str]:
    listed = card.get("widget")
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict):
        return {}
    known = {key: value for key, value in first.items() if isinstance(value, str)}
    return {key: value[:LONGEST] for key, value in known.items()}


def filled(shown: tuple[Field, ...], sent: Mapping[str, str]) -> tuple[Field, ...]:
    """Give the fields as a person has filled them in."""
    return tuple(replace(item, value=sent.get(item.name, item.value)) for item in shown)


def question(task: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """Check what was sent and make the worker's question of it; raises BadRequest."""
    found: dict[str, Any] = {"task": task}
    for item in TASKS[task].fields:
        text = sent.get(item.name, "").replace("\r\n", "\n")
        if not text.strip():
            raise BadRequest(f"{item.label}: write something first.")
        if len(text) > LONGEST:
            raise BadRequest(f"{item.label}: at most {LONGEST} characters are read.")
        found[item.name] = _READERS.get(item.name, str)(text)
    return found


def _several(text: str, mark: str) -> list[str]:
    parts = list(dict.fromkeys(part.strip() for part in text.split(mark) if part.strip()))
    if not 1 <= len(parts) <= MOST_LABELS:
        raise BadRequest(f"Write one to {MOST_LABELS} of them, not {len(parts)}.")
    return parts


def _number(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text) < 10):
        raise BadRequest(f"Seed: {text[:20]!r} is not a whole number of at most nine digits.")
    return int(text)


_READERS: dict[str, Any] = {
    "labels": lambda text: _several(text, ","),
    "sentences": lambda text: _several(text, "\n"),
    "seed": _number,
}


def outcome(asked: Mapping[str, Any], answer: Any) -> Outcome:  # noqa: ANN401, a pipeline's answer
    """Lay out what the worker answered to a question."""
    task = asked["task"]
    layout = TASKS[task].layout
    if layout == "bars":
        return Outcome(layout, bars=_bars(asked, answer))
    if layout == "pieces":
        return Outcome(layout, pieces=tuple(_marked(asked["text"], answer)))
    if layout == "answer":
        return _found(asked["context"], answer)
    if layout == "rows":
        return _vectors(answer)
    return _written(asked["text"], answer[0], layout)


def _bars(asked: Mapping[str, Any], answer: Any) -> tuple[tuple[Bar, ...], ...]:  # noqa: ANN401
    if asked["task"] == "zero-shot-classification":
        pairs = zip(answer["labels"], answer["scores"], strict=True)
        return (tuple(Bar(label, share(score)) for label, score in pairs),)
    if asked["task"] == "sentence-similarity":
        pairs = zip(asked["sentences"], answer, strict=True)
        return (tuple(Bar(text, share(score)) for text, score in pairs),)
    groups = answer if answer and isinstance(answer[0], list) else [answer]
    return tuple(tuple(_bar(item) for item in group) for group in groups)


def _bar(item: Mapping[str, Any]) -> Bar:
    label = item.get("label", item.get("token_str", ""))
    return Bar(str(label).strip(), share(item["score"]), str(item.get("sequence", "")))


def _marked(text: str, found: list[dict[str, Any]]) -> list[Piece]:
    """Cut a text at its entities; what overlaps an earlier one is left out."""
    pieces, at = [], 0
    for item in sorted(found, key=lambda entity: entity["start"]):
        start, end = item["start"], item["end"]
        if start < at:
            continue
        pieces += [Piece(text[at:start])] if start > at else []
        pieces.append(Piece(text[start:end], item["entity_group"], share(item["score"])))
        at = end
    return [*pieces, Piece(text[at:])] if at < len(text) else pieces


def _found(context: str, answer: Mapping[str, Any]) -> Outcome:
    marked = {**answer, "entity_group": "answer"}
    bar = Bar(answer["answer"], share(answer["score"]))
    return Outcome("answer", bars=((bar,),), pieces=tuple(_marked(context, [marked])))


def _written(given: str, answer: Mapping[str, str], layout: str) -> Outcome:
    text = next(iter(answer.values()))
    if layout == "continued" and text.startswith(given):
        return Outcome("text", pieces=(Piece(given, "given"), Piece(text[len(given) :])))
    return Outcome("text", pieces=(Piece(text.strip()),))


def _vectors(answer: list[list[list[float]]]) -> Outcome:
    """The first numbers of the first tokens' vectors."""
    tokens = answer[0]
    rows = tuple(
        (str(place), *(f"{value:.3f}" for value in vector[:SHOWN_VALUES]), "…")
        for place, vector in enumerate(tokens[:SHOWN_TOKENS])
    )
    note = f"{len(tokens)} tokens, {len(tokens[0])} numbers each; the first of them:"
    return Outcome("rows", rows=rows, note=note)


def share(score: Any) -> float:  # noqa: ANN401, whatever a stranger's model computes
    """A score as a number between 0 and 1, also where a model gave none.

    >>> share(0.25), share(float("nan")), share(-0.1)
    (0.25, 0.0, 0.0)
    """
    value = float(score)
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0
