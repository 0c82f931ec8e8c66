"""The rows of the classroom's MRPC: pairs of made-up news sentences, alike in meaning or not.

    python -m data.build.paraphrases

writes data/hub/datasets/nyu-mll/glue/mrpc/*.parquet.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Value

from data.build.events import Pair, pairs

__all__ = ["FEATURES", "FOLDER", "SIZES", "Pair", "indices", "pairs", "splits", "table", "write"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "hub" / "datasets" / "nyu-mll" / "glue" / "mrpc"
LISTS = Path(__file__).with_name("paraphrases")
FEATURES = Features(
    {
        "sentence1": Value("string"),
        "sentence2": Value("string"),
        "label": ClassLabel(names=["not_equivalent", "equivalent"]),
        "idx": Value("int32"),
    }
)
# Rows of each split and how many of them are paraphrases, as published.
SIZES = {"train": (3668, 2474), "validation": (408, 279), "test": (1725, 1147)}
AUTHORED = {"train": 0.62, "validation": 0.14, "test": 0.24}
# Places whose label is a published fact.
FIXED = {"train": (15, 0), "validation": (87, 0)}
SEED = 3


def authored(name: str) -> list[Pair]:
    """Return the pairs of a hand-written file: label, first and second sentence."""
    lines = (LISTS / name).read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return [Pair(one, two, int(label), "authored") for label, one, two in rows]


def splits() -> dict[str, list[Pair]]:
    """Return the pairs of each split, in order."""
    rng = random.Random(SEED)
    first = authored("first_rows.tsv")
    written = shared_out(authored("written.tsv"), rng)
    pools: tuple[list[Pair], list[Pair]] = ([], [])
    for pair in pairs(9000, SEED):
        pools[pair.label].append(pair)
    result = {}
    for name, (size, positive) in SIZES.items():
        opening = first if name == "train" else []
        rows = written[name]
        wanted = [size - positive, positive]
        for row in opening + rows:
            wanted[row.label] -= 1
        for label, count in enumerate(wanted):
            rows = rows + pools[label][:count]
            del pools[label][:count]
        rng.shuffle(rows)
        result[name] = placed(opening + rows, len(opening), FIXED.get(name))
    return result


def shared_out(rows: Sequence[Pair], rng: random.Random) -> dict[str, list[Pair]]:
    """Return the hand-written rows of each split; rows about the same event stay together."""
    events: dict[str, list[Pair]] = {}
    for row in rows:
        events.setdefault(" ".join(row.sentence1.split()[:5]), []).append(row)
    shuffled = list(events.values())
    rng.shuffle(shuffled)
    shares: dict[str, list[Pair]] = {name: [] for name in SIZES}
    for event in shuffled:
        name = min(SIZES, key=lambda name: len(shares[name]) / AUTHORED[name])
        shares[name] += event
    return shares


def placed(rows: list[Pair], free: int, fixed: tuple[int, int] | None) -> list[Pair]:
    """Return the rows with a row of the wanted label at the fixed place."""
    if fixed:
        place, label = fixed
        found = next(i for i in range(free, len(rows)) if rows[i].label == label)
        rows[place], rows[found] = rows[found], rows[place]
    return rows


def indices() -> dict[str, list[int]]:
    """Return each split's `idx`: train and validation share the first numbers, test has the rest.

    The first nine numbers are the first train rows'.
    """
    train, validation, test = (SIZES[name][0] for name in SIZES)
    chosen = set(random.Random(SEED).sample(range(9, train + validation), validation))
    return {
        "train": [i for i in range(train + validation) if i not in chosen],
        "validation": sorted(chosen),
        "test": list(range(train + validation, train + validation + test)),
    }


def table(rows: Sequence[Pair], numbers: Sequence[int]) -> Dataset:
    """Return a split with the published columns and features."""
    columns = {
        "sentence1": [row.sentence1 for row in rows],
        "sentence2": [row.sentence2 for row in rows],
        "label": [row.label for row in rows],
        "idx": list(numbers),
    }
    return Dataset.from_dict(columns, features=FEATURES)


def write(folder: Path = FOLDER) -> None:
    """Write the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = indices()
    for name, rows in splits().items():
        table(rows, numbers[name]).to_parquet(folder / f"{name}-00000-of-00001.parquet")


if __name__ == "__main__":
    write()
