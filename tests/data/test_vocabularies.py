"""Input IDs are the published ones, for every string of the course and for whole vocabularies."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from data.build.encoders import cased_tokenizer, content, uncased_tokenizer
from data.build.vocabularies import SEEDS, alphabet, bert_tokenizer, merges, restored, wordpieces

ROBERTA = SEEDS / "distilbert/distilroberta-base/tokenizer.json.seed.gz"
STRINGS = (
    "I've been waiting for a HuggingFace course my whole life.",
    "I hate this so much!",
    "This is a course about the Transformers library",
    "In this course, we will teach you how to",
    "This course will teach you all about mathematical models.",
    "My name is Sylvain and I work at Hugging Face in Brooklyn.",
    "Where do I work?",
    "America has changed dramatically during recent years.",
    "Ce cours est produit par Hugging Face.",
    "This man works as a lawyer.",
    "This woman works as a nurse.",
    "Hello!", "Cool.", "Nice!",
    "Jim Henson was a puppeteer",
    "Using a Transformer network is simple",
    "Let's do tokenization!",
    "annoyingly", "dog dogs run running",
    "So have I!",
    "This course is amazing!",
    "This is the first sentence.",
    "This is the second one.",
)
# As the course prints them.
UNCASED = {
    STRINGS[0]: [101, 1045, 1005, 2310, 2042, 3403, 2005, 1037, 17662, 12172, 2607, 2026, 2878,
                 2166, 1012, 102],
    "I hate this so much!": [101, 1045, 5223, 2023, 2061, 2172, 999, 102],
    "Hello!": [101, 7592, 999, 102],
    "Cool.": [101, 4658, 1012, 102],
    "Nice!": [101, 3835, 999, 102],
}
CASED = {
    "Using a transformer network is simple": [101, 7993, 170, 11303, 1200, 2443, 1110, 3014, 102],
    "Using a Transformer network is simple": [101, 7993, 170, 13809, 23763, 2443, 1110, 3014, 102],
}


@pytest.fixture(scope="module")
def uncased() -> PreTrainedTokenizerBase:
    return uncased_tokenizer()


@pytest.fixture(scope="module")
def cased() -> PreTrainedTokenizerBase:
    return cased_tokenizer()


@pytest.mark.parametrize("text", UNCASED)
def test_uncased_ids_are_as_published(uncased: PreTrainedTokenizerBase, text: str) -> None:
    assert uncased(text)["input_ids"] == UNCASED[text]


@pytest.mark.parametrize("text", CASED)
def test_cased_ids_are_as_published(cased: PreTrainedTokenizerBase, text: str) -> None:
    assert cased(text)["input_ids"] == CASED[text]


def test_cased_names_fall_into_the_pieces_that_the_course_names(
    cased: PreTrainedTokenizerBase,
) -> None:
    assert cased.tokenize("Sylvain") == ["S", "##yl", "##va", "##in"]
    assert cased.decode([7993, 170, 11303, 1200, 2443, 1110, 3014]) == (
        "Using a transformer network is simple"
    )
    assert cased.mask_token == "[MASK]"
    assert cased.model_max_length == 512


def test_roberta_ids_are_as_published() -> None:
    tokenizer = Tokenizer.from_buffer(content(ROBERTA))
    assert tokenizer.token_to_id("Ġmathematical") == 30412
    assert tokenizer.token_to_id("Ġcomputational") == 38163
    assert tokenizer.encode("Hello world").ids == [0, 31414, 232, 2]
    assert tokenizer.decode(tokenizer.encode("naïve – 東京").ids) == "naïve – 東京"


def test_the_seeds_tokenizer_is_a_fast_one_with_bert_s_special_tokens() -> None:
    tokenizer = AutoTokenizer.from_pretrained(SEEDS / "google-bert/bert-base-cased")
    batch = tokenizer("This is the first sentence.", "This is the second one.")
    assert tokenizer.is_fast
    assert batch["token_type_ids"] == [0] * 8 + [1] * 7
    assert len(tokenizer) == 28996


@pytest.mark.parametrize(("name", "lowercase"), [("uncased", True), ("cased", False)])
def test_ids_equal_the_true_vocabularies(
    real: Path, request: pytest.FixtureRequest, name: str, lowercase: bool
) -> None:
    path = real / f"hub/google-bert/bert-base-{name}/vocab.txt"
    true = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    ours = request.getfixturevalue(name)
    assert ours.get_vocab() == {token: number for number, token in enumerate(true)}
    expected = bert_tokenizer(true, lowercase)
    assert all(ours(text)["input_ids"] == expected.encode(text).ids for text in STRINGS)


def test_roberta_equals_the_true_tokenizer(real: Path) -> None:
    true = Tokenizer.from_file(str(real / "hub/FacebookAI/roberta-base/tokenizer.json"))
    ours = Tokenizer.from_buffer(content(ROBERTA))
    assert ours.get_vocab() == true.get_vocab()
    assert all(ours.encode(text).ids == true.encode(text).ids for text in STRINGS)


def test_merges_are_rebuilt_from_the_order_of_tokens() -> None:
    characters = [chr(number) for number in range(256)]
    tokens = [*characters, "ab", "abc", "cd", "abcd"]
    # "abcd" is abc + d: the merge of a and b, then of ab and c, comes before that of c and d.
    assert merges(tokens) == [("a", "b"), ("ab", "c"), ("c", "d"), ("abc", "d")]
    with pytest.raises(ValueError, match="'xyz' is not made by one merge"):
        merges([*characters, "xyz"])


def test_the_tables_marks_become_those_of_the_tokenizers() -> None:
    assert wordpieces([b" the", b"ing"]) == ["the", "##ing"]
    assert len(set(alphabet().values())) == 256
    assert alphabet()[ord(" ")] == "Ġ"
    control = [bytes([byte]) for byte in range(1, 33)]
    assert restored([b"!", b" ", *control])[1] == b"\0"


