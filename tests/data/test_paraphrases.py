"""MRPC's rows: as published in shape, ours in content, and not to be told by words alone."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, Value
from transformers import AutoTokenizer

from data.build import overlap, paraphrases
from data.build.events import Frame, Pair, Writer, frames, kind, pairs, switches
from data.build.paraphrases import FEATURES, FOLDER, SIZES, authored, indices, splits, table
from data.build.quantities import Stock
from data.build.wording import Choice, Patterns, Slot, Switch, Words, tidied
from setup.checkpoints import base_folder

BOUND = 0.74


@cache
def rows() -> dict[str, list[Pair]]:
    """Return the splits, made anew."""
    return splits()


@cache
def published(name: str) -> Dataset:
    """Return a split from its file."""
    return Dataset.from_parquet(str(FOLDER / f"{name}-00000-of-00001.parquet"), keep_in_memory=True)


def sentences(found: Sequence[Pair]) -> list[str]:
    """Return all sentences of some pairs."""
    return [sentence for pair in found for sentence in (pair.sentence1, pair.sentence2)]


@pytest.mark.parametrize("name", SIZES)
def test_sizes_labels_and_columns_are_the_published_ones(name: str) -> None:
    split = published(name)
    assert (len(split), sum(split["label"])) == SIZES[name]
    assert split.features == FEATURES
    assert split.features["label"] == ClassLabel(names=["not_equivalent", "equivalent"])
    assert split.features["idx"] == Value("int32")


@pytest.mark.parametrize("name", SIZES)
def test_the_file_holds_what_the_command_makes(name: str) -> None:
    assert published(name).to_list() == table(rows()[name], indices()[name]).to_list()


def test_the_command_writes_the_same_bytes_again(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        paraphrases.write(tmp_path / folder)
    for name in SIZES:
        file = f"{name}-00000-of-00001.parquet"
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_each_idx_belongs_to_one_split_and_increases() -> None:
    numbers = [published(name)["idx"][:] for name in SIZES]
    assert sorted(sum(numbers, [])) == list(range(sum(size for size, _ in SIZES.values())))
    assert all(list(part) == sorted(part) for part in numbers)
    assert numbers[0][:9] == list(range(9))
    assert max(numbers[0] + numbers[1]) < min(numbers[2])


def test_the_first_rows_have_the_published_lengths_and_labels() -> None:
    tokenizer = AutoTokenizer.from_pretrained(base_folder())
    first = published("train")[:8]
    lengths = [len(ids) for ids in tokenizer(first["sentence1"], first["sentence2"])["input_ids"]]
    assert lengths == [50, 59, 47, 67, 59, 50, 62, 32]
    assert first["label"] == [1, 0, 1, 0, 1, 1, 0, 1]
    assert first["sentence1"][0].startswith("Amrozi accused his brother")
    assert published("train")[15]["label"] == published("validation")[87]["label"] == 0


def test_the_lengths_leave_something_to_pad() -> None:
    tokenizer = AutoTokenizer.from_pretrained(base_folder())
    split = published("validation")
    pairs_ = split["sentence1"][:], split["sentence2"][:]
    lengths = [len(ids) for ids in tokenizer(*pairs_)["input_ids"]]
    assert 40 <= sum(lengths) / len(lengths) <= 54
    assert min(lengths) <= 28
    assert 80 <= max(lengths) <= 110


def test_no_sentence_stands_in_two_splits() -> None:
    seen = {name: set(sentences(found)) for name, found in rows().items()}
    assert not seen["train"] & seen["validation"]
    assert not seen["train"] & seen["test"]
    assert not seen["validation"] & seen["test"]


def test_hand_written_pairs_are_many_and_everywhere() -> None:
    written = Counter({name: sum(p.kind == "authored" for p in rows()[name]) for name in SIZES})
    assert written.total() >= 320
    assert written["validation"] >= 40
    assert len(set(sentences(authored("written.tsv")))) >= 500


def test_the_sentences_are_varied() -> None:
    every = sentences(sum(rows().values(), []))
    vocabulary = {word for sentence in every for word in overlap.words(sentence)}
    openings = Counter(" ".join(sentence.split()[:2]) for sentence in every)
    assert len(set(every)) > 0.97 * len(every)
    assert len(vocabulary) > 6000
    assert openings.most_common(1)[0][1] < 0.03 * len(every)
    assert len({pair.kind for found in rows().values() for pair in found}) > 100


def test_sentences_are_tidy() -> None:
    for sentence in sentences(sum(rows().values(), [])):
        assert not set("{}[]<>|") & set(sentence), sentence
        assert "  " not in sentence
        assert ", ," not in sentence
        assert " a a " not in f" {sentence.lower()} "
        assert sentence == sentence.strip()
        assert not sentence[0].islower(), sentence


@pytest.mark.parametrize("name", overlap.BASELINES)
def test_words_alone_do_not_tell_paraphrases(name: str) -> None:
    accuracy = overlap.BASELINES[name](rows()["train"], rows()["validation"])
    assert 0.6 <= accuracy <= BOUND


def planted(found: Sequence[Pair]) -> list[Pair]:
    """Return pairs that give themselves away: the paraphrases hold one word more."""
    return [replace(pair, sentence2=pair.sentence2 + " too" * pair.label) for pair in found]


@pytest.mark.parametrize("name", ["bag of words", "second sentence alone"])
def test_a_word_that_gives_the_label_away_is_found(name: str) -> None:
    train, test = planted(rows()["train"]), planted(rows()["validation"])
    assert overlap.BASELINES[name](train, test) > 0.99


def test_an_overlap_that_gives_the_label_away_is_found() -> None:
    copied = [
        replace(pair, sentence2=pair.sentence1) if pair.label else pair
        for pair in rows()["validation"]
    ]
    assert overlap.threshold(copied, copied) > 0.98


def test_pretraining_has_other_names_and_quantities() -> None:
    for name in ("person", "company", "city", "country", "crowd", "votes", "money"):
        ours, theirs = (
            {form for _ in range(300) for form in stock.draw(name).forms}
            for stock in (Stock(random.Random(1)), Stock(random.Random(1), pretraining=True))
        )
        assert not ours & theirs, name


def test_pretraining_misses_some_patterns() -> None:
    counts = [sum(len(frame.patterns) for frame in frames(only)) for only in (False, True)]
    assert 0.8 * counts[0] < counts[1] < 0.95 * counts[0]


def test_pairs_are_the_same_for_the_same_seed() -> None:
    assert pairs(50, 1) == pairs(50, 1)
    assert not set(sentences(pairs(50, 1))) & set(sentences(pairs(50, 2)))


def named(words: Words) -> Iterator[tuple[str, int]]:
    """Yield the values (with 0) and the switches (with their sides) of a pattern."""
    for node in words:
        if isinstance(node, Slot):
            yield node.name, 0
        elif isinstance(node, Choice):
            for wording in node.wordings:
                yield from named(wording)
        elif isinstance(node, Switch):
            yield node.name, len(node.sides)
            for side in node.sides:
                yield from named((side,))


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: frame.name)
def test_the_patterns_of_a_frame_agree(frame: Frame) -> None:
    parser, stock = Patterns(switches()), Stock(random.Random(0))
    sides: dict[str, int] = {}
    common: set[str] | None = None
    for pattern in frame.patterns:
        found = dict(named(parser.parsed(pattern.lstrip("! "))))
        for name, count in found.items():
            assert sides.setdefault(name, count) == count, name
            assert count or stock.draw(kind(name)).forms
        common = set(found) if common is None else common & set(found)
    assert common
    assert len(common) >= 2


def test_a_negative_pair_differs_in_what_both_tell() -> None:
    writer = Writer(7)
    for _ in range(200):
        story = writer.story(0)
        name, other = writer.difference(story)
        if name != "nothing":
            assert story.event.values.get(name) != other.values.get(name) or (
                story.event.sides.get(name) != other.sides.get(name)
            )


def test_an_unclosed_pattern_is_named() -> None:
    with pytest.raises(ValueError, match="shares .* is missing"):
        Patterns({}).parsed("shares [of {company}")


@pytest.mark.parametrize(
    ("raw", "tidy"),
    [
        ("shares rose , , a analyst said ,", "Shares rose , an analyst said ."),
        ('" a 18-year-old won , " she said', '" An 18-year-old won , " she said .'),
        ("it was a user of a unit", "It was a user of a unit ."),
    ],
)
def test_sentences_are_put_in_order(raw: str, tidy: str) -> None:
    assert tidied(raw) == tidy
