"""The notebooks' own code on the real MRPC, with a real pretrained encoder.

Takes the preprocessing of 3.2 and the training and the evaluation of 3.4 out of their cells, and
runs them unchanged on the real rows, which are not part of this repository. Without them the test
is skipped. It takes several minutes, and says how many.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict
from sklearn.metrics import accuracy_score, f1_score
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    get_scheduler,
    set_seed,
)

from setup.checkpoints import base_folder
from tests.notebooks.pieces import functions
from tests.realdata import real_data

CHAPTER = Path(__file__).parents[2] / "notebooks" / "3_fine_tuning"
ROWS = "hub/datasets/nyu-mll/glue/mrpc"
CODE = {
    "02_processing_the_data.ipynb": ["tokenize_function"],
    "04_full_training.ipynb": ["new_model", "fine_tune", "score"],
}
EPOCHS, BATCH, RATE = 3, 8, 5e-5  # the settings of 3.4


def real_rows(folder: Path) -> DatasetDict:
    """Return the real training and validation split."""
    names = ClassLabel(names=["not_equivalent", "equivalent"])
    return DatasetDict({
        split: Dataset.from_json(str(folder / ROWS / f"{split}.jsonl")).cast_column("label", names)
        for split in ("train", "validation")
    })  # fmt: skip


class Tally:
    """Stands in for the metric of `evaluate`, which would have to come from a Hub."""

    def __init__(self) -> None:
        self.predictions: list[int] = []
        self.references: list[int] = []

    def add_batch(self, predictions: torch.Tensor, references: torch.Tensor) -> None:
        self.predictions += predictions.tolist()
        self.references += references.tolist()

    def compute(self) -> dict[str, float]:
        pair = self.references, self.predictions
        return {"accuracy": accuracy_score(*pair), "f1": f1_score(*pair), "rows": len(pair[0])}


def notebook_code(metric: Tally) -> SimpleNamespace:
    """Return the functions of the two notebooks, pointed at the real encoder."""
    checkpoint = str(base_folder())
    around: dict[str, Any] = {
        "torch": torch, "tqdm": tqdm, "set_seed": set_seed, "checkpoint": checkpoint,
        "metric": metric, "tokenizer": AutoTokenizer.from_pretrained(checkpoint),
        "AutoModelForSequenceClassification": AutoModelForSequenceClassification,
    }  # fmt: skip
    for notebook, names in CODE.items():
        exec(functions(CHAPTER / notebook, *names), around)
    found = {name: around[name] for names in CODE.values() for name in names}
    return SimpleNamespace(**found, collator=DataCollatorWithPadding(around["tokenizer"]))


@pytest.mark.timeout(3600)
def test_the_course_s_code_learns_the_real_mrpc(
    record_property: Callable[[str, object], None]
) -> None:
    folder = real_data()
    metric = Tally()
    code = notebook_code(metric)
    tokens = real_rows(folder).map(code.tokenize_function, batched=True)
    tokens = tokens.remove_columns(["idx", "sentence1", "sentence2"])
    tokens = tokens.rename_column("label", "labels").with_format("torch")

    begin = time.monotonic()
    model = code.new_model(42)
    common = {"batch_size": BATCH, "collate_fn": code.collator}
    train = DataLoader(tokens["train"], shuffle=True, **common)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)
    schedule = get_scheduler("linear", optimizer, 0, EPOCHS * len(train))
    losses = code.fine_tune(model, train, optimizer, schedule, EPOCHS)
    scores = code.score(model, DataLoader(tokens["validation"], **common))

    seconds = time.monotonic() - begin
    record_property("real MRPC", {**scores, "seconds": round(seconds)})
    assert len(losses) == 1377
    assert scores["rows"] == 408
    assert scores["accuracy"] >= 0.78
    assert scores["f1"] >= 0.84
