"""Low-rank adaptation: train a few numbers beside a frozen pretrained encoder.

Each linear layer W [n, m] gets two small factors, `up` [n, r] and `down` [r, m]; the layer then
computes W x + up (down x).  `up` starts at zero, so that training starts from the base encoder.
Vectors (biases and layer norms) are trained whole: they cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data.build.difference import Difference


class LowRank(nn.Module):
    """Adds `up @ down` to a weight matrix of shape [rows, columns]."""

    def __init__(self, rows: int, columns: int, rank: int) -> None:
        super().__init__()
        self.up = nn.Parameter(torch.zeros(rows, rank))
        self.down = nn.Parameter(torch.randn(rank, columns) / columns**0.5)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight with the low-rank term added; same shape."""
        return weight + self.up @ self.down


class AdaptedLinear(nn.Module):
    """A frozen linear layer with its low-rank term, computed without forming the sum."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer
        self.term = LowRank(layer.out_features, layer.in_features, rank)

    def forward(self, states: Tensor) -> Tensor:
        """Map states [..., in_features] to [..., out_features]."""
        low = nn.functional.linear(states, self.term.down)
        return self.layer(states) + nn.functional.linear(low, self.term.up)


def adapt(model: nn.Module, rank: int, skip: Iterable[str] = ()) -> dict[str, LowRank]:
    """Freeze all matrices of `model` and put a low-rank term beside each linear layer.

    `skip` names modules (by prefix) that are left as they are.  Returns the terms by the name
    of the weight that they change.
    """
    passed = tuple(skip)
    terms: dict[str, LowRank] = {}
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and not name.startswith(passed or ("\0",)):
            module.weight.requires_grad_(False)
            owner, _, last = name.rpartition(".")
            adapted = AdaptedLinear(module, rank)
            setattr(model.get_submodule(owner), last, adapted)
            terms[f"{name}.weight"] = adapted.term
    return terms


def compact(difference: Difference, name: str, term: LowRank) -> None:
    """Store a term with `up` as int8; its scale, one for each column, goes into `down`."""
    up, down = term.up.detach().numpy(), term.down.detach().numpy()
    scale = np.maximum(np.abs(up).max(axis=0), 1e-8) / 127
    difference.tensors[f"{name}.up"] = np.rint(up / scale).astype(np.int8)
    difference.tensors[f"{name}.down"] = (down * scale[:, None]).astype(np.float16)


def restore(term: LowRank, up: NDArray[Any], down: NDArray[Any]) -> None:
    """Set a term to stored factors, both sides of each rank made equally large.

    Training needs that: beside `up` in the hundreds, a step of `down` would be far too long.
    """
    left, right = (torch.from_numpy(part.astype(np.float32)) for part in (up, down))
    ratio = (right.norm(dim=1) / left.norm(dim=0).clamp_min(1e-8)).clamp_min(1e-8).sqrt()
    with torch.no_grad():
        term.up.copy_(left * ratio)
        term.down.copy_(right / ratio[:, None])
