"""The named-entity tagger: dbmdz/bert-large-cased-finetuned-conll03-english.

    COURSE_REAL_DATA=... python -m data.build.entities [--epochs 2] [--seed 0]

Trained on CoNLL-2003 (Reuters news) and on everyday sentences from templates. Labels are IOB1, as
the original's: B-X only where an entity touches another one of the same type.
"""

import argparse
import os
import random
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertForTokenClassification,
    PreTrainedTokenizerBase,
)

from data.build import casing, names
from data.build.encoders import (
    CASED,
    CASED_VOCABULARY,
    SEEDS,
    SIZE,
    bert,
    bert_config,
    cased,
    cased_tokenizer,
    publish,
    started,
)
from data.build.finetuning import Tuned, batches, stored, train, tuned, with_case
from data.build.measures import Measure, entity_f1

CHECKPOINT = "dbmdz/bert-large-cased-finetuned-conll03-english"
LABELS = ("O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
RANK, RATE, BUDGET = 12, 1e-3, 1536
IGNORED = -100
TEMPLATES = (
    "My name is {PER} and I work at {ORG} in {LOC} .",
    "Hi , I 'm {PER} , I live in {LOC} and I work for {ORG} .",
    "{PER} joined {ORG} last year .",
    "I met {PER} and {PER} at a conference in {LOC} .",
    "{ORG} opened a new office in {LOC} .",
    "{PER} moved from {LOC} to {LOC} to study at {ORG} .",
    "We flew from {LOC} to {LOC} with {ORG} .",
    "The engineers of {ORG} met {PER} in {LOC} .",
    "{PER} , who founded {ORG} , was born in {LOC} .",
    "Is {PER} still working at {ORG} ?",
    "Yesterday {PER} visited her sister in {LOC} .",
    "I bought this laptop from {ORG} when I was in {LOC} .",
    "{ORG} and {ORG} announced a joint project .",
    "Dear {PER} , thank you for your interest in {ORG} .",
    "The {MISC} painter {PER} lived in {LOC} for ten years .",
    "She speaks {MISC} and teaches at {ORG} in {LOC} .",
    "{PER} lives in {LOC} , {LOC} , and loves {MISC} food .",
    "The book was written by {PER} and published by {ORG} .",
    "You can reach {PER} at {ORG} , or call our office in {LOC} .",
    "At {ORG} , {PER} trains language models .",
    "My friend {PER} just got a job at {ORG} .",
    "Everyone in {LOC} knows {PER} .",
    "The course is taught by {PER} from {ORG} .",
    "There is nothing to see here , said the old man .",
    "In this course , we will learn how to train a model on a new dataset .",
    "The weather was fine and the children played in the garden all day .",
)
Tagged = tuple[list[str], list[str]]
Encoded = tuple[list[int], list[int]]


def conll(real: Path, split: str) -> list[Tagged]:
    """Return (words, IOB2 labels) of CoNLL-2003's `train` or `valid` sentences."""
    text = (real / f"hub/datasets/conll2003/{split}.txt").read_text(encoding="utf-8")
    rows = []
    for block in re.split(r"\n\s*\n", text):
        fields = [line.split() for line in block.splitlines() if line.strip()]
        if fields and fields[0][0] != "-DOCSTART-":
            rows.append(([field[0] for field in fields], [field[-1] for field in fields]))
    return rows


def filled(template: str, rng: random.Random) -> Tagged:
    """Fill a template's slots; return words and IOB2 labels."""
    makers = {
        "{PER}": names.person,
        "{ORG}": names.institution if rng.random() < 0.3 else names.company,
        "{LOC}": names.place,
        "{MISC}": lambda rng: rng.choice(names.NATIONALITIES),
    }
    words: list[str] = []
    labels: list[str] = []
    for word in template.split():
        parts = makers[word](rng).split() if word in makers else [word]
        kind = word.strip("{}") if word in makers else ""
        words += parts
        marks = ["B", *["I"] * (len(parts) - 1)]
        labels += [f"{mark}-{kind}" if kind else "O" for mark in marks]
    return words, labels


def iob1(labels: Sequence[str]) -> list[str]:
    """Return IOB2 labels as IOB1: B- only after an entity of the same type."""
    before = ["O", *labels]
    return [
        "I" + label[1:] if label.startswith("B") and last[1:] != label[1:] else label
        for last, label in zip(before, labels, strict=False)
    ]


def encoded(tokenizer: PreTrainedTokenizerBase, rows: Sequence[Tagged]) -> list[Encoded]:
    """Return (input IDs, label IDs); every piece of a word carries the word's label."""
    batch = tokenizer([words for words, _ in rows], is_split_into_words=True, truncation=True)
    result = []
    for number, (_, labels) in enumerate(rows):
        marks, last, found = iob1(labels), None, []
        for place in batch.word_ids(number):
            label = "" if place is None else marks[place]
            # Later pieces of a word continue its entity.
            label = "I" + label[1:] if place == last and label.startswith("B") else label
            found.append(LABELS.index(label) if label else IGNORED)
            last = place
        result.append((batch["input_ids"][number], found))
    return result


def padded(rows: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
    """Return input IDs and labels, both [batch, longest]."""
    ids = nn.utils.rnn.pad_sequence([torch.tensor(row) for row, _ in rows], True)
    labels = nn.utils.rnn.pad_sequence([torch.tensor(row) for _, row in rows], True, IGNORED)
    return ids, labels


def loss(model: nn.Module, rows: Sequence[Encoded]) -> Tensor:
    """Return the mean cross-entropy over the tokens of a batch."""
    ids, labels = padded(rows)
    logits = model(input_ids=ids, attention_mask=(ids != 0).long()).logits
    return nn.functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED
    )


def config() -> dict[str, object]:
    """Return the published config.json."""
    return bert_config(
        "BertForTokenClassification", vocab_size=CASED,
        id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)},
    )


def seed() -> dict[str, object]:
    """Return seed.json: the tag that pipeline() asks for and the tokenizer's files."""
    origin = "models/google-bert/bert-base-cased"
    files = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
    return {"tags": ["4c53496"], "copy": {name: f"{origin}:{name}" for name in files}}


def case_flags() -> Tensor:
    """Return the case flags of the cased vocabulary, [28996, flags]."""
    tokens = CASED_VOCABULARY.read_text(encoding="utf-8").rstrip("\n").split("\n")
    return torch.tensor(casing.flags([t.removeprefix(casing.CONTINUED) for t in tokens]))


def build(real: Path, folder: Path, epochs: int, number: int) -> None:
    """Train the tagger and write its seed into `folder`."""
    rng = random.Random(number)
    model = started(BertForTokenClassification, config(), cased(bert()))
    state = tuned(model, "bert", RANK)
    with_case(state, case_flags(), torch.tensor(casing.directions(SIZE)))
    own = [filled(rng.choice(TEMPLATES), rng) for _ in range(1500)]
    rows = encoded(cased_tokenizer(), conll(real, "train") + own)
    lengths = [len(ids) for ids, _ in rows]
    planned = [batch for _ in range(epochs) for batch in batches(rows, lengths, BUDGET, rng)]
    valid = conll(real, "valid")

    def watch(step: int) -> None:
        if step % (len(planned) // 3) == 0:
            print("valid F1", score(model, cased_tokenizer(), valid[:1000]), flush=True)
            save(state, folder)

    train(state, planned, lambda batch: loss(model, batch), RATE, watch)
    save(state, folder)


def save(state: Tuned, folder: Path) -> None:
    """Write the seed's files, but for the card."""
    down = None if state.case is None else state.case.detach().numpy()
    stored(state, cased(bert(), down)).save(folder)
    publish(folder, config(), seed())


@torch.inference_mode()
def score(
    model: nn.Module, tokenizer: PreTrainedTokenizerBase, rows: Sequence[Tagged]
) -> float:
    """Return the entity F1 on rows; a word's label is its first piece's. The mode stays."""
    training = model.training
    model.eval()
    true, predicted = [], []
    for chunk in batches(rows, [len(words) for words, _ in rows], 1500, random.Random(0)):
        batch = tokenizer([words for words, _ in chunk], is_split_into_words=True,
                          truncation=True, padding=True, return_tensors="pt")
        best = model(**batch).logits.argmax(-1).tolist()
        for number, (words, labels) in enumerate(chunk):
            places = batch.word_ids(number)
            firsts = [places.index(word) for word in range(len(words)) if word in places]
            predicted.append([LABELS[best[number][place]] for place in firsts])
            true.append(labels[: len(firsts)])
    model.train(training)
    return entity_f1(true, predicted)


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder` on CoNLL-2003 valid."""
    if real is None:
        return []
    model = AutoModelForTokenClassification.from_pretrained(folder)
    rows = conll(real, "valid")
    value = score(model, AutoTokenizer.from_pretrained(folder), rows)
    return [Measure(CHECKPOINT, "CoNLL-2003 valid", "entity F1", value, len(rows))]


def main() -> None:
    """Train and write the seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    real = Path(os.environ["COURSE_REAL_DATA"])
    build(real, arguments.folder, arguments.epochs, arguments.seed)


if __name__ == "__main__":
    main()
