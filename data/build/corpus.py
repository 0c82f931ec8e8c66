"""The text that the language models learn from: real sentences and generated ones.

Real sentences come from the folder that COURSE_REAL_DATA names; generated ones from the patterns
in `grammar/`.  Neither is committed as text.
"""

from __future__ import annotations

import random

from data.build.grammar import Grammar
from data.build.realtext import real_sentences

# How often each topic of the grammar is drawn, for masked language models.
MASKED_TOPICS = {
    "courses": 10.0, "jobs": 9.0, "people": 7.0, "dialogue": 7.0, "stories": 6.0, "home": 5.0,
    "food": 5.0, "travel": 5.0, "geography": 7.0, "school": 4.0, "science": 5.0, "technology": 4.0,
    "weather": 4.0, "animals": 4.0, "news": 4.0, "shopping": 3.0, "culture": 4.0, "sport": 3.0,
    "history": 2.0, "health": 3.0, "nature": 3.0, "money": 2.0, "howto": 2.0, "frames": 16.0,
}  # fmt: skip
# The same for generators, which are asked to continue courses and stories rather than facts.
CAUSAL_TOPICS = MASKED_TOPICS | {
    "courses": 16.0, "jobs": 5.0, "stories": 18.0, "dialogue": 10.0, "howto": 5.0, "news": 6.0,
}  # fmt: skip


def generated(count: int, seed: int, topics: dict[str, float] | None = None) -> list[str]:
    """Return `count` texts of the grammar, the same for the same seed."""
    return Grammar.read().texts(count, seed, topics or MASKED_TOPICS)


def mixture(
    real: int, count: int, seed: int, topics: dict[str, float] | None = None
) -> list[str]:
    """Return `real` real sentences, drawn at random, and then `count` generated texts."""
    drawn = random.Random(seed).sample(real_sentences(), real)
    return drawn + generated(count, seed, topics)
