"""A card's metadata: what the Hub takes, and what it refuses by the name of the key."""

import doctest
from pathlib import Path
from typing import Any

import pytest

from setup.hub import cards, metadata
from setup.hub.errors import BadRequest

SEEDS = Path(__file__).resolve().parents[2] / "data/hub"
RESULT = {
    "task": {"type": "text-classification"},
    "dataset": {"type": "nyu-mll/glue", "name": "GLUE MRPC"},
    "metrics": [{"type": "accuracy", "value": 0.86}],
}


def index(**changes: object) -> list[dict[str, Any]]:
    return [{"name": "mine", "results": [{**RESULT, **changes}]}]


@pytest.mark.parametrize("data", [
    {}, {"license": "other", "license_name": "my-own"}, {"license": ["mit", "cc-by-4.0"]},
    {"language": ["en", "fr", "multilingual", "zh-Hant"]}, {"datasets": "glue"}, {"tags": []},
    {"model-index": index()}, {"tags": None, "license": None}, {"anything": {"else": [1]}},
])  # fmt: skip
def test_what_is_right_is_taken(data: dict[str, Any]) -> None:
    assert metadata.problems(data) == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"license": "MIT License"}, '"license" must be one of [afl-3.0, '),
        ({"license": ["mit", 5]}, '"license[1]" must be one of'),
        ({"license": {"name": "mit"}}, '"license" must be one of'),
        ({"language": "English"}, '"language" must be a code of ISO 639'),
        ({"language": ["en", False]}, '"language[1]" must be a code'),
        ({"tags": "course"}, '"tags" must be a list of texts'),
        ({"tags": ["a", {"b": 1}]}, '"tags[1]" must be a text'),
        ({"pipeline_tag": ["fill-mask"]}, '"pipeline_tag" must be a text'),
        ({"datasets": {"a": 1}}, '"datasets" must be a list of texts'),
        ({"model-index": "good"}, '"model-index[0].name" is required'),
        ({"model-index": [{"name": "x"}]}, '"model-index[0].results[0].task.type" is required'),
        ({"model-index": index(task={})}, '"model-index[0].results[0].task.type" is required'),
        ({"model-index": index(metrics=[{"type": "f1"}])}, 'metrics[0].value" is required'),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], told: str) -> None:
    assert any(told in problem for problem in metadata.problems(data))


def test_a_card_tells_all_that_is_wrong() -> None:
    with pytest.raises(BadRequest) as caught:
        cards.check("---\nlicense: mine\nlanguage: english\n---\n")
    assert len(caught.value.body["errors"]) == 2


@pytest.mark.parametrize("card", sorted(SEEDS.glob("*/*/*/README.md")), ids=lambda p: p.parent.name)
def test_the_published_cards_are_right(card: Path) -> None:
    cards.check(card.read_text(encoding="utf-8"))


def test_the_examples_in_the_documentation() -> None:
    assert doctest.testmod(metadata).failed == 0
