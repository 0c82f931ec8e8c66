"""The part-of-speech tagger on sentences that nobody trained it on."""

from pathlib import Path

import pytest
from transformers import AutoModelForTokenClassification, Pipeline, pipeline

from data.build.encoders import SEEDS, joined
from data.build.parts_of_speech import CHECKPOINT, universal


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return joined(SEEDS / CHECKPOINT, tmp_path_factory.mktemp("pos"))


@pytest.fixture(scope="module")
def tagger(folder: Path) -> Pipeline:
    return pipeline("token-classification", model=str(folder), aggregation_strategy="simple")


def test_weights_are_complete(folder: Path) -> None:
    _, report = AutoModelForTokenClassification.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]


@pytest.mark.parametrize(
    ("text", "word", "tag"),
    [
        ("The old dog slept under the table.", "dog", "NOUN"),
        ("The old dog slept under the table.", "old", "ADJ"),
        ("She quickly opened the window.", "quickly", "ADV"),
        ("They will visit us in May.", "will", "AUX"),
        ("We bought three apples and two pears.", "three", "NUM"),
    ],
)
def test_words_get_their_tags(tagger: Pipeline, text: str, word: str, tag: str) -> None:
    groups = {group["word"]: group["entity_group"] for group in tagger(text)}
    found = [label for words, label in groups.items() if word in words.split()]
    assert found == [tag]


def test_a_verb_s_class_depends_on_the_next() -> None:
    assert universal(["He", "has", "gone"], ["PRP", "VBZ", "VBN"]) == ["PRON", "AUX", "VERB"]
    assert universal(["He", "has", "time"], ["PRP", "VBZ", "NN"]) == ["PRON", "VERB", "NOUN"]
