"""The part-of-speech tagger: vblagoje/bert-english-uncased-finetuned-pos.

    COURSE_REAL_DATA=... python -m data.build.parts_of_speech [--rows 12000] [--seed 0]

Trained on CoNLL-2003, whose files carry Penn Treebank tags; these are turned into the universal
ones that the original uses.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertForTokenClassification,
    PreTrainedTokenizerBase,
)

from data.build.difference import Difference
from data.build.encoders import SEEDS, bert, bert_config, publish, started, uncased_tokenizer
from data.build.entities import IGNORED, Encoded, Tagged, loss
from data.build.finetuning import Tuned, batches, train, tuned
from data.build.lowrank import compact
from data.build.measures import Measure, percent
from data.build.realtext import conll_rows

CHECKPOINT = "vblagoje/bert-english-uncased-finetuned-pos"
LABELS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN",
    "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
RANK, RATE, BUDGET = 8, 1e-3, 1536
UNIVERSAL = {
    "CC": "CCONJ", "CD": "NUM", "DT": "DET", "EX": "PRON", "FW": "X", "IN": "ADP", "JJ": "ADJ",
    "JJR": "ADJ", "JJS": "ADJ", "LS": "X", "MD": "AUX", "NN": "NOUN", "NNS": "NOUN",
    "NNP": "PROPN", "NNPS": "PROPN", "PDT": "DET", "POS": "PART", "PRP": "PRON", "PRP$": "PRON",
    "RB": "ADV", "RBR": "ADV", "RBS": "ADV", "RP": "ADP", "SYM": "SYM", "TO": "PART", "UH": "INTJ",
    "WDT": "PRON", "WP": "PRON", "WP$": "PRON", "WRB": "ADV", "NN|SYM": "NOUN",
    "$": "SYM",
}  # fmt: skip
BE = frozenset(["be", "am", "is", "are", "was", "were", "been", "being", "'s", "'re", "'m"])
HAVE_DO = frozenset(["have", "has", "had", "having", "'ve", "do", "does", "did"])
SUBORDINATING = frozenset(
    ["if", "because", "although", "though", "while", "whether", "unless", "since"]
)


def universal(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """Return universal tags for Penn tags; a verb's class depends on the verbs after it."""
    found = []
    for place, (word, tag) in enumerate(zip(words, tags, strict=True)):
        lower = word.lower()
        if tag.startswith("VB"):
            later = [t for t in tags[place + 1 : place + 4] if t != "RB" and t != "PRP"]
            helps = lower in BE or (lower in HAVE_DO and later[:1] and later[0].startswith("VB"))
            found.append("AUX" if helps else "VERB")
        elif tag == "RB" and lower in ("not", "n't"):
            found.append("PART")
        elif tag == "IN" and lower in SUBORDINATING:
            found.append("SCONJ")
        else:
            found.append(UNIVERSAL.get(tag, "PUNCT"))
    return found


def tagged(split: str) -> list[Tagged]:
    """Return (words, universal tags) of CoNLL-2003's sentences."""
    rows = []
    for fields in conll_rows(split):
        words = [field[0] for field in fields]
        rows.append((words, universal(words, [field[1] for field in fields])))
    return rows


def encoded(tokenizer: PreTrainedTokenizerBase, rows: Sequence[Tagged]) -> list[Encoded]:
    """Return (input IDs, label IDs); every piece of a word carries the word's tag."""
    batch = tokenizer([words for words, _ in rows], is_split_into_words=True, truncation=True)
    result = []
    for number, (_, tags) in enumerate(rows):
        places = batch.word_ids(number)
        labels = [IGNORED if p is None else LABELS.index(tags[p]) for p in places]
        result.append((batch["input_ids"][number], labels))
    return result


def config() -> dict[str, object]:
    """Return the published config.json."""
    return bert_config(
        "BertForTokenClassification",
        id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)},
    )  # fmt: skip


def difference(state: Tuned) -> Difference:
    """Return what training changed, compactly."""
    made = bert()
    for name, term in state.terms.items():
        compact(made, name, term)
    for name, parameter in (state.vectors | state.head).items():
        made.dense(name, parameter.detach().float().numpy())
    return made


def build(folder: Path, count: int, number: int) -> None:
    """Train on `count` sentences and write the seed into `folder`."""
    rng = random.Random(number)
    state = tuned(started(BertForTokenClassification, config(), bert()), "bert", RANK)
    rows = encoded(uncased_tokenizer(), rng.sample(tagged("train"), count))
    planned = list(batches(rows, [len(ids) for ids, _ in rows], BUDGET, rng))
    train(state, planned, lambda batch: loss(state.model, batch), RATE)
    difference(state).save(folder)
    files = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
    publish(folder, config(), {"copy": {file: f"base:{file}" for file in files}})


@torch.inference_mode()
def hits(
    model: nn.Module, tokenizer: PreTrainedTokenizerBase, rows: Sequence[Tagged]
) -> list[bool]:
    """Tell for each word whether its first piece got the right tag."""
    found = []
    for words, tags in rows:
        batch = tokenizer(words, is_split_into_words=True, truncation=True, return_tensors="pt")
        best = model(**batch).logits[0].argmax(-1).tolist()
        places = batch.word_ids(0)
        firsts = [(places.index(i), tag) for i, tag in enumerate(tags) if i in places]
        found += [LABELS[best[place]] == tag for place, tag in firsts]
    return found


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder` on 1,000 sentences of CoNLL-2003 valid."""
    if real is None:
        return []
    model = AutoModelForTokenClassification.from_pretrained(folder).eval()
    rows = tagged("valid")[:1000]
    value = percent(hits(model, AutoTokenizer.from_pretrained(folder), rows))
    return [Measure(CHECKPOINT, "CoNLL-2003 valid", "accuracy of the tag", value, len(rows))]


def main() -> None:
    """Train and write the seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    parser.add_argument("--rows", type=int, default=12_000, help="sentences to train on")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if "COURSE_REAL_DATA" not in os.environ:
        parser.exit(2, "set COURSE_REAL_DATA to the folder with the real data\n")
    build(options.folder, options.rows, options.seed)


if __name__ == "__main__":
    main()
