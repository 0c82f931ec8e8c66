"""Paragraphs and their reference summaries, by an extractive rule with light compression.

The rule: the first sentence that says something, then the most central of the others (mean cosine
of the base encoder's sentence embeddings to the rest of the paragraph), both in the order of the
text, each freed of its opening adverbial, its parentheses and who said it.
"""

import random
import re
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from data.build.corpus import generated
from data.build.realtext import conll_rows, detokenise, mrpc_sentences
from setup.checkpoints import base_folder

OPENINGS = (
    "However", "Moreover", "In addition", "Furthermore", "In fact", "Meanwhile", "Nevertheless",
    "For example", "For instance", "As a result", "Therefore", "On the other hand", "Indeed",
    "By contrast", "In contrast", "At the same time", "Of course", "Finally", "First", "Second",
    "Also", "Besides", "Consequently", "Overall", "In short", "Still", "Similarly", "Today",
    "In particular", "Above all", "Then", "Unfortunately", "Fortunately", "In recent years",
)  # fmt: skip
_OPENING = re.compile(rf"^(?:{'|'.join(OPENINGS)}), (?=\w)")
_PARENTHESES = re.compile(r" \([^()]*\)")
_SAID = re.compile(
    r", (?:(?:he|she|they|it|officials|police|[A-Z]\w+(?: [A-Z]\w+)*) (?:said|added|told)"
    r"|(?:said|added) [A-Z]?\w+(?: [A-Z]\w+)*)[^,.]{0,40}\.$"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")
Embeddings = NDArray[np.float32]


def compressed(sentence: str) -> str:
    """Return the sentence without its opening adverbial, parentheses and attribution."""
    short = _PARENTHESES.sub("", sentence)
    short = _SAID.sub(".", short)
    short = _OPENING.sub("", short)
    return short[:1].upper() + short[1:]


def chosen(sentences: Sequence[str], embeddings: Embeddings) -> list[int]:
    """Return the places of the one or two sentences that make the summary.

    `embeddings` [sentences, size] have length 1. Texts of up to three sentences give one.
    """
    first = next((i for i, one in enumerate(sentences) if len(one.split()) >= 5), 0)
    if len(sentences) < 3:
        return [first]
    cosines = embeddings @ embeddings.T
    central = (cosines.sum(1) - 1) / (len(sentences) - 1)
    lengths = np.array([len(one.split()) for one in sentences])
    central = central - 0.3 * (lengths < 6) - 0.004 * np.maximum(lengths - 30, 0)
    central[: first + 1] = -np.inf
    return [first] if first + 1 >= len(sentences) else [first, int(central.argmax())]


def summary(sentences: Sequence[str], embeddings: Embeddings) -> str:
    """Return the reference summary of a paragraph."""
    return " ".join(compressed(sentences[place]) for place in chosen(sentences, embeddings))


def embedded(sentences: Sequence[str], batch: int = 64) -> Embeddings:
    """Return the base encoder's sentence embeddings, of length 1."""
    folder = base_folder()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    result = np.zeros((len(sentences), 384), dtype=np.float32)
    for begin in range(0, len(order), batch):
        places = order[begin : begin + batch]
        inputs = tokenizer(
            [sentences[i] for i in places], padding=True, truncation=True, max_length=64,
            return_tensors="pt",
        )  # fmt: skip
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        result[places] = torch.nn.functional.normalize(mean.float(), dim=-1).numpy()
    return result


def split(text: str) -> list[str]:
    """Return the sentences of a text."""
    return _SENTENCE.split(" ".join(text.split()))


def articles() -> list[list[str]]:
    """Return runs of prose sentences of CoNLL-2003's news, in their order."""
    found: list[list[str]] = [[]]
    for rows in conll_rows("train"):
        words = [row[0] for row in rows]
        prose = (
            len(words) >= 7 and words[-1] == "." and sum(map(str.islower, words)) * 2 > len(words)
        )
        if prose:
            found[-1].append(detokenise(" ".join(words)))
        elif found[-1] and len(words) < 5:
            found.append([])
    return [one for one in found if len(one) >= 2]


def topical(rng: random.Random, sentences: Sequence[str], vectors: Embeddings) -> list[str]:
    """Return a paragraph of one sentence and some of its nearest neighbours."""
    start = rng.randrange(len(sentences))
    near = np.argsort(-(vectors @ vectors[start]))[1:14]
    distinct = [int(i) for i in near if vectors[i] @ vectors[start] < 0.9]
    picked = [start, *rng.sample(distinct, min(len(distinct), rng.randint(1, 7)))]
    return [sentences[i] for i in picked]


def with_openings(rng: random.Random, sentences: Sequence[str]) -> list[str]:
    """Put an opening adverbial before some sentences, so that dropping it is learned."""
    result = []
    for place, one in enumerate(sentences):
        first = one.split()[0]
        if (
            rng.random() < 0.25
            and place
            and first in ("The", "A", "It", "They", "He", "This", "In")
        ):
            one = f"{rng.choice(OPENINGS)}, {one[0].lower()}{one[1:]}"
        result.append(one)
    return result


def paragraphs(count: int, seed: int) -> list[list[str]]:
    """Return paragraphs as lists of sentences: news articles, and sentences of one topic."""
    rng = random.Random(seed)
    news = rng.sample(articles(), 400)
    loose = [one for text in generated(700, seed) for one in split(text)]
    pool = rng.sample(mrpc_sentences(), 2500) + loose
    vectors = embedded(pool)
    found = []
    for _ in range(count):
        if rng.random() < 0.45:
            article = rng.choice(news)
            begin = rng.randrange(max(1, len(article) - 2))
            part = article[begin : begin + rng.randint(2, 8)]
        else:
            part = topical(rng, pool, vectors)
        found.append(with_openings(rng, part))
    return found


def with_summaries(found: Sequence[Sequence[str]]) -> list[tuple[list[str], str]]:
    """Return each paragraph with its reference summary."""
    flat = [one for paragraph in found for one in paragraph]
    known = sorted(set(flat))
    place = {one: i for i, one in enumerate(known)}
    vectors = embedded(known)
    return [
        (list(paragraph), summary(paragraph, vectors[[place[one] for one in paragraph]]))
        for paragraph in found
    ]


def rouge_l(found: str, reference: str) -> float:
    """Return the F1, 0 to 1, of the longest common subsequence of words."""
    one, two = found.lower().split(), reference.lower().split()
    best = [0] * (len(two) + 1)
    for word in one:
        previous = best[:]
        for place, other in enumerate(two):
            longer = previous[place] + 1
            best[place + 1] = longer if word == other else max(best[place], previous[place + 1])
    return 2 * best[-1] / (len(one) + len(two)) if one and two else 0.0
