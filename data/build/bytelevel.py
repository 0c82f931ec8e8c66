"""The byte-level vocabulary over the uncased base encoder, for models that also write text.

Each byte-level token takes the base's embedding of its lower-cased text, plus marks that tell the
tokens with the same text apart: their case, whether they begin a word, and a number for twins.
"""

from collections import defaultdict
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from data.build import casing
from data.build.encoders import WORDS
from setup.checkpoints import base_folder

SPECIAL = {"<s>": "[CLS]", "</s>": "[SEP]", "<pad>": "[PAD]", "<unk>": "[UNK]", "<mask>": "[MASK]"}


@dataclass(frozen=True)
class Vocabulary:
    """The byte-level tokens as rows of the base's embeddings, plus `marks` [tokens, 4]."""

    rows: list[list[int]]
    marks: Tensor


def vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """Map each byte-level token to base rows and marks: capital, capitals, inside a word, twin.

    Tokens with the same rows and case (accented letters, say) get different twin marks, so that
    the decoder can tell them apart.
    """
    lines = (base_folder() / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    known = {token: number for number, token in enumerate(lines)}
    rows, marks = [], torch.zeros(tokenizer.get_vocab_size(), 4)
    twins: dict[tuple[object, ...], int] = defaultdict(int)
    for number in range(tokenizer.get_vocab_size()):
        token = tokenizer.id_to_token(number)
        text = tokenizer.decode([number], skip_special_tokens=False)
        row, mark = described(token, text, known)
        twin = twins[tuple(row), mark]
        twins[tuple(row), mark] += 1
        marks[number] = torch.tensor([*mark, (twin * 0.618) % 1.0 * 2])
        rows.append(row)
    return Vocabulary(rows, marks.half().float())


def described(token: str, text: str, known: dict[str, int]) -> tuple[list[int], tuple[float, ...]]:
    """Return the base rows of one token and its marks without the twin."""
    if token in SPECIAL:
        return [known[SPECIAL[token]]], (0.0, 0.0, 0.0)
    inside = not text.startswith(" ")
    word = text.strip()
    row = casing.row(word, not inside, known) if word else [known["[UNK]"]]
    row = row[:1] if len(set(row)) == 1 else row  # "..." is a twin of "."
    capital, capitals, _ = casing.flags([word])[0]
    return row, (float(capital), float(capitals), float(inside))


def mean_rows(vocabulary_: Vocabulary, base: dict[str, Tensor]) -> Tensor:
    """Return the embedding [tokens, size] before the marks."""
    table = base[WORDS]
    return torch.stack([table[row].mean(0) for row in vocabulary_.rows])
