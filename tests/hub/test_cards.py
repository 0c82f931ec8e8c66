"""Cards: the YAML header, and the tags, task and library that follow from card and files."""

import doctest
import json

import pytest
import yaml

from setup.hub import cards
from setup.hub.names import Kind


def test_the_header_is_the_yaml_between_the_first_two_lines_of_dashes() -> None:
    text = "---\nlicense: mit\ntags: [a, b]\n---\n# Title\n\n---\nnot: this\n---\n"
    assert cards.header(text) == {"license": "mit", "tags": ["a", "b"]}


@pytest.mark.parametrize("text", ["", "# Title", "text\n---\na: 1\n---\n", "---\n---\n"])
def test_a_card_without_a_header_has_no_data(text: str) -> None:
    assert cards.header(text) == {}


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert cards.header("\ufeff---\r\nlicense: mit\r\n---\r\n") == {"license": "mit"}


def test_dates_become_texts_so_that_the_header_is_json() -> None:
    assert json.dumps(cards.header("---\nday: 2024-01-02\n---\n")) == '{"day": "2024-01-02"}'


@pytest.mark.parametrize("header", ["a: [1", "- a\n- b", "a: b: c"])
def test_a_header_that_is_not_a_yaml_mapping_is_an_error(header: str) -> None:
    with pytest.raises(yaml.YAMLError):
        cards.header(f"---\n{header}\n---\n")


def test_yaml_cannot_make_python_objects() -> None:
    with pytest.raises(yaml.YAMLError):
        cards.header("---\na: !!python/object/apply:os.getcwd []\n---\n")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("text", [BOMB, "a: " + "[" * 5000, "a: " + "x" * 300_000, "a: 2024-99-99"])
def test_a_header_cannot_exhaust_the_hub(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        cards.header(f"---\n{text}\n---\n")


def test_values_that_json_cannot_hold_become_texts() -> None:
    found = cards.header('---\nn: .nan\n1: .inf\ns: "\\ud800"\nt: 2024-01-02 03:04:05\n---\n')
    assert found == {"n": "nan", "1": "inf", "s": "?", "t": "2024-01-02 03:04:05"}
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()


def read(card: str = "", kind: Kind = Kind.MODEL, **config: object) -> cards.Card:
    return cards.read(kind, ["model.safetensors"], card, json.dumps(config) if config else "")


def test_a_model_is_tagged_by_card_configuration_and_files() -> None:
    card = "---\nlicense: mit\nlanguage: [en, fr]\ndatasets: glue\ntags: [course]\n---\n"
    found = read(card, model_type="bert", architectures=["BertForMaskedLM"])
    expected = "transformers safetensors bert fill-mask en fr course license:mit dataset:glue"
    assert found.tags == (*expected.split(), "region:us")


@pytest.mark.parametrize(
    ("architecture", "task"),
    [
        ("DistilBertForSequenceClassification", "text-classification"),
        ("GPT2LMHeadModel", "text-generation"),
        ("MarianMTModel", "translation"),
        ("BertModel", "feature-extraction"),
        ("BertForTokenClassification", "token-classification"),
    ],
)
def test_the_task_follows_from_the_architecture(architecture: str, task: str) -> None:
    assert read(architectures=[architecture]).pipeline_tag == task


def test_the_card_says_task_and_library_better_than_the_configuration() -> None:
    card = "---\npipeline_tag: zero-shot-classification\nlibrary_name: keras\n---\n"
    found = read(card, model_type="bart", architectures=["BartForSequenceClassification"])
    assert (found.pipeline_tag, found.library) == ("zero-shot-classification", "keras")


def test_a_dataset_is_tagged_with_the_key_of_each_value() -> None:
    card = "---\nlanguage: en\ntask_categories: [a, b]\nlicense: mit\n---\n"
    found = read(card, Kind.DATASET)
    wanted = {"language:en", "task_categories:a", "task_categories:b", "license:mit"}
    assert wanted < set(found.tags)
    assert found.library is None


@pytest.mark.parametrize("config", ["not json", "[1]", "null", "[" * 100_000])
def test_a_broken_card_or_configuration_does_not_hide_the_repository(config: str) -> None:
    found = cards.read(Kind.MODEL, [], "---\na: [\n---\n", config)
    assert (found.data, found.config, found.pipeline_tag) == ({}, {}, None)


def test_values_of_the_wrong_type_are_left_out_of_the_tags() -> None:
    assert read("---\ntags: [{a: 1}, ok, 3]\nlanguage: {x: y}\n---\n").tags == (
        "safetensors", "ok", "3", "region:us",
    )  # fmt: skip


def test_the_examples_in_the_docstrings_hold() -> None:
    found = doctest.testmod(cards)
    assert found.attempted >= 2
    assert found.failed == 0
