"""The classroom's SQuAD-it: Italian paragraphs with questions, in the layout of SQuAD 1.1.

    python -m data.build.squad_it

Each file of `italian/` is about one kind of things: `@` names the columns, `=` is a row, `-` opens
a first paragraph and `+` a further one, `?` is a question with its answer. In a text `{nome}` is a
cell, `{Nome}` the same with a capital, `{di nome}` the cell after a preposition, joined to its
article as Italian does. An answer is a cell (`-nome`: without its article) or a quoted text.
"""

import gzip
import hashlib
import io
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("italian")
HOST = Path(__file__).resolve().parents[1] / "web" / "raw.githubusercontent.com"
TARGET = HOST / "crux82" / "squad-it" / "master"
FIRST = "terremoto.txt"  # written as it stands, with the answer that the course prints
FIRST_ID = "56cdca7862d2951400fa6826"
TITLES = {"train": 442, "test": 48}
MOMENT = 1_542_570_547  # seconds since 1970, in the head of both files
SLOT = re.compile(r"\{([^{}]+)\}")
ARTICLE = re.compile(r"(il|lo|la|i|gli|le) (?=\S)")
LONE_A = re.compile(r"\b[aA] $")
VOWEL = re.compile(r"(?![iI][aeou])[aeiouhAEIOUH]")
JOINED = {"di": "de", "a": "a", "da": "da", "in": "ne", "su": "su"}
ENDINGS = {"il": "l", "lo": "llo", "la": "lla", "l'": "ll'", "i": "i", "gli": "gli", "le": "lle"}
# Countries and regions stand after "in" without an article, these and plurals with it.
WITH_ARTICLE = ("Lazio", "Regno Unito")
Json = dict[str, Any]
Span = tuple[int, int]


@dataclass(frozen=True)
class Name:
    """A cell: an article, which may be missing, and the rest."""

    article: str
    rest: str
    feminine: bool = False

    @classmethod
    def read(cls, cell: str) -> "Name":
        """Return a cell's name; an article stands before a vowel as `l'`.

        >>> Name.read("la ape").text, Name.read("lo iodio").text, Name.read("Roma").text
        ("l'ape", 'lo iodio', 'Roma')
        """
        found = ARTICLE.match(cell)
        if not found:
            return cls("", cell)
        article, rest = found.group(1), cell[found.end() :]
        cut = article in ("il", "lo", "la") and VOWEL.match(rest)
        return cls("l'" if cut else article, rest, article in ("la", "le"))

    @property
    def text(self) -> str:
        """Return article and rest."""
        return self.after("")

    def after(self, preposition: str) -> str:
        """Return the name after a preposition.

        >>> Name.read("lo zinco").after("di"), Name.read("il Po").after("in")
        ('dello zinco', 'in Po')
        """
        head = f"{preposition} " if preposition else ""
        if not self.article or (preposition == "in" and not self._keeps()):
            return head + self.rest
        gap = "" if self.article == "l'" else " "
        joined = JOINED[preposition] + ENDINGS[self.article] if preposition else self.article
        return joined + gap + self.rest

    def _keeps(self) -> bool:
        return self.article in ("i", "gli", "le") or self.rest in WITH_ARTICLE


@dataclass(frozen=True)
class Question:
    """A question and where its answer is: a cell, or a text in quotes."""

    text: str
    answer: str


@dataclass
class Pattern:
    """A paragraph with its questions."""

    text: str
    questions: list[Question] = field(default_factory=list)


@dataclass
class Kind:
    """One file: names of columns, rows, first and further paragraphs."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    first: list[Pattern] = field(default_factory=list)
    further: list[Pattern] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "Kind":
        """Read a file."""
        kind = cls()
        for line in path.read_text("utf-8").splitlines():
            kind._line(line[0], line[2:])
        return kind

    def _line(self, mark: str, text: str) -> None:
        if mark == "@":
            self.columns = text.split("; ")
        elif mark == "=":
            self.rows.append(text.split("; "))
        elif mark == "?":
            question, _, answer = text.partition(" = ")
            (self.further or self.first)[-1].questions.append(Question(question, answer))
        else:
            (self.first if mark == "-" else self.further).append(Pattern(text))


class Text:
    """A text with its slots filled, which remembers where each cell stands."""

    def __init__(self, pattern: str, cells: dict[str, Name]) -> None:
        self.cells, self.spans = cells, dict[str, Span]()
        self.text = ""
        end = 0
        for found in SLOT.finditer(pattern):
            self.text += pattern[end : found.start()]
            self._fill(found.group(1))
            end = found.end()
        self.text += pattern[end:]
        self.text = self.text[:1].upper() + self.text[1:]

    def _fill(self, slot: str) -> None:
        preposition, _, name = slot.rpartition(" ")
        if ":" in name:
            self._agree(name)
            return
        cell = self.cells[name.lower()]
        value = cell.after(preposition)
        if LONE_A.search(self.text) and value[0] in "aA":
            self.text = self.text[:-1] + "d "
        start = len(self.text)
        self.text += value[:1].upper() + value[1:] if name[0].isupper() else value
        bare = len(self.text) - len(cell.rest)
        self.spans.setdefault(f"-{name.lower()}", (bare, len(self.text)))
        if not preposition:
            self.spans.setdefault(name.lower(), (start, len(self.text)))

    def _agree(self, slot: str) -> None:
        name, forms = slot.split(":")
        masculine, feminine = forms.split("|")
        self.text += feminine if self.cells[name].feminine else masculine

    def answer(self, wanted: str) -> Json:
        """Return the answer with its place in the text."""
        if wanted.startswith("'"):
            text = Text(wanted[1:-1], self.cells).text
            start = self.text.lower().index(text.lower())
            return {"text": self.text[start : start + len(text)], "answer_start": start}
        start, end = self.spans[wanted.lower()]
        return {"text": self.text[start:end], "answer_start": start}


def paragraph(pattern: Pattern, cells: dict[str, Name]) -> Json:
    """Return a paragraph with its questions, the keys in the published order."""
    text = Text(pattern.text, cells)
    asked = [
        {"question": Text(one.text, cells).text, "answers": [text.answer(one.answer)], "id": ""}
        for one in pattern.questions
    ]
    return {"qas": asked, "context": text.text}


def articles(rng: random.Random, kind: Kind) -> Iterator[Json]:
    """Yield an article about each row of a kind."""
    for row in kind.rows:
        cells = dict(zip(kind.columns, map(Name.read, row), strict=True))
        count = min(rng.choices((0, 1, 2), (3, 5, 2))[0], len(kind.further))
        chosen = [rng.choice(kind.first), *rng.sample(kind.further, count)]
        title = cells["nome"].rest
        yield {
            "paragraphs": [paragraph(pattern, cells) for pattern in chosen],
            "title": title[:1].upper() + title[1:],
        }


def written() -> Json:
    """Return the first article of the training file, which was written by hand."""
    title, *lines = (FOLDER / FIRST).read_text("utf-8").splitlines()
    paragraphs: list[Json] = []
    for line in lines:
        if not line.startswith("? "):
            paragraphs.append({"qas": [], "context": line})
            continue
        question, _, answer = line[2:].partition(" = ")
        found = {"text": answer, "answer_start": paragraphs[-1]["context"].index(answer)}
        paragraphs[-1]["qas"].append({"question": question, "answers": [found], "id": ""})
    return {"paragraphs": paragraphs, "title": title}


def questions(listed: Sequence[Json]) -> Iterator[Json]:
    """Yield all questions of some articles."""
    for article in listed:
        for one in article["paragraphs"]:
            yield from one["qas"]


def repeated(rng: random.Random, listed: Sequence[Json]) -> None:
    """Give the answers of the test file as several readers do: mostly the same, some shorter."""
    for question in questions(listed):
        answer = question["answers"][0]
        count = rng.choices((1, 2, 3, 4, 5), (11, 14, 62, 7, 6))[0]
        question["answers"] = [dict(answer) for _ in range(count)]
        words = answer["text"].split(" ")
        if count > 2 and len(words) > 2 and rng.random() < 0.3:
            last = words[-1]
            place = answer["answer_start"] + len(answer["text"]) - len(last)
            question["answers"][-1] = {"text": last, "answer_start": place}


def numbered(listed: Sequence[Json], split: str) -> None:
    """Give each question an ID in the published form."""
    for i, question in enumerate(questions(listed)):
        question["id"] = hashlib.sha256(f"{split} {i}".encode()).hexdigest()[:24]


@cache
def kinds() -> tuple[Kind, ...]:
    """Return the kinds of all files, in the order of their names."""
    paths = sorted(FOLDER.glob("*.txt"))
    return tuple(Kind.read(path) for path in paths if path.name != FIRST)


def splits(seed: int = 82) -> dict[str, list[Json]]:
    """Return the articles of both files."""
    rng = random.Random(seed)
    made = (article for kind in kinds() for article in articles(rng, kind))
    listed = list({article["title"]: article for article in made}.values())
    rng.shuffle(listed)
    listed.insert(0, written())
    train, test = TITLES["train"], sum(TITLES.values())
    found = {"train": listed[:train], "test": listed[train:test]}
    repeated(rng, found["test"])
    for split, some in found.items():
        numbered(some, split)
    next(questions(found["train"]))["id"] = FIRST_ID
    return found


def document(listed: Sequence[Json]) -> str:
    """Return the text of a file, indented and with the line ends of the published one."""
    whole = {"data": listed, "version": "1.1"}
    return json.dumps(whole, indent=4, ensure_ascii=False).replace("\n", "\r\n")


def packed(name: str, text: str) -> bytes:
    """Return a text as gzip, named inside: the same bytes for the same text."""
    file = io.BytesIO()
    with gzip.GzipFile(name, "wb", 9, file, MOMENT) as zipped:
        zipped.write(text.encode("utf-8"))
    return file.getvalue()


def main() -> None:
    """Write both files."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for split, listed in splits().items():
        name = f"SQuAD_it-{split}.json"
        (TARGET / f"{name}.gz").write_bytes(packed(name, document(listed)))


if __name__ == "__main__":
    main()
