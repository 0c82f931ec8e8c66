"""How well a mask filler fills masks: on real sentences and on sentences with known answers."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from data.build.measures import Measure, percent
from data.build.realtext import detokenise

CLOZE = Path(__file__).resolve().parents[2] / "tests" / "data" / "cloze.tsv"
VALIDATION = "hub/datasets/nyu-mll/glue/mrpc/validation.jsonl"
SENTENCES = 300
Gap = tuple[str, frozenset[str]]


def gaps(path: Path = CLOZE) -> list[Gap]:
    """Return (sentence with `[MASK]`, accepted words in lower case) rows."""
    lines = path.read_text("utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines if line)
    return [(text, frozenset(words.split("|"))) for text, words in rows]


def real_gaps(real: Path, seed: int = 0) -> list[Gap]:
    """Return sentences of MRPC's validation split with one word of letters hidden in each."""
    rng = random.Random(seed)
    rows = [json.loads(line) for line in (real / VALIDATION).read_text("utf-8").splitlines()]
    found: list[Gap] = []
    for row in rows[:SENTENCES]:
        words = detokenise(row["sentence1"]).split()
        places = [i for i, word in enumerate(words) if word.isalpha()]
        place = rng.choice(places)
        hidden = words[place].lower()
        text = " ".join([*words[:place], "[MASK]", *words[place + 1 :]])
        found.append((text, frozenset([hidden])))
    return found


class Filler:
    """A mask filler, joined in a folder."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForMaskedLM.from_pretrained(folder).eval()

    @torch.inference_mode()
    def best(self, text: str, count: int = 5) -> list[str]:
        """Return the `count` likeliest words for the one `[MASK]`, stripped."""
        text = text.replace("[MASK]", self.tokenizer.mask_token)
        inputs = self.tokenizer(text, return_tensors="pt", truncation=True)
        place = inputs["input_ids"][0].tolist().index(self.tokenizer.mask_token_id)
        top = self.model(**inputs).logits[0, place].topk(count).indices
        return [self.tokenizer.decode([i]).strip() for i in top.tolist()]

    def hits(self, rows: Sequence[Gap], count: int) -> float:
        """Return the percentage of gaps with an accepted word among the best `count`."""
        return percent(
            [any(w.lower() in accepted for w in self.best(t, count)) for t, accepted in rows]
        )


def measure_filler(checkpoint: str, folder: Path, real: Path | None) -> list[Measure]:
    """Measure a joined mask filler on our gaps, and on MRPC's if `real` is given."""
    filler = Filler(folder)
    sets = {"gaps in everyday sentences (ours, held out)": gaps()}
    if real is not None:
        sets["MRPC validation, one word hidden in each sentence"] = real_gaps(real)
    found = []
    for name, rows in sets.items():
        for count in (1, 5):
            metric = f"right word in the top {count}"
            found.append(Measure(checkpoint, name, metric, filler.hits(rows, count), len(rows)))
    return found
