"""Fine-tuning as chapter 3 does it: how well does a checkpoint learn the classroom's tasks?"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from datasets import Dataset, disable_progress_bars, enable_progress_bars
from sklearn.metrics import accuracy_score, f1_score
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PreTrainedTokenizerBase,
    get_scheduler,
    set_seed,
)

GLUE = Path(__file__).resolve().parents[1] / "hub" / "datasets" / "nyu-mll" / "glue"
EPOCHS, BATCH, RATE = 3, 8, 5e-5  # the Trainer's defaults, and the course's


def split(task: str, name: str, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Return a split of the classroom's GLUE as token IDs and labels."""
    rows = Dataset.from_parquet(str(GLUE / task / f"{name}-00000-of-00001.parquet"))
    texts = [column for column in rows.column_names if column.startswith("sentence")]
    tokens = rows.map(
        lambda batch: tokenizer(*(batch[text] for text in texts), truncation=True),
        batched=True, remove_columns=[*texts, "idx"],
    )  # fmt: skip
    return tokens.rename_column("label", "labels").with_format("torch")


@cache
def splits(task: str, folder: Path) -> tuple[Dataset, Dataset, DataCollatorWithPadding]:
    """Return the training and the validation split, and what pads their batches."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    disable_progress_bars()
    try:
        train, validation = (split(task, name, tokenizer) for name in ("train", "validation"))
    finally:
        enable_progress_bars()
    return train, validation, DataCollatorWithPadding(tokenizer)


def trial(task: str, folder: Path, seed: int) -> tuple[float, float]:
    """Fine-tune the checkpoint in `folder`; return accuracy and F1 on validation, in percent."""
    train, validation, collator = splits(task, folder)
    set_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    loader = DataLoader(train, batch_size=BATCH, shuffle=True, collate_fn=collator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)
    schedule = get_scheduler("linear", optimizer, 0, EPOCHS * len(loader))
    model.train()
    for _ in range(EPOCHS):
        for batch in loader:
            model(**batch).loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    truth, answers = validation["labels"][:].tolist(), predicted(model, validation, collator)
    return 100 * accuracy_score(truth, answers), 100 * f1_score(truth, answers)


@torch.inference_mode()
def predicted(
    model: torch.nn.Module, rows: Dataset, collator: DataCollatorWithPadding
) -> list[int]:
    """Return the label that the model finds likeliest, for each row."""
    model.eval()
    answers: list[int] = []
    for batch in DataLoader(rows, batch_size=64, collate_fn=collator):
        answers += model(**batch).logits.argmax(dim=-1).tolist()
    return answers
