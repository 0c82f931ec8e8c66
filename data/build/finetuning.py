"""Fine-tuning on a CPU: low-rank terms in a frozen encoder, batches of similar length, bfloat16."""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from data.build.difference import Difference, read_difference
from data.build.lowrank import LowRank, adapt

Row = TypeVar("Row")


@dataclass
class Tuned:
    """A model in training and what of it changes.

    `vectors` are the frozen encoder's biases and layer norms, `head` all that is new.
    """

    model: nn.Module
    terms: dict[str, LowRank]
    vectors: dict[str, nn.Parameter]
    head: dict[str, nn.Parameter]
    case: nn.Parameter | None = None

    def trained(self) -> list[nn.Parameter]:
        """Return every parameter that training changes."""
        low = [parameter for term in self.terms.values() for parameter in term.parameters()]
        case = [] if self.case is None else [self.case]
        return [*low, *self.vectors.values(), *self.head.values(), *case]


class CasedWords(nn.Module):
    """A frozen word embedding plus a trained direction for each case flag of a token."""

    flags: Tensor

    def __init__(self, words: nn.Embedding, flags: Tensor, down: Tensor) -> None:
        super().__init__()
        self.words, self.down = words, nn.Parameter(down.clone())
        self.register_buffer("flags", flags)
        words.weight.requires_grad_(False)
        words.weight.data -= flags @ down

    def forward(self, ids: Tensor) -> Tensor:
        """Embed IDs [batch, length] as [batch, length, size]."""
        case: Tensor = self.flags[ids] @ self.down
        return case + self.words(ids)


def tuned(model: nn.Module, encoder: str, rank: int) -> Tuned:
    """Adapt `model`: its submodule `encoder` gets low-rank terms, all outside it is the head."""
    inside = f"{encoder}."
    head = {name: p for name, p in model.named_parameters() if not name.startswith(inside)}
    vectors = {}
    for name, parameter in model.named_parameters():
        if name.startswith(inside):
            vector = parameter.ndim == 1
            parameter.requires_grad_(vector)
            if vector:
                vectors[name] = parameter
    outside = {name.split(".")[0] for name in head}
    terms = adapt(model, rank, skip=outside)
    return Tuned(model, terms, vectors, head)


def with_case(state: Tuned, flags: Tensor, down: Tensor) -> Tuned:
    """Make the case directions of a cased encoder trainable."""
    words = CasedWords(state.model.get_input_embeddings(), flags, down)  # type: ignore[operator]
    state.model.set_input_embeddings(words)  # type: ignore[operator]
    state.case = words.down
    return state


def stored(state: Tuned, difference: Difference) -> Difference:
    """Put what training changed into the difference, under published names."""
    for name, term in state.terms.items():
        difference.low_rank(name, term.up.detach().numpy(), term.down.detach().numpy())
    for name, parameter in (state.vectors | state.head).items():
        difference.dense(name, parameter.detach().float().numpy())
    return difference


def resumed(state: Tuned, folder: Path) -> None:
    """Set the state to what the seed `folder` stores of an earlier training."""
    earlier = read_difference(folder)
    with torch.no_grad():
        for name, term in state.terms.items():
            term.up.copy_(torch.tensor(earlier[f"{name}.up"]))
            term.down.copy_(torch.tensor(earlier[f"{name}.down"]))
        for name, parameter in (state.vectors | state.head).items():
            parameter.copy_(torch.tensor(earlier[name]))
        if state.case is not None:
            words = next(name for name in earlier if name.endswith("word_embeddings.weight.down"))
            state.case.copy_(torch.tensor(earlier[words]))


def batches(
    rows: Sequence[Row], lengths: Sequence[int], budget: int, rng: random.Random
) -> Iterator[list[Row]]:
    """Yield all rows once in batches of similar length, at most `budget` padded tokens each."""
    order = sorted(range(len(rows)), key=lambda i: lengths[i] + rng.random() * 3)
    found: list[list[int]] = [[]]
    for place in order:
        if found[-1] and (len(found[-1]) + 1) * lengths[place] > budget:
            found.append([])
        found[-1].append(place)
    rng.shuffle(found)
    for batch in found:
        yield [rows[place] for place in batch]


def factor(step: int, steps: int, warm: int) -> float:
    """Return the learning rate's factor: linear up, then down to zero along a half cosine."""
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))


def train(
    state: Tuned,
    planned: Sequence[list[Row]],
    loss_of: Callable[[list[Row]], Tensor],
    rate: float,
    watch: Callable[[int], None] = lambda step: None,
) -> None:
    """Run AdamW over the planned batches; `rate` is the peak learning rate.

    The head learns at the same rate as the low-rank terms; vectors at a third of it. `watch` is
    called after each batch with its number.
    """
    vectors = list(state.vectors.values())
    chosen = {id(parameter) for parameter in vectors}
    others = [parameter for parameter in state.trained() if id(parameter) not in chosen]
    groups = [{"params": others, "lr": rate}, {"params": vectors, "lr": rate / 3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: factor(step, len(planned), min(100, len(planned) // 10))
    )
    state.model.train()
    mean, start = 0.0, time.time()
    for step, rows in enumerate(planned, 1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(rows)
        loss.backward()
        nn.utils.clip_grad_norm_(state.trained(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        mean += (loss.item() - mean) / min(step, 50)
        if step % 50 == 0:
            seconds = time.time() - start
            print(f"batch {step}/{len(planned)} loss {mean:.4f} {seconds:.0f} s", flush=True)
        watch(step)
    state.model.eval()
