"""A SentencePiece vocabulary of chosen words, with some pieces at given IDs.

The published CamemBERT has 32,000 pieces, and the course prints the IDs of five.  Ours holds the
words of our French text, by frequency, and below them parts of words for all others; those five
stand at their published places, and what is left are names that no text can contain.

The file is a protocol buffer: field 1 repeats a piece (1 text, 2 score as float32, 3 type); all
other fields are taken over from a model that SentencePiece itself trained.
"""

from __future__ import annotations

import math
import re
import struct
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sentencepiece
from transformers import CamembertTokenizer

PIECES = 32_000
SHIFT = 4  # the published ID is the SentencePiece ID plus this: four special tokens stand first
MARK = "▁"
NORMAL, UNKNOWN, CONTROL, UNUSED = 1, 2, 3, 5  # types of pieces
UNIT = re.compile(r"[^\W_]+|[^\w\s]+|_+")
PARTS = 1500  # parts of words for what is no word of ours
PART_PENALTY = 12.0  # so that a whole word always wins over its parts
LETTERS = "àâäçéèêëîïôöùûüÿœæÀÂÇÉÈÊËÎÏÔÙÛŒ«»€’ñßáíóú0123456789%&*+/=@#$[](){}\"'-_.,:;!?…–—°<>"


@dataclass(frozen=True)
class Piece:
    """One piece as the file holds it."""

    text: str
    score: float
    kind: int = NORMAL


def units(text: str) -> Iterator[str]:
    """Yield words and runs of punctuation; the mark stands where a space was before."""
    for chunk in text.split():
        for number, found in enumerate(UNIT.findall(chunk)):
            yield found if number else MARK + found


def counted(texts: Iterable[str]) -> Counter[str]:
    """Count the units of the texts."""
    return Counter(unit for text in texts for unit in units(text))


def trained_parts(counts: Mapping[str, int]) -> bytes:
    """Train a small unigram model on the words themselves and return its file."""
    with tempfile.TemporaryDirectory() as name:
        text, prefix = Path(name) / "words.txt", Path(name) / "parts"
        words = [unit for unit in sorted(counts) if unit.startswith(MARK)]
        text.write_text("\n".join(word.removeprefix(MARK) for word in words), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=str(prefix), vocab_size=PARTS, model_type="unigram",
            character_coverage=1.0, num_threads=1, minloglevel=2, hard_vocab_limit=False,
            required_chars=LETTERS + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        )  # fmt: skip
        return prefix.with_suffix(".model").read_bytes()


def vocabulary(
    counts: Mapping[str, int], parts: Sequence[Piece], fixed: Mapping[str, int]
) -> list[Piece]:
    """Return all pieces in the order of their SentencePiece IDs; `fixed` gives published IDs."""
    total = sum(counts.values())
    ranked = sorted(counts, key=lambda unit: (-counts[unit], unit))
    words = [Piece(unit, math.log(counts[unit] / total)) for unit in ranked]
    known = set(counts) | {"<unk>", "<s>", "</s>"}
    rest = [Piece(p.text, p.score - PART_PENALTY) for p in parts if p.text not in known]
    free = iter([piece for piece in words + rest if piece.text not in fixed])
    placed = {place - SHIFT: Piece(text, math.log(counts[text] / total))
              for text, place in fixed.items()}  # fmt: skip
    first = [Piece("<unk>", 0.0, UNKNOWN), Piece("<s>", 0.0, CONTROL), Piece("</s>", 0.0, CONTROL)]
    return first + [
        placed.get(i) or next(free, None) or Piece(f"<libre {i}>", -PART_PENALTY, UNUSED)
        for i in range(len(first), PIECES)
    ]


def read_pieces(model: bytes) -> list[Piece]:
    """Return the pieces of a SentencePiece file."""
    found = []
    for field, value in fields(model):
        if field == 1 and isinstance(value, bytes):
            inner = dict(fields(value))
            text, score = inner[1], inner.get(2, b"\0\0\0\0")
            if isinstance(text, bytes) and isinstance(score, bytes):
                kind = inner.get(3, NORMAL)
                number = kind if isinstance(kind, int) else NORMAL
                found.append(Piece(text.decode(), struct.unpack("<f", score)[0], number))
    return found


def written(pieces: Sequence[Piece], model: bytes) -> bytes:
    """Return the file `model` with other pieces."""
    start = b"".join(encoded(1, _message(piece)) for piece in pieces)
    rest = [encoded(n, v) for n, v in fields(model) if n != 1 and isinstance(v, bytes)]
    return start + b"".join(rest)


def _message(piece: Piece) -> bytes:
    score = bytes([2 << 3 | 5]) + struct.pack("<f", piece.score)
    kind = b"" if piece.kind == NORMAL else bytes([3 << 3]) + varint(piece.kind)
    return encoded(1, piece.text.encode()) + score + kind


def fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield the number and the value of each field of a protocol buffer."""
    place = 0
    while place < len(message):
        key, place = _read_varint(message, place)
        if key & 7 == 0:
            number, place = _read_varint(message, place)
            yield key >> 3, number
            continue
        size = 4
        if key & 7 == 2:
            size, place = _read_varint(message, place)
        yield key >> 3, message[place : place + size]
        place += size


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def varint(value: int) -> bytes:
    """Return a number as a protocol buffer writes it: 7 bits a byte, the lowest first."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def encoded(field: int, value: bytes) -> bytes:
    """Return one field that holds bytes."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def charsmap(model: bytes) -> bytes:
    """Return the table of characters that the file's normalizer uses."""
    (normalizer,) = (value for field, value in fields(model) if field == 3)
    found = dict(fields(normalizer)) if isinstance(normalizer, bytes) else {}
    table = found.get(2, b"")
    return table if isinstance(table, bytes) else b""


def tokenizer(model: bytes) -> CamembertTokenizer:
    """Return the published tokenizer over the file's pieces."""
    special = [("<s>NOTUSED", 0.0), ("<pad>", 0.0), ("</s>NOTUSED", 0.0), ("<unk>", 0.0)]
    pieces = [(piece.text, piece.score) for piece in read_pieces(model)[1:]]
    return CamembertTokenizer(
        vocab=[*special, ("<unk>NOTUSED", -100.0), *pieces, ("<mask>", 0.0)],
        _spm_precompiled_charsmap=charsmap(model),
        model_max_length=512,
    )
