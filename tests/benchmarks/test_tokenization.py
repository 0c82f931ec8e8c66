"""The benchmark of tokenizers, on a few rows: all ways do the same work, ratios are right."""

import pytest
from datasets import Dataset

from tests.benchmarks.tokenization import (
    PUBLISHED,
    REFERENCE,
    Way,
    lines,
    measure,
    reviews,
    tokenizers,
    ways,
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return reviews(40, tmp_path_factory.mktemp("reviews"))


@pytest.fixture(autouse=True)
def keep_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")


def test_rows_are_long_reviews(table: Dataset) -> None:
    assert table.num_rows == 40
    assert min(len(text.split()) for text in table["review"]) > 30


def test_all_ways_give_the_same_ids(table: Dataset) -> None:
    wanted = tokenizers()["slow"](table["review"][:], truncation=True)["input_ids"]
    for way in ways(table, 2):
        if way.name.startswith("map"):
            done = way.work()
            assert isinstance(done, Dataset)
            assert done["input_ids"][:] == wanted, way.name


def test_every_published_way_is_measured(table: Dataset) -> None:
    names = [way.name for way in ways(table, 2)]
    assert names[:8] == [*PUBLISHED]
    assert names[8:] == [
        "alone, fast, batched", "alone, fast, one by one",
        "alone, slow, batched", "alone, slow, one by one",
    ]  # fmt: skip


def test_every_way_runs_once_in_a_round() -> None:
    order: list[str] = []
    both = [Way("a", lambda: order.append("a")), Way("b", lambda: order.append("b"))]
    assert set(measure(both, 3)) == {"a", "b"}
    assert order == ["a", "b"] * 3


def test_ratios_are_against_the_slow_tokenizer_one_by_one() -> None:
    found = {"map, fast, batched": 0.5, REFERENCE: 10.0, "alone, fast, batched": 0.25}
    head, fast, slow, alone = lines(found, 100)
    assert head.split() == ["seconds", "rows/s", "ratio", "published"]
    assert fast.split()[-4:] == ["0.50", "200", "20.0", "28.1"]
    assert slow.split()[-4:] == ["10.00", "10", "1.0", "1.0"]
    assert alone.split()[-3:] == ["0.25", "400", "40.0"]
