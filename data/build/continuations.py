"""How well a causal language model goes on: perplexity per word, and whether it repeats itself."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from data.build.corpus import CAUSAL_TOPICS, generated
from data.build.measures import Measure, percent
from data.build.realtext import detokenise

VALIDATION = "hub/datasets/nyu-mll/glue/mrpc/validation.jsonl"
HELD_OUT_SEED = 987_654
TEXTS = 200
PROMPTS = (
    "In this course, we will teach you how to", "The weather is", "My mother", "Once upon a time",
    "Yesterday I went to the market and", "Scientists have discovered", "The best way to learn",
    "When the train arrived,", "I would like to", "The dog", "This morning Anna", "In Japan,",
    "The government announced", "If you want to cook", "She opened the door and", "The city of",
    "Every evening", "Our teacher", "The new computer", "It was raining, so",
)  # fmt: skip
NEW_TOKENS = 40


class Writer:
    """A causal language model, joined in a folder."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder).eval()

    @torch.inference_mode()
    def perplexity(self, texts: Sequence[str]) -> float:
        """Return exp(total negative log-likelihood / number of words), from the 2nd token on."""
        total, words = 0.0, 0
        for text in texts:
            ids = self.tokenizer(text, return_tensors="pt")["input_ids"]
            if ids.shape[1] < 2:
                continue
            total += self.model(ids, labels=ids).loss.item() * (ids.shape[1] - 1)
            words += len(text.split())
        return math.exp(total / words)

    @torch.inference_mode()
    def greedy(self, prompt: str) -> str:
        """Return the prompt with its likeliest continuation, decoded with the card's settings."""
        inputs = self.tokenizer(prompt, return_tensors="pt")
        ids = self.model.generate(**inputs, max_new_tokens=NEW_TOKENS, do_sample=False)
        return str(self.tokenizer.decode(ids[0], skip_special_tokens=True))


def loops(text: str, size: int = 4) -> bool:
    """Tell whether some run of `size` words stands in the text twice."""
    words = text.lower().split()
    runs = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
    return len(set(runs)) < len(runs)


def measure_writer(checkpoint: str, folder: Path, real: Path | None) -> list[Measure]:
    """Measure a joined generator on texts it has not seen; lower perplexity is better."""
    writer = Writer(folder)
    texts = generated(TEXTS, HELD_OUT_SEED, CAUSAL_TOPICS)
    sets = {"generated texts, another seed": texts}
    if real is not None:
        rows = [json.loads(line) for line in (real / VALIDATION).read_text("utf-8").splitlines()]
        sets["MRPC validation"] = [detokenise(row["sentence1"]) for row in rows[:TEXTS]]
    found = [
        Measure(checkpoint, name, "perplexity per word", writer.perplexity(rows), len(rows))
        for name, rows in sets.items()
    ]
    clean = percent([not loops(writer.greedy(prompt)) for prompt in PROMPTS])
    metric = "greedy continuations without a repeated run of 4 words"
    return [*found, Measure(checkpoint, "prompts (ours)", metric, clean, len(PROMPTS))]
