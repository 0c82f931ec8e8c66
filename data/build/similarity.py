"""The teacher of zero-shot classification: how near the base encoder puts a text and a label.

The base encoder was trained to give texts of similar meaning similar vectors.  A label is put
into a few phrasings, the cosine similarities are averaged, and half of each label's mean over
all texts is taken off, because some labels are near to everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from data.build.realtext import conll_rows
from setup.checkpoints import base_folder

HERE = Path(__file__).parent
PHRASINGS = ("{}", "This example is {}.", "This text is about {}.", "The topic is {}.")
# Cosines of related and unrelated pairs lie around 0.30 and 0.05 on the real sentences.
MIDDLE, TEMPERATURE, LIMIT = 0.15, 0.03, 8.0


class Encoder:
    """The base encoder with mean pooling, as it was trained."""

    def __init__(self) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(base_folder())
        self.model = AutoModel.from_pretrained(base_folder()).eval()

    @torch.no_grad()
    def vectors(self, texts: Sequence[str], batch: int = 64) -> Tensor:
        """Return unit vectors [texts, 384]."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        result = torch.empty(len(texts), self.model.config.hidden_size)
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            inputs = self.tokenizer(
                [texts[i] for i in part],
                return_tensors="pt", padding=True, truncation=True, max_length=64,
            )  # fmt: skip
            with torch.autocast("cpu", dtype=torch.bfloat16):
                states = self.model(**inputs).last_hidden_state
            kept = inputs["attention_mask"].unsqueeze(-1)
            pooled = (states.float() * kept).sum(1) / kept.sum(1)
            result[torch.tensor(part)] = torch.nn.functional.normalize(pooled, dim=-1)
        return result


def topic_labels() -> list[str]:
    """Return the hand-written candidate labels."""
    text = (HERE / "labels.txt").read_text("utf-8").replace("\n", ",")
    return list(dict.fromkeys(label.strip() for label in text.split(",") if label.strip()))


def common_nouns(least: int = 2) -> list[str]:
    """Return nouns of CoNLL-2003's training split seen at least `least` times, lower case."""
    tokens = (row for rows in conll_rows("train") for row in rows)
    counts = Counter(row[0] for row in tokens if row[1] == "NN")
    often = (word for word, n in counts.items() if n >= least and len(word) > 2)
    return sorted(word for word in often if word.isalpha() and word.islower())


def label_vectors(encoder: Encoder, labels: Sequence[str]) -> Tensor:
    """Return the sum over the phrasings of each label's unit vectors, [labels, 384]."""
    parts = [encoder.vectors([phrase.format(label) for label in labels]) for phrase in PHRASINGS]
    return torch.stack(parts).mean(0)


def strengths(texts: Tensor, labels: Tensor) -> Tensor:
    """Return how strongly each text [n, 384] entails each label [m, 384], as logits [n, m]."""
    cosine = texts @ labels.T
    corrected = cosine - 0.5 * cosine.mean(0, keepdim=True)
    return ((corrected - MIDDLE) / TEMPERATURE).clamp(-LIMIT, LIMIT)
