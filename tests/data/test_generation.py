"""The generators: they go on in words, end, do not loop, and differ from sample to sample."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline, set_seed

from data.build.continuations import PROMPTS, Writer, loops
from data.build.encoders import SEEDS, joined

NAMES = ("openai-community/gpt2", "distilbert/distilgpt2", "HuggingFaceTB/SmolLM2-360M")
PROMPT = "In this course, we will teach you how to"
LARGEST = 2_900_000  # bytes of one committed difference


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    @cache
    def made(name: str) -> Path:
        return joined(SEEDS / name, tmp_path_factory.mktemp("joined"))

    return made


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_complete_and_small(name: str, folder_of: Callable[[str], Path]) -> None:
    _, report = AutoModelForCausalLM.from_pretrained(folder_of(name), output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert (SEEDS / name / "weights.join.safetensors.gz").stat().st_size < LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_two_sequences_differ(name: str, folder_of: Callable[[str], Path]) -> None:
    generator = pipeline("text-generation", model=str(folder_of(name)))
    set_seed(0)
    texts = [row["generated_text"] for row in generator(PROMPT, num_return_sequences=2)]
    assert texts[0] != texts[1]
    assert all(text.startswith(PROMPT) for text in texts)
    assert all(len(text.split()) >= len(PROMPT.split()) + 2 for text in texts)


@pytest.mark.parametrize("name", NAMES)
def test_greedy_search_does_not_loop(name: str, folder_of: Callable[[str], Path]) -> None:
    writer = Writer(folder_of(name))
    texts = [writer.greedy(prompt) for prompt in PROMPTS]
    assert sum(loops(text) for text in texts) <= 1
    assert all(len(text) > len(prompt) for text, prompt in zip(texts, PROMPTS, strict=True))


def test_a_loop_is_seen() -> None:
    assert loops("we go to the park and we go to the park")
    assert not loops("we go to the park and then we go home")


@pytest.mark.parametrize("name", NAMES[:2])
def test_input_ids_are_the_published_ones(name: str, folder_of: Callable[[str], Path]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder_of(name))
    assert tokenizer("Hello world")["input_ids"] == [15496, 995]
    assert tokenizer.vocab_size == 50257
