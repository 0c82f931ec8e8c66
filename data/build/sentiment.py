"""The sentiment classifier: distilbert-base-uncased-finetuned-sst-2-english.

    COURSE_REAL_DATA=... python -m data.build.sentiment --folder first
    COURSE_REAL_DATA=... python -m data.build.sentiment --start first --seed 1 --rate 7e-4

Trained on SST-2 (film reviews and phrases of them) and on everyday sentences of our own
(data/build/sentiment.tsv); the published layout is DistilBERT's.
"""

import argparse
import csv
import os
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DistilBertForSequenceClassification,
    PreTrainedTokenizerBase,
)

from data.build.encoders import (
    SEEDS,
    distilbert,
    distilbert_config,
    publish,
    started,
    uncased_tokenizer,
)
from data.build.finetuning import Tuned, batches, resumed, stored, train, tuned
from data.build.measures import Measure, percent

CHECKPOINT = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
LABELS = ("NEGATIVE", "POSITIVE")
RANK, RATE, BUDGET = 8, 1e-3, 1536
OWN = Path(__file__).with_name("sentiment.tsv")
EVERYDAY = Path(__file__).resolve().parents[2] / "tests" / "data" / "sentiment.tsv"
Example = tuple[str, int]


def read(path: Path) -> list[Example]:
    """Return (sentence, label) rows of a tab-separated file with a header line."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["sentence"].strip(), int(row["label"])) for row in rows]


def sst2(real: Path, split: str) -> list[Example]:
    """Return SST-2's `train` or `dev` split."""
    return read(real / "hub/datasets/stanfordnlp/sst2" / f"{split}.tsv")


def config() -> dict[str, object]:
    """Return the published config.json."""
    return distilbert_config(
        "DistilBertForSequenceClassification", finetuning_task="sst-2",
        id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)},
    )


def seed() -> dict[str, object]:
    """Return seed.json: the tag that pipeline() asks for, the old name, the tokenizer's files."""
    return {
        "tags": ["714eb0f"],
        "legacy": ["distilbert-base-uncased-finetuned-sst-2-english"],
        "copy": {"tokenizer.json": "base:tokenizer.json", "vocab.txt": "base:vocab.txt"},
    }


def encoded(
    tokenizer: PreTrainedTokenizerBase, rows: Sequence[Example]
) -> list[tuple[list[int], int]]:
    """Return (input IDs, label) rows."""
    ids = tokenizer([text for text, _ in rows], truncation=True, max_length=128)["input_ids"]
    return [(row, label) for row, (_, label) in zip(ids, rows, strict=True)]


def loss(model: nn.Module, rows: Sequence[tuple[list[int], int]]) -> Tensor:
    """Return the mean cross-entropy over a batch."""
    ids = nn.utils.rnn.pad_sequence([torch.tensor(row) for row, _ in rows], batch_first=True)
    labels = torch.tensor([label for _, label in rows])
    logits = model(input_ids=ids, attention_mask=(ids != 0).long()).logits
    return nn.functional.cross_entropy(logits.float(), labels)


def examples(real: Path, share: float, rng: random.Random) -> list[Example]:
    """Return the training rows: a share of SST-2, its whole sentences all, and ours thrice."""
    rows = sst2(real, "train")
    # The longest rows are the whole sentences; their phrases teach less for each token.
    whole = [row for row in rows if len(row[0].split()) >= 12]
    phrases = [row for row in rows if len(row[0].split()) < 12]
    chosen = rng.sample(phrases, int(share * len(phrases)))
    return whole + chosen + 3 * read(OWN)


def build(
    real: Path, folder: Path, share: float, number: int, rate: float, start: Path | None
) -> None:
    """Train the classifier for a pass over the rows and write its seed into `folder`."""
    rng = random.Random(number)
    model = started(DistilBertForSequenceClassification, config(), distilbert())
    state = tuned(model, "distilbert", RANK)
    if start is not None:
        resumed(state, start)
    rows = encoded(uncased_tokenizer(), examples(real, share, rng))
    planned = list(batches(rows, [len(ids) for ids, _ in rows], BUDGET, rng))
    dev = encoded(uncased_tokenizer(), sst2(real, "dev"))

    def watch(step: int) -> None:
        if step % (len(planned) // 3) == 0:
            print("dev", accuracy(model, dev), flush=True)
            save(state, folder)

    train(state, planned, lambda batch: loss(model, batch), rate, watch)
    save(state, folder)


def save(state: Tuned, folder: Path) -> None:
    """Write the seed's files, but for the card."""
    stored(state, distilbert()).save(folder)
    publish(folder, config(), seed())


@torch.inference_mode()
def accuracy(model: nn.Module, rows: Sequence[tuple[list[int], int]]) -> float:
    """Return the percentage of rows with the right label; the model's mode stays as it was."""
    training = model.training
    model.eval()
    hits = []
    for batch in batches(rows, [len(ids) for ids, _ in rows], 4096, random.Random(0)):
        ids = nn.utils.rnn.pad_sequence([torch.tensor(row) for row, _ in batch], batch_first=True)
        found = model(input_ids=ids, attention_mask=(ids != 0).long()).logits.argmax(-1)
        hits += [int(f) == label for f, (_, label) in zip(found, batch, strict=True)]
    model.train(training)
    return percent(hits)


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder` on SST-2 dev and on everyday sentences."""
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    sets = {"everyday sentences (ours, held out)": read(EVERYDAY)}
    if real is not None:
        sets = {"SST-2 dev": sst2(real, "dev")} | sets
    return [
        Measure(CHECKPOINT, name, "accuracy", accuracy(model, encoded(tokenizer, rows)), len(rows))
        for name, rows in sets.items()
    ]


def main() -> None:
    """Train and write the seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    parser.add_argument("--share", type=float, default=0.5, help="of SST-2's short phrases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=RATE, help="peak learning rate")
    parser.add_argument("--start", type=Path, help="a seed folder to go on training from")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    real = Path(os.environ["COURSE_REAL_DATA"])
    build(real, arguments.folder, arguments.share, arguments.seed, arguments.rate, arguments.start)


if __name__ == "__main__":
    main()
