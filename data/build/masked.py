"""Masked language modelling on a CPU: batches, masks, the loop."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

IGNORED = -100
Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Special:
    """Token ids that masking needs; `size` is the vocabulary's."""

    pad: int
    mask: int
    size: int
    kept: frozenset[int]


def bucketed(
    rows: Sequence[list[int]], budget: int, rng: random.Random
) -> Iterator[list[list[int]]]:
    """Yield batches of rows of similar length, each about `budget` tokens, in random order."""
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i]) + rng.random() * 4))
    batches: list[list[list[int]]] = []
    batch: list[list[int]] = []
    for i in order:
        if batch and (len(batch) + 1) * len(rows[i]) > budget:
            batches.append(batch)
            batch = []
        batch.append(rows[i])
    if batch:
        batches.append(batch)
    rng.shuffle(batches)
    yield from batches


def padded(rows: Sequence[list[int]], value: int) -> Tensor:
    """Return the rows as one int64 tensor [batch, longest], filled up with `value`."""
    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def masked(rows: Sequence[list[int]], special: Special, share: float, rng: random.Random) -> Batch:
    """Hide about `share` of each row's tokens, at least one, as BERT does (80/10/10 %)."""
    inputs, labels = [list(row) for row in rows], [[IGNORED] * len(row) for row in rows]
    for row, source, target in zip(inputs, rows, labels, strict=True):
        places = [i for i, token in enumerate(source) if token not in special.kept]
        count = max(1, round(len(places) * share + rng.random() - 0.5)) if places else 0
        for i in rng.sample(places, min(count, len(places))):
            target[i] = source[i]
            dice = rng.random()
            if dice < 0.8:
                row[i] = special.mask
            elif dice < 0.9:
                row[i] = rng.randrange(special.size)
    ids = padded(inputs, special.pad)
    real = padded([[1] * len(row) for row in rows], 0)
    return {"input_ids": ids, "attention_mask": real, "labels": padded(labels, IGNORED)}


def hidden_at(rows: Sequence[tuple[list[int], int]], special: Special) -> Batch:
    """Hide one given place in each row."""
    inputs = [[*row[:place], special.mask, *row[place + 1 :]] for row, place in rows]
    labels = [
        [IGNORED] * place + [row[place]] + [IGNORED] * (len(row) - place - 1) for row, place in rows
    ]
    real = padded([[1] * len(row) for row, _ in rows], 0)
    ids = padded(inputs, special.pad)
    return {"input_ids": ids, "attention_mask": real, "labels": padded(labels, IGNORED)}


def warm_cosine(step: int, steps: int, warm: int = 40) -> float:
    """Return the learning rate's factor: linear up, then a half cosine down to 5 %."""
    if step < warm:
        return (step + 1) / warm
    done = min(1.0, (step - warm) / max(1, steps - warm))
    return 0.05 + 0.475 * (1 + math.cos(math.pi * done))


def train(
    model: nn.Module,
    batches: Sequence[Callable[[], Batch]],
    loss_of: Callable[[Batch], Tensor],
    groups: list[dict[str, object]],
    report: int = 100,
) -> None:
    """Run AdamW over the batches once, in bfloat16 autocast; print the mean loss now and then."""
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: warm_cosine(s, len(batches)))
    model.train()
    total, tokens, start = 0.0, 0, time.time()
    for step, make in enumerate(batches, 1):
        batch = make()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(batch)
        loss.backward()
        nn.utils.clip_grad_norm_((p for g in groups for p in g["params"]), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        total, tokens = total + loss.item(), tokens + batch["input_ids"].numel()
        if step % report == 0:
            rate = tokens / (time.time() - start)
            mean = total / report
            print(f"step {step}/{len(batches)} loss {mean:.3f} {rate:.0f} tok/s", flush=True)
            total = 0.0
    model.eval()
