"""The classroom's GLUE: published schemas, our rows, no text in two splits, files made again."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import ClassLabel, Features, Value
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from data.build import benchmark, glue, reviews
from data.build.grammar import Grammar

THREE = ("train", "validation", "test")
INFERENCE = ["entailment", "neutral", "contradiction"]
TWO_WAY = ["entailment", "not_entailment"]
# Written down from the published card: columns of text, label names, splits.
PUBLISHED: dict[str, tuple[list[str], list[str] | None, tuple[str, ...]]] = {
    "ax": (["premise", "hypothesis"], INFERENCE, ("test",)),
    "cola": (["sentence"], ["unacceptable", "acceptable"], THREE),
    "mnli": (
        ["premise", "hypothesis"],
        INFERENCE,
        (
            "train", "validation_matched", "validation_mismatched",
            "test_matched", "test_mismatched",
        ),
    ),
    "mnli_matched": (["premise", "hypothesis"], INFERENCE, THREE[1:]),
    "mnli_mismatched": (["premise", "hypothesis"], INFERENCE, THREE[1:]),
    "mrpc": (["sentence1", "sentence2"], ["not_equivalent", "equivalent"], THREE),
    "qnli": (["question", "sentence"], TWO_WAY, THREE),
    "qqp": (["question1", "question2"], ["not_duplicate", "duplicate"], THREE),
    "rte": (["sentence1", "sentence2"], TWO_WAY, THREE),
    "sst2": (["sentence"], ["negative", "positive"], THREE),
    "stsb": (["sentence1", "sentence2"], None, THREE),
    "wnli": (["sentence1", "sentence2"], ["not_entailment", "entailment"], THREE),
}  # fmt: skip
OURS = [config for config in PUBLISHED if config != "mrpc"]
SIZES = {
    "mrpc": {"train": 3668, "validation": 408, "test": 1725},
    "sst2": {"train": 6000, "validation": 872, "test": 1821},
}


def files() -> Iterator[tuple[str, str, Path]]:
    for config, (_, _, splits) in PUBLISHED.items():
        for split in splits:
            yield config, split, glue.FOLDER / config / f"{split}-00000-of-00001.parquet"


FILES = list(files())
# Those whose labels are shown and, unlike MRPC's and STS-B's, published in equal numbers.
BALANCED = [file for file in FILES if file[0] not in ("mrpc", "stsb") and "test" not in file[1]]


def each(files: list[tuple[str, str, Path]]) -> pytest.MarkDecorator:
    """Run a test for each of the files."""
    names = [f"{config}-{split}" for config, split, _ in files]
    return pytest.mark.parametrize(("config", "split", "path"), files, ids=names)


EACH_FILE = each(FILES)


def texts(config: str, table: pa.Table) -> list[tuple[str, ...]]:
    """Return the texts of each row."""
    return list(zip(*(table[name].to_pylist() for name in PUBLISHED[config][0]), strict=True))


def shared(one: list[tuple[str, ...]], other: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Return the texts that stand in both, letters and order of a pair left aside."""
    tidy = [{tuple(sorted(text.lower() for text in row)) for row in rows} for rows in (one, other)]
    return tidy[0] & tidy[1]


@EACH_FILE
def test_columns_and_types_are_the_published_ones(config: str, split: str, path: Path) -> None:
    columns, names, _ = PUBLISHED[config]
    label = Value("float32") if names is None else ClassLabel(names=names)
    expected = {name: Value("string") for name in columns}
    expected |= {"label": label, "idx": Value("int32")}
    found = Features.from_arrow_schema(pq.read_schema(path))
    assert found == Features(expected)
    assert list(found) == [*columns, "label", "idx"]


def test_no_file_is_there_but_the_published_ones() -> None:
    found = {path for path in glue.FOLDER.rglob("*") if path.is_file()}
    assert found == {path for _, _, path in FILES} | {glue.FOLDER / "README.md"}


@EACH_FILE
def test_sizes(config: str, split: str, path: Path) -> None:
    known = SIZES.get(config, {}).get(split)
    rows = pq.read_metadata(path).num_rows
    assert rows == known if known else rows in (40, 160)


@EACH_FILE
def test_labels_are_known_to_all_but_test_splits(config: str, split: str, path: Path) -> None:
    labels = set(pq.read_table(path)["label"].to_pylist())
    names = PUBLISHED[config][1]
    if split.startswith("test") and config != "mrpc":
        assert labels == {-1}
    elif names is None:
        assert min(labels) == 0
        assert max(labels) == 5
    else:
        assert labels == set(range(len(names)))


@each(BALANCED)
def test_labels_are_in_balance(config: str, split: str, path: Path) -> None:
    labels = pq.read_table(path)["label"].to_pylist()
    counts = [labels.count(label) for label in set(labels)]
    assert max(counts) - min(counts) <= 1


@EACH_FILE
def test_texts_are_there(config: str, split: str, path: Path) -> None:
    rows = texts(config, pq.read_table(path))
    assert all(text.strip() == text and len(text) > 2 for row in rows for text in row)
    assert not any(mark in text for row in rows for text in row for mark in "<>|")


@pytest.mark.parametrize("config", PUBLISHED)
def test_no_text_stands_in_two_splits_or_twice(config: str) -> None:
    splits = [texts(config, table) for table in glue.tables(glue.FOLDER, config).values()]
    for i, rows in enumerate(splits):
        assert len(rows) == len(set(rows))
        for other in splits[i + 1 :]:
            assert shared(rows, other) == set()


def test_a_leak_is_found() -> None:
    assert shared([("A b", "c")], [("C", "a B")]) == {("a b", "c")}


@pytest.mark.parametrize("config", OURS)
def test_rows_are_numbered(config: str) -> None:
    for table in glue.tables(glue.FOLDER, config).values():
        assert table["idx"].to_pylist() == list(range(table.num_rows))


@pytest.mark.parametrize("part", ["matched", "mismatched"])
def test_parts_of_mnli_are_its_double_splits(part: str) -> None:
    whole = glue.tables(glue.FOLDER, "mnli")
    for split, table in glue.tables(glue.FOLDER, f"mnli_{part}").items():
        assert table.equals(whole[f"{split}_{part}"])


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("glue")
    glue.build(folder)
    return folder


@pytest.mark.parametrize("config", OURS)
def test_the_files_can_be_made_again(rebuilt: Path, config: str) -> None:
    for path in (glue.FOLDER / config).iterdir():
        again = rebuilt / config / path.name
        assert pq.read_table(again).equals(pq.read_table(path), check_metadata=True)
        # Another release of the writer may pack the same rows in other bytes.
        if pq.read_metadata(again).created_by == pq.read_metadata(path).created_by:
            assert again.read_bytes() == path.read_bytes()


def test_the_card_s_header_tells_what_is_there() -> None:
    text = (glue.FOLDER / "README.md").read_text("utf-8")
    assert yaml.safe_load(text.split("---")[1]) == glue.header(glue.FOLDER)
    assert glue.card(text, glue.FOLDER) == text


def test_a_header_that_misses_a_split_is_made_anew(rebuilt: Path) -> None:
    assert "config_name: mrpc" not in glue.card("# Title\n", rebuilt)
    assert glue.card("---\nold: 1\n---\n# Title\n", rebuilt).endswith("---\n# Title\n")


def test_a_word_takes_its_side_from_the_label() -> None:
    assert reviews.pattern_for("not <-adj|a> <film>", 0) == "not <good_adj|a> <film>"
    assert reviews.pattern_for("not <-adj|a> <film>", 1) == "not <bad_adj|a> <film>"


def test_sentences_were_written_by_hand_for_both_labels() -> None:
    rows = reviews.written()
    labels = [label for _, label in rows]
    assert len(rows) >= 200
    assert abs(labels.count(0) - labels.count(1)) <= 2
    assert {text for text, _ in rows} <= {
        text
        for table in glue.tables(glue.FOLDER, "sst2").values()
        for (text,) in texts("sst2", table)
    }


def test_reviews_look_tokenised() -> None:
    for table in glue.tables(glue.FOLDER, "sst2").values():
        for (text,) in texts("sst2", table):
            assert text == text.lower()
            assert not text.endswith((".,", " ..")), text
            assert "n't" not in text.replace(" n't", ""), text


def test_a_bag_of_words_is_not_enough_for_reviews() -> None:
    splits = glue.tables(glue.FOLDER, "sst2")
    train, validation = splits["train"], splits["validation"]
    words = CountVectorizer(token_pattern=r"\S+")
    seen = words.fit_transform(train["sentence"].to_pylist())
    model = LogisticRegression(max_iter=1000).fit(seen, train["label"].to_pylist())
    asked = words.transform(validation["sentence"].to_pylist())
    assert 0.76 <= model.score(asked, validation["label"].to_pylist()) <= 0.86


@pytest.mark.parametrize("task", benchmark.TASKS)
def test_no_pattern_of_a_small_task_lacks_a_column(task: str) -> None:
    grammar = Grammar.read(benchmark.FOLDER)
    for variant in benchmark.TASKS[task]:
        for pattern in grammar.patterns[variant.topic].phrases:
            assert len(pattern.split(" || ")) > max(variant.columns), pattern
