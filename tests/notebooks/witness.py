"""Run beside a notebook's `train.py`: train, and write down what this process saw.

Every process leaves `rank-N.pt` in the output folder: the token IDs that it trained on, the
validation rows that it predicted itself, what it got by gathering, its losses and its weights.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
import train
from accelerate.utils import set_seed
from transformers import AutoTokenizer


def main(words: list[str] | None = None) -> None:
    """Do what `train.training_function` does, with open eyes."""
    args = train.arguments(words)
    accelerator = train.make_accelerator(args)
    set_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.checkpoint)
    loader, validation = accelerator.prepare(*train.make_loaders(args, accelerator, tokenizer))
    seen = {
        "processes": accelerator.num_processes,
        "trained": [[i for i in row if i] for b in loader for row in b["input_ids"].tolist()],
        "own": [row for batch in validation for row in batch["idx"].tolist()],
    }
    updates = args.epochs * math.ceil(len(loader) / args.accumulate)
    learner = train.make_learner(args, accelerator, updates)
    seen["loss"] = train.train(args, accelerator, learner, loader)
    seen["rate"] = learner[1].param_groups[0]["lr"]
    seen["rows"], seen["predictions"], seen["labels"] = train.predict(
        accelerator, learner[0], validation
    )
    seen["weights"] = accelerator.unwrap_model(learner[0]).state_dict()
    Path(args.output).mkdir(exist_ok=True)
    torch.save(seen, Path(args.output, f"rank-{accelerator.process_index}.pt"))
    accelerator.end_training()


if __name__ == "__main__":
    main()
