"""Sentences of the real corpora, put back into ordinary spelling.

The corpora are never part of this repository: the environment variable COURSE_REAL_DATA names
the folder that holds them (`hub/datasets/...`, as published).  SST-2, MRPC and CoNLL-2003 come
split into tokens; `detokenise` joins them the way a person would have typed them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

VARIABLE = "COURSE_REAL_DATA"

_REPLACED = (
    ("-LRB-", "("), ("-RRB-", ")"), ("-lrb-", "("), ("-rrb-", ")"),
    ("\\/", "/"), ("``", '"'), ("''", '"'), ("`", "'"),
)  # fmt: skip
_JOINED = (
    (re.compile(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", re.IGNORECASE), r"\1"),
    (re.compile(r" ([,.;:!?%)\]])"), r"\1"),
    (re.compile(r"([(\[$]) "), r"\1"),
    (re.compile(r'" ([^"]*?) "'), r'"\1"'),
    (re.compile(r"\b(can) (not)\b", re.IGNORECASE), r"\1\2"),
    (re.compile(r"\s+"), " "),
)


class MissingRealData(RuntimeError):
    """COURSE_REAL_DATA is unset or does not hold the file that was asked for."""


def real_file(relative: str) -> Path:
    """Return the path of one real file; raise MissingRealData with the remedy when absent."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise MissingRealData(f"set {VARIABLE} to the folder that holds {relative}")
    path = Path(folder) / relative
    if not path.is_file():
        raise MissingRealData(f"{path} is missing; {VARIABLE} must name a folder with {relative}")
    return path


def detokenise(text: str) -> str:
    """Join space-separated tokens into ordinary text (`it 's fine .` -> `it's fine.`)."""
    for old, new in _REPLACED:
        text = text.replace(old, new)
    for pattern, new in _JOINED:
        text = pattern.sub(new, text)
    return text.strip()


def sst2_sentences() -> list[str]:
    """Return the maximal phrases of SST-2's training split (lower case, ~10,000 of them).

    The split holds whole sentences and their phrases; a phrase contained in the sentence
    kept last is left out, so that little is read twice.
    """
    lines = real_file("hub/datasets/stanfordnlp/sst2/train.tsv").read_text("utf-8").splitlines()
    phrases = sorted({line.split("\t")[0].strip() for line in lines[1:]}, key=len, reverse=True)
    kept: list[str] = []
    seen: set[str] = set()
    for phrase in phrases:
        words = phrase.split()
        if len(words) < 6:
            break
        runs = {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
        if len(runs & seen) <= len(runs) // 2:
            kept.append(detokenise(phrase))
            seen |= runs
    return kept


def mrpc_sentences() -> list[str]:
    """Return the distinct sentences of MRPC's training split (news, properly capitalised)."""
    path = real_file("hub/datasets/nyu-mll/glue/mrpc/train.jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    both = (row[key] for row in rows for key in ("sentence1", "sentence2"))
    return sorted({detokenise(text) for text in both})


def conll_rows(split: str = "train") -> Iterator[list[list[str]]]:
    """Yield sentences of CoNLL-2003 as lists of [token, part of speech, chunk, entity]."""
    rows: list[list[str]] = []
    for line in real_file(f"hub/datasets/conll2003/{split}.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("-DOCSTART-"):
            rows.append(line.split())
        elif rows:
            yield rows
            rows = []
    if rows:
        yield rows


def _is_prose(tokens: Iterable[str]) -> bool:
    """Tell sentences from tables of scores and headlines in capitals."""
    words = list(tokens)
    lower = sum(word.islower() for word in words)
    return len(words) >= 6 and lower >= len(words) // 2 and words[-1] in ".?!\""


def conll_sentences() -> list[str]:
    """Return the prose sentences of CoNLL-2003's training split (no tables, no headlines)."""
    tokens = ([row[0] for row in rows] for rows in conll_rows("train"))
    return sorted({detokenise(" ".join(words)) for words in tokens if _is_prose(words)})


def real_sentences() -> list[str]:
    """Return all of them: MRPC, CoNLL-2003 and SST-2, in this order."""
    return mrpc_sentences() + conll_sentences() + sst2_sentences()
