"""Questions about real sentences: from part-of-speech, chunk and entity tags to (question, answer).

A sentence "SUBJECT VERB OBJECT in PLACE on DAY" with CoNLL-2003's tags gives "Who VERB OBJECT?",
"What did SUBJECT VERB?", "Where did ...?", "When did ...?", "How many ...?", "Why did ...?".
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.build.names import read_lists

WORDS = read_lists(Path(__file__).with_name("grammar.words"))
IRREGULAR = dict(pair.split("=") for pair in WORDS["irregular"])
AUXILIARIES = frozenset(WORDS["auxiliaries"])
PEOPLE = frozenset(WORDS["people"])
TIMES = frozenset(WORDS["times"])
SHORTEST = 4  # words: shorter questions have lost what they were about
FINITE = ("VBD", "VBZ", "VBP", "MD")
# What the kind of an entity is asked for with, besides the plain "What".
ASKED = {
    "PER": ("Who",), "ORG": ("Which organization", "Who", "What"),
    "LOC": ("Which place", "What", "Which country"), "MISC": ("What",), "": ("What",),
}


@dataclass(frozen=True)
class Word:
    """A token with its part of speech, chunk tag and entity tag, as CoNLL-2003 has them."""

    text: str
    pos: str
    chunk: str
    entity: str


@dataclass(frozen=True)
class Clause:
    """A main clause found in a sentence; all parts are (first, past-the-end) word ranges."""

    subject: tuple[int, int]
    verb: tuple[int, int]
    object: tuple[int, int] | None
    phrases: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Asked:
    """A question about a sentence and the words (first, past-the-end) that answer it."""

    question: str
    begin: int
    end: int


def tagged(path: Path) -> list[list[list[Word]]]:
    """Return the documents of a CoNLL-2003 file as lists of sentences."""
    documents: list[list[list[Word]]] = []
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        fields = [line.split() for line in block.splitlines() if line.strip()]
        if not fields or fields[0][0] == "-DOCSTART-":
            continue
        sentence = [Word(*field[:4]) for field in fields]
        # A headline or a dateline opens a document; the file has no marks between documents.
        if not documents or (sentence[0].text.isupper() and len(documents[-1]) > 3):
            documents.append([])
        documents[-1].append(sentence)
    return documents


def written(words: Sequence[str]) -> tuple[str, list[int]]:
    """Return the words as running text, and where each begins in it."""
    text, starts = "", []
    for number, word in enumerate(words):
        tight = re.fullmatch(r"[,.;:?!%)\]]|'s|'re|'ve|'ll|'d|'m|n't|'", word) is not None
        opened = number > 0 and words[number - 1] in ("(", "[", "$")
        text += "" if not text or tight or opened else " "
        starts.append(len(text))
        text += word
    return text, starts


def base_form(word: Word, known: frozenset[str]) -> str:
    """Return a finite verb's infinitive; `known` are infinitives seen elsewhere."""
    text = word.text.lower()
    if text in IRREGULAR:
        return IRREGULAR[text]
    if word.pos == "VBP":
        return text
    ending = "ed" if word.pos == "VBD" else "es"
    stems = [text.removesuffix(ending), text[:-1]]
    if text.endswith("ied" if word.pos == "VBD" else "ies"):
        stems.insert(0, text[:-3] + "y")
    if len(stems[0]) > 2 and stems[0][-1:] == stems[0][-2:-1]:
        stems.append(stems[0][:-1])
    return next((stem for stem in stems if stem in known), stems[0])


def infinitives(documents: Sequence[Sequence[Sequence[Word]]]) -> frozenset[str]:
    """Return all infinitives of a corpus."""
    return frozenset(
        word.text.lower()
        for document in documents for sentence in document for word in sentence
        if word.pos == "VB"
    )


def chunks(sentence: Sequence[Word]) -> list[tuple[str, int, int]]:
    """Return the sentence's chunks (type, first, past-the-end); single marks are of type ''."""
    found: list[tuple[str, int, int]] = []
    for place, word in enumerate(sentence):
        mark, _, kind = word.chunk.partition("-")
        if mark == "I" and found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1], place + 1)
        else:
            found.append((kind, place, place + 1))
    return found


def noun_phrase(sentence: Sequence[Word], parts: list[tuple[str, int, int]], at: int) -> int:
    """Return the chunk past the noun phrase at `at`, with its possessives and "of" phrases."""
    after = at + 1
    while after < len(parts):
        kind, begin, end = parts[after]
        word = sentence[begin].text
        possessive = kind == "NP" and word in ("'s", "'")
        follows = after + 1 < len(parts) and parts[after + 1][0] == "NP"
        of = kind == "PP" and word == "of" and follows
        if not possessive and not of:
            break
        after += 2 if of else 1
    return after


def clause(sentence: Sequence[Word]) -> Clause | None:
    """Return the main clause if the sentence is as simple as SUBJECT VERB ..., else None."""
    parts = chunks(sentence)
    if len(parts) < 3 or parts[0][0] != "NP":
        return None
    at = noun_phrase(sentence, parts, 0)
    if at >= len(parts) or parts[at][0] != "VP" or sentence[parts[at][1]].pos not in FINITE:
        return None
    verb, subject, thing = parts[at], (0, parts[at][1]), None
    at += 1
    if at < len(parts) and parts[at][0] == "NP":
        after = noun_phrase(sentence, parts, at)
        if after < len(parts) and parts[after][0] == "VP":
            return None  # the noun phrase is the subject of a clause inside this one
        thing = (parts[at][1], parts[after - 1][2])
        at = after
    phrases = []
    while at + 1 < len(parts) and parts[at][0] == "PP" and parts[at + 1][0] == "NP":
        after = noun_phrase(sentence, parts, at + 1)
        phrases.append((parts[at][1], parts[at + 1][1], parts[after - 1][2]))
        at = after
    return Clause(subject, (verb[1], verb[2]), thing, tuple(phrases))


class Asker:
    """Asks questions about the sentences of one corpus."""

    def __init__(self, known: frozenset[str], rng: random.Random) -> None:
        self.known, self.rng = known, rng

    def ask(self, sentence: Sequence[Word]) -> list[Asked]:
        """Return all questions that the sentence's main clause allows."""
        found = clause(sentence)
        if found is None or any(word.text in ('"', "n't") for word in sentence):
            return []
        asked = [self._subject(sentence, found), self._why(sentence, found)]
        if found.object:
            asked += [self._object(sentence, found), self._count(sentence, found)]
        asked += [self._phrase(sentence, found, number) for number in range(len(found.phrases))]
        return [q for q in asked if q is not None and len(q.question.split()) >= SHORTEST]

    def _subject(self, sentence: Sequence[Word], found: Clause) -> Asked | None:
        if sentence[0].pos in ("PRP", "DT") and found.subject[1] == 1:
            return None
        if not found.object and not found.phrases:
            return None
        asker = self._who(sentence, found.subject)
        words = self._words(sentence, found.verb) + self._rest(sentence, found, None)
        return Asked(self._written([asker, *words]), *found.subject)

    def _object(self, sentence: Sequence[Word], found: Clause) -> Asked | None:
        if found.object is None or sentence[found.object[0]].pos == "PRP":
            return None
        asker = "Who" if self._who(sentence, found.object) == "Who" else "What"
        phrases = self._rest(sentence, found, found.object)
        return Asked(
            self._written([asker, *self._turned(sentence, found), *phrases]), *found.object
        )

    def _count(self, sentence: Sequence[Word], found: Clause) -> Asked | None:
        begin, end = found.object or (0, 0)
        if end - begin < 2 or sentence[begin].pos != "CD" or sentence[begin + 1].pos == "CD":
            return None
        if not sentence[end - 1].pos.endswith("S"):
            return None
        things = [word.text for word in sentence[begin + 1 : end]]
        phrases = self._rest(sentence, found, found.object)
        question = ["How many", *things, *self._turned(sentence, found), *phrases]
        return Asked(self._written(question), begin, begin + 1)

    def _phrase(self, sentence: Sequence[Word], found: Clause, number: int) -> Asked | None:
        preposition, begin, end = found.phrases[number]
        before = sentence[preposition].text.lower()
        inside = sentence[begin:end]
        if before in ("in", "at", "near", "from") and all(w.entity[2:] == "LOC" for w in inside):
            asker = "Where"
        elif any(word.text.lower() in TIMES or re.fullmatch(r"(19|20)\d\d", word.text)
                 for word in inside):
            asker = self.rng.choice(("When", "When", "On what day" if before == "on" else "When"))
        elif before in ("with", "for", "by", "against", "from"):
            who = self._who(sentence, (begin, end))
            asker = f"{before.capitalize()} {'whom' if who == 'Who' else 'what'}"
        else:
            return None
        rest = self._rest(sentence, found, found.phrases[number][:1])
        return Asked(self._written([asker, *self._turned(sentence, found), *rest]), begin, end)

    def _why(self, sentence: Sequence[Word], found: Clause) -> Asked | None:
        texts = [word.text.lower() for word in sentence]
        cause = next((p for p, text in enumerate(texts) if text in ("because", "after")), None)
        if cause is None or cause < found.verb[1] or texts[cause] != "because":
            return None
        begin = cause + (2 if texts[cause + 1 : cause + 2] == ["of"] else 1)
        end = len(sentence) - (sentence[-1].text == ".")
        rest = self._rest(sentence, found, None)
        if begin >= end:
            return None
        return Asked(self._written(["Why", *self._turned(sentence, found), *rest]), begin, end)

    def _who(self, sentence: Sequence[Word], span: tuple[int, int]) -> str:
        """Return the question word for a noun phrase, by its head's entity or noun."""
        of = next((p for p in range(*span) if sentence[p].text == "of"), span[1])
        head = sentence[of - 1]
        if head.text.lower() in PEOPLE or head.pos == "PRP":
            return "Who"
        return self.rng.choice(ASKED[head.entity[2:]])

    def _turned(self, sentence: Sequence[Word], found: Clause) -> list[str]:
        """Return auxiliary, subject and verb in the order of a question, and the object."""
        first = sentence[found.verb[0]]
        subject = self._words(sentence, found.subject)
        rest = self._words(sentence, (found.verb[0] + 1, found.verb[1]))
        if first.pos == "MD" or first.text.lower() in AUXILIARIES:
            return [first.text, *subject, *rest]
        support = {"VBD": "did", "VBZ": "does", "VBP": "do"}[first.pos]
        return [support, *subject, base_form(first, self.known), *rest]

    def _rest(
        self, sentence: Sequence[Word], found: Clause, without: tuple[int, ...] | None
    ) -> list[str]:
        """Return the object and some phrases as words, but for the part that begins `without`."""
        words: list[str] = []
        if found.object and (without is None or found.object[0] != without[0]):
            words += self._words(sentence, found.object)
        for preposition, _, end in found.phrases[: self.rng.choice((0, 1, 1, 2))]:
            if without is None or preposition != without[0]:
                words += self._words(sentence, (preposition, end))
        return words

    def _words(self, sentence: Sequence[Word], span: tuple[int, int]) -> list[str]:
        words = [word.text for word in sentence[span[0] : span[1]]]
        first = sentence[0]
        named = first.pos.startswith("NNP") or first.entity != "O" or first.text == "I"
        if span[0] == 0 and words and not named:
            words[0] = words[0].lower()
        return words

    def _written(self, words: list[str]) -> str:
        return written([*words, "?"])[0]
