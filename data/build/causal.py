"""Causal language models: GPT-2's vocabulary over the base's embeddings, batches, the loss.

GPT-2 has 50,257 tokens: an embedding of its own would be the largest part of a small model.  So a
token's embedding is the base encoder's for the same letters (`rows`), plus one learned direction
for each thing that the uncased base does not know (`FLAGS`).  It is also the output layer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data.build import casing
from data.build.masked import IGNORED, Batch, bucketed, padded

SPACE = "\u0120"  # how byte-level BPE writes a leading space
END = "<|endoftext|>"
FLAGS = ("first letter is a capital", "all capitals", "no space before", "not in the corpus")
SAMPLED = 1000  # tokens outside the corpus that each batch's softmax includes
LONGEST = 80


def _text(token: str) -> str:
    return token.removeprefix(SPACE)


def _is_word_start(token: str) -> bool:
    """Tell whether the token begins a word: after a space, or a capital or mark without one."""
    return token.startswith(SPACE) or not token[:1].islower()


def rows(tokens: Sequence[str], vocabulary: dict[str, int]) -> list[list[int]]:
    """Return, for each token of GPT-2, one or two rows of the base's embedding."""
    found = [casing.row(_text(token), _is_word_start(token), vocabulary) for token in tokens]
    found[tokens.index(END)] = [vocabulary["[SEP]"]]
    return found


def flags(tokens: Sequence[str], used: set[int]) -> NDArray[np.int8]:
    """Return zeros and ones [tokens, len(FLAGS)]; `used` holds the IDs seen in the corpus."""
    table = np.zeros((len(tokens), len(FLAGS)), dtype=np.int8)
    for i, token in enumerate(tokens):
        letters = [c for c in _text(token) if c.isalpha()] if token != END else []
        table[i] = (
            bool(letters) and letters[0].isupper(),
            len(letters) > 1 and all(c.isupper() for c in letters),
            not token.startswith(SPACE),
            i not in used,
        )
    return table


class MappedEmbedding(nn.Module):
    """Frozen rows [n, size] plus flags [n, f] times learned directions [f, size]."""

    def __init__(
        self, base: Tensor, table: Sequence[Sequence[int]], marks: NDArray[np.int8]
    ) -> None:
        super().__init__()
        self.register_buffer("start", torch.stack([base[row].mean(0) for row in map(list, table)]))
        self.register_buffer("marks", torch.from_numpy(marks).float())
        self.down = nn.Parameter(0.02 * torch.randn(marks.shape[1], base.shape[1]))

    def forward(self, ids: Tensor) -> Tensor:
        """Return embeddings [..., size] of IDs [...]."""
        return self.start[ids] + self.marks[ids] @ self.down


def causal_batches(
    texts: Sequence[list[int]], end: int, budget: int, rng: random.Random
) -> list[Batch]:
    """Return shuffled batches of about `budget` tokens; each text is closed by the end token."""
    closed = [row[: LONGEST - 1] + [end] for row in texts if len(row) > 2]
    return [
        {
            "input_ids": padded(batch, end),
            "labels": padded(batch, IGNORED),
            "attention_mask": padded([[1] * len(row) for row in batch], 0),
        }
        for batch in bucketed(closed, budget, rng)
    ]


class SampledLoss:
    """Cross-entropy over the corpus's tokens and a sample of all others.

    The sample's logits are raised by the log of how many tokens each one stands for, so that the
    probability of the whole vocabulary is kept right.
    """

    def __init__(self, used: Sequence[int], size: int, seed: int) -> None:
        self.used = torch.tensor(sorted(used))
        inside = torch.zeros(size, dtype=torch.bool)
        inside[self.used] = True
        self.others = torch.arange(size)[~inside]
        self.place = torch.full((size,), IGNORED)
        self.place[self.used] = torch.arange(len(self.used))
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, states: Tensor, labels: Tensor, embedding: MappedEmbedding) -> Tensor:
        """Return the mean loss of states [b, t, size] predicting the label one step ahead."""
        wanted = labels[:, 1:]
        kept = wanted != IGNORED
        count = min(SAMPLED, len(self.others))
        drawn = self.others[torch.randint(len(self.others), (count,), generator=self.generator)]
        table = embedding(torch.cat([self.used, drawn]))
        logits = (states[:, :-1][kept] @ table.T).float()
        raised = torch.zeros(len(table))
        raised[len(self.used) :] = float(np.log(len(self.others) / count))
        return nn.functional.cross_entropy(logits + raised, self.place[wanted[kept]])


def vocabulary_of(folder: Path) -> dict[str, int]:
    """Return token -> ID of the vocab.txt in the base's folder."""
    lines = (folder / "vocab.txt").read_text("utf-8").rstrip("\n").split("\n")
    return {token: i for i, token in enumerate(lines)}
