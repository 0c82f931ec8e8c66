"""A cased vocabulary over the uncased base encoder.

The word embedding of a cased token is the base's embedding of its lower-cased form (the mean of its
pieces' where that is no single token), plus a low-rank term: what case the token is in (`FLAGS`),
times one direction for each case, learned with the checkpoint. So case costs a few kilobytes and
the cased token keeps its meaning.
"""

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

FLAGS = ("first letter is a capital", "several letters, all capitals", "accented")
CONTINUED = "##"
# Rows of at most this many base tokens are averaged: more would not fit the size of a difference.
MOST_PIECES = 2


def folded(token: str) -> str:
    """Return the text as the uncased vocabulary spells it: lower case, no accents."""
    split = unicodedata.normalize("NFD", token.lower())
    return "".join(character for character in split if unicodedata.category(character) != "Mn")


def pieces(text: str, starts_word: bool, vocabulary: Mapping[str, int]) -> list[int]:
    """Return the IDs that greedy WordPiece gives `text` (already folded), or [] if none fits."""
    found: list[int] = []
    begin = 0
    while begin < len(text):
        prefix = "" if starts_word and begin == 0 else CONTINUED
        ends = range(len(text), begin, -1)
        end = next((end for end in ends if prefix + text[begin:end] in vocabulary), None)
        if end is None:
            return []
        found.append(vocabulary[prefix + text[begin:end]])
        begin = end
    return found


def row(text: str, starts_word: bool, vocabulary: Mapping[str, int]) -> list[int]:
    """Return the base rows, one or two, that stand for a token's text without marks."""
    ids = pieces(folded(text), starts_word, vocabulary) or [vocabulary["[UNK]"]]
    # The first and the last piece: the stem and the ending.
    return ids if len(ids) <= MOST_PIECES else [ids[0], ids[-1]]


def rows(tokens: Sequence[str], vocabulary: Mapping[str, int]) -> list[list[int]]:
    """Return, for each WordPiece token of a cased vocabulary, its rows in the uncased one."""
    return [
        [vocabulary[token]]
        if token.startswith("[") and token in vocabulary
        else row(token.removeprefix(CONTINUED), not token.startswith(CONTINUED), vocabulary)
        for token in tokens
    ]


def flags(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return [n, len(FLAGS)] zeros and ones: the case of each token's text."""
    table = np.zeros((len(texts), len(FLAGS)), dtype=np.float32)
    for number, text in enumerate(texts):
        if text.startswith("[") and text.endswith("]"):
            continue
        letters = [character for character in text if character.isalpha()]
        table[number] = (
            bool(letters) and letters[0].isupper(),
            len(letters) > 1 and all(letter.isupper() for letter in letters),
            folded(text) != text.lower(),
        )
    return table


def directions(size: int, seed: int = 0) -> NDArray[np.float32]:
    """Return the untrained directions [len(FLAGS), size], norm 0.3 where embeddings have 1."""
    noise = np.random.default_rng(seed).standard_normal((len(FLAGS), size))
    length: NDArray[np.float64] = np.linalg.norm(noise, axis=1, keepdims=True)
    return (0.3 * noise / length).astype(np.float32)
