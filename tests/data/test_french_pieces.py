"""The SentencePiece file that is put together from chosen words."""

import pytest
import sentencepiece

from data.build.french_pieces import (
    CONTROL,
    PIECES,
    UNKNOWN,
    UNUSED,
    counted,
    fields,
    read_pieces,
    tokenizer,
    trained_parts,
    units,
    varint,
    vocabulary,
    written,
)

WORDS = ["Le chat boit du lait.", "L'eau est froide !", "Le chien dort, le chat mange."] * 40
FIXED = {"▁chat": 7200, "▁lait": 26202}


@pytest.fixture(scope="module")
def model() -> bytes:
    counts = counted(WORDS)
    parts = trained_parts(counts)
    return written(vocabulary(counts, read_pieces(parts), FIXED), parts)


def test_units_are_words_and_runs_of_punctuation() -> None:
    assert list(units("L'eau est là :)")) == ["▁L", "'", "eau", "▁est", "▁là", "▁:)"]


@pytest.mark.parametrize(
    ("number", "expected"), [(0, b"\0"), (127, b"\x7f"), (300, b"\xac\x02")]
)
def test_numbers_are_written_seven_bits_a_byte(number: int, expected: bytes) -> None:
    assert varint(number) == expected
    assert list(fields(b"\x08" + expected)) == [(1, number)]


def test_the_file_has_the_published_places(model: bytes) -> None:
    pieces = read_pieces(model)
    assert len(pieces) == PIECES
    assert [piece.kind for piece in pieces[:3]] == [UNKNOWN, CONTROL, CONTROL]
    assert all(pieces[place - 4].text == text for text, place in FIXED.items())
    assert sum(piece.kind == UNUSED for piece in pieces) > 30_000


def test_sentencepiece_reads_it_and_cuts_as_the_tokenizer(model: bytes) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    assert processor.encode("Le chat boit.", out_type=str) == ["▁Le", "▁chat", "▁boit", "."]
    made = tokenizer(model)
    for text in ["Le chat boit du lait.", "Un zèbre  xylophone", "œuf, l'été ?"]:
        ids = made(text, add_special_tokens=False)["input_ids"]
        assert ids == [number + 4 for number in processor.encode(text)]


def test_a_whole_word_wins_over_its_parts(model: bytes) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    for unit in counted(WORDS):
        if unit.startswith("▁"):
            assert processor.encode(unit[1:], out_type=str)[0] == unit
