"""The uncased base encoder: distilbert/distilbert-base-uncased, for its tokenizer and features.

    python -m data.build.features_uncased

Nothing is trained: it is the base encoder in DistilBERT's shape. The vocabulary is the base's own,
which is the published one.
"""

import argparse
from pathlib import Path

from data.build.encoders import SEEDS, distilbert, distilbert_config, publish
from data.build.features import paraphrases_found
from data.build.measures import Measure

CHECKPOINT = "distilbert/distilbert-base-uncased"


def seed() -> dict[str, object]:
    """Return seed.json: the old name, and the tokenizer's files."""
    files = ("tokenizer.json", "vocab.txt")
    return {
        "legacy": ["distilbert-base-uncased"],
        "copy": {name: f"base:{name}" for name in files},
    }


def build(folder: Path) -> None:
    """Write the seed's files, but for the card."""
    distilbert("").save(folder)
    publish(folder, distilbert_config("DistilBertModel"), seed())


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure how often a sentence's nearest other sentence is its paraphrase."""
    return paraphrases_found(CHECKPOINT, folder)


def main() -> None:
    """Write the seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    build(parser.parse_args().folder)


if __name__ == "__main__":
    main()
