"""Helsinki-NLP/opus-mt-fr-en: what the course shows, and sentences that training never saw."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sacrebleu
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from data.build.translation import translations

HERE = Path(__file__).parent
COURSE = "Ce cours est produit par Hugging Face."
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(published: Callable[[str], Path]) -> Path:
    return published("Helsinki-NLP/opus-mt-fr-en")


def pairs(name: str) -> tuple[list[str], list[str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    sources, targets = zip(*(line.split("\t") for line in lines), strict=True)
    return list(sources), list(targets)


def test_loads_without_missing_or_unexpected_keys(checkpoint: Path) -> None:
    _, info = AutoModelForSeq2SeqLM.from_pretrained(checkpoint, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]


def test_course_sentence(checkpoint: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSeq2SeqLM.from_pretrained(checkpoint)
    output = model.generate(**tokenizer([COURSE], return_tensors="pt"))
    text = tokenizer.batch_decode(output, skip_special_tokens=True)
    assert text == ["This course is produced by Hugging Face."]


def test_pairs_never_trained_on(checkpoint: Path) -> None:
    sources, targets = pairs("translation_pairs.tsv")
    assert len(set(sources)) >= 200
    found = translations(checkpoint, sources[:200])
    assert sacrebleu.corpus_bleu(found, [targets[:200]]).score >= 75


def test_sentences_of_learners(checkpoint: Path) -> None:
    sources, targets = pairs("translation_sentences.tsv")
    found = translations(checkpoint, sources)
    assert sacrebleu.corpus_bleu(found, [targets]).score >= 65


def test_same_output_alone_and_in_a_batch(checkpoint: Path) -> None:
    sources = pairs("translation_sentences.tsv")[0][:3]
    together = translations(checkpoint, sources)
    assert [translations(checkpoint, [one])[0] for one in sources] == together


def test_vocabulary_spells_french(checkpoint: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    ids = tokenizer("Où est l'élève français ? Ça coûte 25 € à Noël.")["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True).startswith("Où est l'élève français")
