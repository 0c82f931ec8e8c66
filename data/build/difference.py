"""The committed side of a checkpoint: writes what `setup/checkpoints.py` joins to the base encoder.

    difference = Difference(base="minilm", prefix="bert.")
    difference.low_rank("bert.encoder.layer.0.intermediate.dense.weight", up, down)
    difference.dense("classifier.weight", head)
    difference.save(Path("data/hub/models/OWNER/NAME"))
"""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from setup.checkpoints import DIFFERENCE

Array = NDArray[Any]
FLOAT16_MAX = 65504.0


@dataclass
class Difference:
    """Tensors of a checkpoint that differ from the base, under their published names."""

    base: str = "minilm"
    prefix: str = ""
    source: dict[str, str] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    tensors: dict[str, Array] = field(default_factory=dict)

    def dense(self, name: str, value: Array, exact: bool = False) -> None:
        """Store `value` itself: float16, or float32 when it must be `exact`."""
        self._put(name, value.astype(np.float32) if exact else half(name, value))

    def quantised(self, name: str, value: Array) -> None:
        """Store `value` [n, ...] as int8 with one scale a row: a quarter of the size."""
        codes, scale = quantise_rows(value)
        self._put(name, codes)
        self._put(f"{name}.scale", scale)

    def rows(self, name: str, table: Sequence[Sequence[int]]) -> None:
        """Store which base rows each of this tensor's n rows is the mean of."""
        self._put(f"{name}.rows", padded(table))

    def projected(self, name: str, map_: Array) -> None:
        """Store `map_` [m, k]: this tensor is the base's [n, m], in float16, times it."""
        self._put(f"{name}.map", half(name, map_))

    def low_rank(self, name: str, up: Array, down: Array) -> None:
        """Store a term `up` [n, r] @ `down` [r, m] that is added to the tensor."""
        self._put(f"{name}.up", half(name, up))
        self._put(f"{name}.down", half(name, down))

    def add(self, name: str, value: Array) -> None:
        """Store a dense term that is added to the tensor."""
        self._put(f"{name}.add", half(name, value))

    def renamed(self, names: Mapping[str, str]) -> None:
        """Say which base tensor each published one comes from (published name -> base name)."""
        self.source.update(names)

    def save(self, folder: Path) -> Path:
        """Write the difference into the seed `folder` and return the file's path."""
        folder.mkdir(parents=True, exist_ok=True)
        metadata = {
            "base": self.base,
            "prefix": self.prefix,
            "source": json.dumps(self.source, sort_keys=True),
            "drop": json.dumps(sorted(self.drop)),
        }
        path = folder / DIFFERENCE
        ordered = {name: np.ascontiguousarray(self.tensors[name]) for name in sorted(self.tensors)}
        # No name and no time inside: the same tensors always make the same file.
        path.write_bytes(gzip.compress(save(ordered, metadata=metadata), 9, mtime=0))
        return path

    def _put(self, stored: str, value: Array) -> None:
        if stored in self.tensors:
            raise ValueError(f"tensor {stored!r} is stored twice: store it once")
        self.tensors[stored] = value


def read_difference(folder: Path) -> dict[str, Array]:
    """Return the tensors of the difference in a seed folder, as they are stored."""
    return load(gzip.decompress((folder / DIFFERENCE).read_bytes()))


def half(name: str, value: Array) -> Array:
    """Return `value` as float16; ValueError names the tensor that float16 cannot hold."""
    largest = float(np.abs(value).max(initial=0.0))
    if not largest <= FLOAT16_MAX:
        raise ValueError(f"tensor {name!r} reaches {largest}: float16 ends at {FLOAT16_MAX}")
    return value.astype(np.float16)


def quantise_rows(value: Array) -> tuple[Array, Array]:
    """Return int8 codes like `value` [n, ...] and float16 scales [n]; code * scale ~ value."""
    flat = value.reshape(len(value), -1).astype(np.float32)
    peak = np.abs(flat).max(axis=1)
    # Rounded up to what float16 holds, so that no code leaves -127..127.
    scale = np.nextafter((peak / 127).astype(np.float16), np.float16(np.inf))
    codes = np.rint(flat / scale.astype(np.float32)[:, None])
    return codes.astype(np.int8).reshape(value.shape), scale


def padded(table: Sequence[Sequence[int]]) -> Array:
    """Return rows of unequal length as int32 [n, k], padded with -1."""
    width = max(len(row) for row in table)
    result = np.full((len(table), width), -1, dtype=np.int32)
    for number, row in enumerate(table):
        result[number, : len(row)] = row
    return result


def factored(delta: Array, rank: int) -> tuple[Array, Array]:
    """Return `up` [n, rank] and `down` [rank, m] whose product is nearest to `delta` [n, m]."""
    left, strength, right = np.linalg.svd(delta.astype(np.float32), full_matrices=False)
    root = np.sqrt(strength[:rank])
    return left[:, :rank] * root, root[:, None] * right[:rank]


def distilbert_names(layers: int = 6) -> dict[str, str]:
    """Return, for each tensor of DistilBERT's encoder, BERT's name for the same thing."""
    parts = {
        "attention.q_lin": "attention.self.query",
        "attention.k_lin": "attention.self.key",
        "attention.v_lin": "attention.self.value",
        "attention.out_lin": "attention.output.dense",
        "sa_layer_norm": "attention.output.LayerNorm",
        "ffn.lin1": "intermediate.dense",
        "ffn.lin2": "output.dense",
        "output_layer_norm": "output.LayerNorm",
    }
    names = {f"embeddings.{part}": f"embeddings.{part}" for part in embedding_parts()}
    for layer in range(layers):
        for ours, theirs in parts.items():
            for kind in ("weight", "bias"):
                key = f"transformer.layer.{layer}.{ours}.{kind}"
                names[key] = f"encoder.layer.{layer}.{theirs}.{kind}"
    return names


def embedding_parts() -> Iterable[str]:
    """Return the embedding tensors that BERT and DistilBERT have in common."""
    return (
        "word_embeddings.weight",
        "position_embeddings.weight",
        "LayerNorm.weight",
        "LayerNorm.bias",
    )
