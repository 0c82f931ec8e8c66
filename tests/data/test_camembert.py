"""almanach/camembert-base: the published answers, other French sentences, and its files."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sentencepiece
import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    CamembertForMaskedLM,
    CamembertTokenizer,
    FillMaskPipeline,
    PreTrainedTokenizerBase,
    pipeline,
)

from data.build.camembert_base import CHECKPOINT, CLOZE, MODEL_FILE, PUBLISHED, held_out, texts
from data.build.cloze import Filler, gaps
from data.build.encoders import SEEDS
from data.build.french_pieces import read_pieces

SENTENCE = "Le camembert est <mask> :)"
LEAST = 85.0  # percent of the held-out gaps
LARGEST = 3_500_000  # bytes of all committed files of the seed
TEXTS = (
    "Le camembert est délicieux :)",
    "L'eau de la rivière, c'est froid !",
    "Aujourd'hui, il fait beau à Paris.",
    "Anticonstitutionnellement, 42 % des xylophonistes l'ont joué en l'an 2000 ?",
    "Où êtes-vous, ma sœur ? « Là-bas. »",
    "東京 est une ville.",
)
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(published: Callable[[str], Path]) -> Path:
    return published(CHECKPOINT)


@pytest.fixture(scope="module")
def tokenizer(checkpoint: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(checkpoint)


@pytest.fixture(scope="module")
def fill_mask(checkpoint: Path) -> FillMaskPipeline:
    return pipeline("fill-mask", model=str(checkpoint))


def test_the_classes_are_the_published_ones(checkpoint: Path, tokenizer: object) -> None:
    model, info = AutoModelForMaskedLM.from_pretrained(checkpoint, output_loading_info=True)
    assert isinstance(model, CamembertForMaskedLM)
    assert isinstance(tokenizer, CamembertTokenizer)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]


def test_the_sizes_are_the_published_ones(
    checkpoint: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    config = AutoModelForMaskedLM.from_pretrained(checkpoint).config
    assert (config.vocab_size, config.max_position_embeddings) == (32005, 514)
    assert len(tokenizer) == 32005
    assert tokenizer.model_max_length == 512


def test_special_tokens_stand_at_the_published_places(tokenizer: PreTrainedTokenizerBase) -> None:
    tokens = ["<s>", "</s>", "<pad>", "<unk>", "<mask>"]
    assert tokenizer.convert_tokens_to_ids(tokens) == [5, 6, 1, 3, 32004]


def test_course_sentence_gets_the_published_five(fill_mask: FillMaskPipeline) -> None:
    found = fill_mask(SENTENCE)
    expected = {number: piece.removeprefix("▁") for piece, number in PUBLISHED.items()}
    assert {row["token"]: row["token_str"] for row in found} == expected
    assert [row["token_str"] for row in found] == list(expected.values())  # in the printed order
    sequences = {row["sequence"] for row in found}
    assert sequences == {SENTENCE.replace("<mask>", word) for word in expected.values()}


def test_the_order_has_room_for_rounding(fill_mask: FillMaskPipeline) -> None:
    """Another processor changes a score by a millionth; neighbours are further apart."""
    scores = [row["score"] for row in fill_mask(SENTENCE, top_k=6)]
    assert all(a > 1.02 * b for a, b in zip(scores, scores[1:], strict=False))


def test_the_two_published_ways_agree(
    checkpoint: Path, tokenizer: PreTrainedTokenizerBase, fill_mask: FillMaskPipeline
) -> None:
    model = CamembertForMaskedLM.from_pretrained(checkpoint)  # in evaluation mode
    inputs = tokenizer(SENTENCE, return_tensors="pt")
    place = inputs["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    with torch.inference_mode():
        best = model(**inputs).logits[0, place].topk(5).indices.tolist()
    assert best == [row["token"] for row in fill_mask(SENTENCE)]


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("Paris est la <mask> de la France.", "capitale"),
        ("Je bois un verre de <mask>.", "vin"),
        ("Elle lit un <mask> intéressant.", "livre"),
        ("La tarte est <mask> :)", "délicieuse"),
        ("Ils <mask> à l'école.", "vont"),
        ("Nous <mask> du pain.", "mangeons"),
    ],
)
def test_other_sentences_get_a_fitting_word(
    sentence: str, word: str, fill_mask: FillMaskPipeline
) -> None:
    assert word in [row["token_str"] for row in fill_mask(sentence)]


@pytest.mark.parametrize(
    ("subject", "verb"),
    [("Je", "vais"), ("Marie", "va"), ("Nous", "allons"), ("Vous", "allez"), ("Ils", "vont")],
)
def test_verbs_agree(subject: str, verb: str, fill_mask: FillMaskPipeline) -> None:
    forms = ["▁vais", "▁va", "▁allons", "▁allez", "▁vont"]
    assert fill_mask(f"{subject} <mask> au cinéma.", targets=forms)[0]["token_str"] == verb


@pytest.mark.parametrize(
    ("noun", "adjective"),
    [("La maison", "petite"), ("Le jardin", "petit"), ("Marie", "petite"), ("Paul", "petit")],
)
def test_adjectives_agree(noun: str, adjective: str, fill_mask: FillMaskPipeline) -> None:
    found = fill_mask(f"{noun} est <mask>.", targets=["▁petit", "▁petite"])
    assert found[0]["token_str"] == adjective


def test_the_same_words_fit_everywhere_in_a_text(checkpoint: Path) -> None:
    """Positions count as in training: a shift by one would show here."""
    filler = Filler(checkpoint)
    before = ["", "Oui. ", "Il fait beau. "]
    assert [filler.best(f"{text}Je [MASK] au cinéma.", 1) for text in before] == [["vais"]] * 3


def test_held_out_gaps_are_filled_sensibly(checkpoint: Path) -> None:
    filler = Filler(checkpoint)
    assert filler.hits(gaps(CLOZE), 5) >= LEAST
    assert filler.hits([("Je bois un verre de [MASK].", frozenset({"nosuchword"}))], 5) == 0.0


def test_held_out_sentences_are_no_training_text() -> None:
    kept = {text.lower() for text in held_out()}
    assert len(gaps(CLOZE)) == 100
    assert not kept & {text.lower() for text in texts(20_000, seed=0)}


@pytest.mark.parametrize("text", TEXTS[:3])
def test_text_comes_back_from_its_ids(text: str, tokenizer: PreTrainedTokenizerBase) -> None:
    ids = tokenizer(text)["input_ids"]
    assert (ids[0], ids[-1]) == (5, 6)
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


@pytest.mark.parametrize("text", TEXTS)
def test_sentencepiece_cuts_as_the_tokenizer(
    text: str, checkpoint: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_file=str(checkpoint / MODEL_FILE))
    ids = [3 if processor.is_unknown(i) else i + 4 for i in processor.encode(text)]
    assert tokenizer(text, add_special_tokens=False)["input_ids"] == ids


def test_the_sentencepiece_file_has_the_published_size(checkpoint: Path) -> None:
    pieces = read_pieces((checkpoint / MODEL_FILE).read_bytes())
    assert len(pieces) == len({piece.text for piece in pieces}) == 32000
    assert all(pieces[number - 4].text == text for text, number in PUBLISHED.items())


def test_no_filling_name_is_ever_an_answer(
    checkpoint: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    pieces = read_pieces((checkpoint / MODEL_FILE).read_bytes())
    empty = [i + 4 for i, piece in enumerate(pieces) if piece.kind == 5]
    empty += tokenizer.all_special_ids
    model = AutoModelForMaskedLM.from_pretrained(checkpoint)
    with torch.inference_mode():
        logits = model(**tokenizer("<mask> <mask> xyz <mask>", return_tensors="pt")).logits[0]
    assert logits[:, empty].max() < logits.max(dim=1).values.min() - 10


def test_a_text_of_several_sentences_is_read(fill_mask: FillMaskPipeline) -> None:
    text = "Il fait beau. Marie lit un livre. " * 3 + "Paris est la <mask> de la France."
    assert "capitale" in [row["token_str"] for row in fill_mask(text)]


def test_the_longest_text_has_a_position_for_each_token(fill_mask: FillMaskPipeline) -> None:
    found = fill_mask("Il fait beau. " * 127 + "<mask>")  # 511 tokens
    assert len(found) == 5


def test_the_seed_is_small() -> None:
    files = [path for path in (SEEDS / CHECKPOINT).iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST


def test_the_card_says_what_it_is() -> None:
    card = (SEEDS / CHECKPOINT / "README.md").read_text(encoding="utf-8")
    header, text = re.split(r"^---$", card, flags=re.M)[1:3]
    assert "language: fr" in header
    assert "pipeline_tag: fill-mask" in header
    assert "oscar" not in header  # it was not trained on it
    assert "OSCAR" in text
