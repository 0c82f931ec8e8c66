"""The cased base encoder: distilbert/distilbert-base-cased, for features and for fine-tuning.

    python -m data.build.features

Nothing is trained: it is the base encoder in DistilBERT's shape with the cased vocabulary.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase

from data.build.encoders import CASED, SEEDS, cased, distilbert, distilbert_config, publish
from data.build.measures import Measure, percent

CHECKPOINT = "distilbert/distilbert-base-cased"
PAIRS = Path(__file__).resolve().parents[2] / "tests" / "data" / "paraphrases.tsv"


def seed() -> dict[str, object]:
    """Return seed.json: the tag that pipeline() asks for, the old name, the tokenizer's files."""
    origin = "models/google-bert/bert-base-cased"
    return {
        "tags": ["6ea8117"], "legacy": ["distilbert-base-cased"],
        "copy": {name: f"{origin}:{name}" for name in ("tokenizer.json", "vocab.txt")},
    }


def build(folder: Path) -> None:
    """Write the seed's files, but for the card."""
    cased(distilbert("")).save(folder)
    publish(folder, distilbert_config("DistilBertModel", vocab_size=CASED), seed())


@torch.inference_mode()
def means(model: nn.Module, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Tensor:
    """Return the mean of each text's hidden states, of unit length, [texts, 384]."""
    batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    mask = batch["attention_mask"][..., None]
    states = model(**batch).last_hidden_state
    return nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure how often a sentence's nearest other sentence is its paraphrase."""
    return paraphrases_found(CHECKPOINT, folder)


def paraphrases_found(checkpoint: str, folder: Path) -> list[Measure]:
    """Return the share of sentences whose nearest neighbour by mean states is the paraphrase."""
    lines = PAIRS.read_text(encoding="utf-8").splitlines()[1:]
    texts = [text for line in lines for text in line.split("\t")]
    model = AutoModel.from_pretrained(folder).eval()
    features = means(model, AutoTokenizer.from_pretrained(folder), texts)
    nearest = (features @ features.T - 2 * torch.eye(len(texts))).argmax(1).tolist()
    hits = [found == place ^ 1 for place, found in enumerate(nearest)]
    name = "paraphrases (ours), nearest of all"
    return [Measure(checkpoint, name, "accuracy", percent(hits), len(texts))]


def main() -> None:
    """Write the seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    build(parser.parse_args().folder)


if __name__ == "__main__":
    main()
