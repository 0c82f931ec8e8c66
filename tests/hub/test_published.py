"""The seeds in data/hub against what the released libraries ask for by default."""

import importlib.util
import re
from pathlib import Path

import pytest

from setup.hub.names import Kind, is_word
from setup.hub.seeds import Seed, find
from tests.hub.conftest import ROOT

SEEDS = {seed.id.folder: seed for seed in find(ROOT / "data" / "hub")}
# The repositories whose short ids, from before every repository had an owner, are still in use.
ONE_WORD = {
    "google-bert": ["bert-base-uncased", "bert-base-cased"],
    "openai-community": ["gpt2"],
    "almanach": ["camembert-base"],
    "distilbert": [
        "distilbert-base-cased",
        "distilbert-base-uncased-finetuned-sst-2-english",
        "distilbert-base-cased-distilled-squad",
        "distilroberta-base",
        "distilgpt2",
    ],
}
_DEFAULT = re.compile(r'\(\s*"([\w.-]+/[\w.-]+)",\s*"([0-9a-f]{7})"\s*\)')


def default_revisions() -> dict[str, str]:
    """Model id -> revision, from the installed transformers' source: importing it is slow."""
    found = importlib.util.find_spec("transformers")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).parent / "pipelines" / "__init__.py"
    return dict(_DEFAULT.findall(source.read_text("utf-8")))


def planted(owner: str, name: str) -> Seed | None:
    return SEEDS.get(f"{Kind.MODEL.plural}/{owner}/{name}")


def test_the_defaults_of_transformers_are_found() -> None:
    known = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
    assert default_revisions()[known] == "714eb0f"


@pytest.mark.parametrize("model", [seed for seed in SEEDS if seed.startswith("models/")])
def test_a_default_model_has_its_default_revision_as_a_tag(model: str) -> None:
    wanted = default_revisions().get(model.removeprefix("models/"))
    assert wanted is None or wanted in SEEDS[model].words("tags")


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in ONE_WORD.items() for name in names]
)
def test_an_old_one_word_id_leads_to_its_repository(owner: str, name: str) -> None:
    seed = planted(owner, name)
    assert seed is None or name in seed.legacy()


def test_no_old_id_leads_to_two_repositories() -> None:
    pairs = [(seed.id.kind, word) for seed in SEEDS.values() for word in seed.legacy()]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("folder", list(SEEDS))
def test_a_seed_has_a_card_and_all_its_sources(folder: str) -> None:
    seed = SEEDS[folder]
    assert is_word(seed.id.owner)
    assert is_word(seed.id.name)
    assert "README.md" in seed.files(), "every published repository has a card"
