"""Training examples of the summarizer: sentences to be copied out of noise, and summaries."""

import random

import torch
from tokenizers import Tokenizer
from torch import Tensor

START, PAD, END, FULL_STOP = 0, 1, 2, 479
IGNORED = -100
LONGEST = 510
# Source IDs, target IDs, and the places in the target that are given and not learned.
Example = tuple[list[int], list[int], set[int]]


class Examples:
    """Training examples: copies out of noise, and summaries."""

    def __init__(self, tokenizer: Tokenizer, pairs: list[tuple[list[str], str]], seed: int) -> None:
        self.rng = random.Random(seed)
        self.summaries = [self._encoded(tokenizer, sentences, text) for sentences, text in pairs]
        loose = sorted({one for sentences, _ in pairs for one in sentences})
        self.sentences = [
            one.ids
            for one in tokenizer.encode_batch([" " + s for s in loose], add_special_tokens=False)
        ]
        self.openings = [one.ids for one in tokenizer.encode_batch(loose, add_special_tokens=False)]
        self.frequent = [token for one in self.sentences for token in one]
        self.tokens = tokenizer.get_vocab_size()

    def _encoded(self, tokenizer: Tokenizer, sentences: list[str], text: str) -> Example:
        source = tokenizer.encode(" ".join(sentences)).ids[:LONGEST]
        return [*source[:-1], END], tokenizer.encode(text).ids[1:-1][:140], set()

    def noise(self) -> list[int]:
        """Return a "sentence" of random tokens, half of them frequent ones."""
        length, rng = self.rng.randint(4, 22), self.rng
        drawn = [
            rng.choice(self.frequent) if rng.random() < 0.5 else rng.randrange(4, self.tokens - 1)
            for _ in range(length)
        ]
        return [*drawn, FULL_STOP]

    def copy(self, most: int, longest: int = 60) -> Example:
        """Return an example that copies sentences in another order.

        The first two tokens of each are given: which sentence comes next is not learned here.
        """
        parts = [
            self.rng.choice(self.sentences)[:30] if self.rng.random() < 0.55 else self.noise()
            for _ in range(self.rng.randint(2, most))
        ]
        if self.rng.random() < 0.6:
            # At the very beginning of a text no space precedes the word: other tokens.
            parts[0] = self.rng.choice(self.openings)[:30]
        source = [START, *(token for part in parts for token in part)][: LONGEST - 1]
        self.rng.shuffle(parts)
        target: list[int] = []
        given: set[int] = set()
        for part in parts:
            if len(target) + len(part) <= longest:
                given |= {len(target), len(target) + 1}
                target += part
        return [*source, END], target, given

    def batch(self, done: float) -> list[Example]:
        """Return a batch for the share `done` of training, 0 to 1."""
        if done < 0.3:
            return [self.copy(3) for _ in range(6)]
        if done < 0.4:
            return [self.copy(6, 90) for _ in range(4)]
        if self.rng.random() < 0.2:
            return [self.copy(14, 90) for _ in range(3)]
        pool = sorted(self.rng.sample(self.summaries, 24), key=lambda one: len(one[0]))
        begin = 6 * self.rng.randrange(4)
        return pool[begin : begin + 6]


def tensors(examples: list[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Return source [n, s], decoder input [n, t] and labels [n, t] of a batch."""
    width = max(len(source) for source, _, _ in examples)
    height = max(len(target) for _, target, _ in examples) + 2
    source = torch.full((len(examples), width), PAD)
    given = torch.full((len(examples), height), PAD)
    labels = torch.full((len(examples), height), IGNORED)
    for number, (ids, target, free) in enumerate(examples):
        row = torch.tensor([START, *target, END])
        source[number, : len(ids)] = torch.tensor(ids)
        labels[number, : len(row)] = row
        given[number, : len(row)] = torch.cat([torch.tensor([END]), row[:-1]])
        labels[number, [place + 1 for place in free]] = IGNORED
    return source, given, labels
