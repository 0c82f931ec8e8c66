"""Measures every checkpoint and writes the figures where readers look for them.

    COURSE_REAL_DATA=... python -m data.build.quality [--only NAME] [--write]

A module of this folder that defines `CHECKPOINT` (the repository's id) and
`measure(folder, real) -> list[Measure]` is found and run on its seed, joined as the local Hub joins
it. `--write` keeps the figures in data/quality.json and puts tables of them between the marks
`<!-- quality -->` and `<!-- /quality -->` of data/README.md and of each model card.
"""

import argparse
import importlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import torch

from data.build.encoders import SEEDS, joined
from data.build.measures import Measure

HERE = Path(__file__).resolve().parent
RECORD = HERE.parent / "quality.json"
DATASHEET = HERE.parent / "README.md"
BEGIN, END = "<!-- quality -->", "<!-- /quality -->"


class QualityError(Exception):
    """Something that keeps figures from being measured or written; names the remedy."""


def modules() -> Iterator[ModuleType]:
    """Import and yield the build modules that measure a checkpoint, by name."""
    for path in sorted(HERE.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^CHECKPOINT\b", text, re.M) and re.search(r"^def measure\(", text, re.M):
            yield importlib.import_module(f"data.build.{path.stem}")


def measured(module: ModuleType, seed: Path, real: Path | None) -> list[Measure]:
    """Join the seed folder as the Hub does and let the module measure it."""
    with tempfile.TemporaryDirectory() as folder:
        return list(module.measure(joined(seed, Path(folder)), real))


def table(measures: Sequence[Measure], named: bool = True) -> str:
    """Return a Markdown table; without the checkpoint's column if not `named`."""
    head = [*(["checkpoint"] if named else []), "data", "metric", "value", "rows"]
    lines = [head, ["---"] * (len(head) - 2) + ["---:", "---:"]]
    for found in measures:
        name = [f"`{found.checkpoint}`"] if named else []
        lines.append([*name, found.data, found.metric, f"{found.value:.1f}", f"{found.rows:,}"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def inserted(text: str, content: str, path: Path) -> str:
    """Return the page with `content` between its marks."""
    if BEGIN not in text or END not in text:
        raise QualityError(f"{path} has no lines {BEGIN} and {END}: add them for the table")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{content}\n{END}{rest.partition(END)[2]}"


def recorded(record: Path = RECORD) -> list[Measure]:
    """Return the figures of the last measurements."""
    if not record.exists():
        return []
    return [Measure(**row) for row in json.loads(record.read_text(encoding="utf-8"))]


def write(new: Sequence[Measure], record: Path = RECORD) -> None:
    """Keep the new figures beside the earlier ones of other checkpoints; renew all tables."""
    fresh = {found.checkpoint for found in new}
    kept = [found for found in recorded(record) if found.checkpoint not in fresh]
    rows = sorted([*kept, *new], key=lambda found: found.checkpoint)
    text = json.dumps([asdict(row) for row in rows], indent=2)
    record.write_text(text + "\n", encoding="utf-8")
    pages = {DATASHEET: table(rows)} | {
        SEEDS / name / "README.md": table([r for r in rows if r.checkpoint == name], named=False)
        for name in fresh
    }
    for path, content in pages.items():
        page = inserted(path.read_text(encoding="utf-8"), content, path)
        path.write_text(page, encoding="utf-8")


def run(only: str, keep: bool, real: Path | None) -> list[Measure]:
    """Measure the checkpoints whose id contains `only`; write the figures if `keep`."""
    found = []
    for module in modules():
        seed = SEEDS / module.CHECKPOINT
        if only not in module.CHECKPOINT or not (seed / "config.json").exists():
            continue
        start = time.monotonic()
        found += measured(module, seed, real)
        print(f"{module.CHECKPOINT}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    if not found:
        raise QualityError(f"no checkpoint's id contains {only!r}: see data/hub/models")
    if keep:
        write(found)
    return found


def main() -> None:
    """Print the table; keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="part of a checkpoint's id")
    parser.add_argument("--write", action="store_true", help="renew the tables in the files")
    arguments = parser.parse_args()
    named = os.environ.get("COURSE_REAL_DATA")
    if arguments.write and not named:
        parser.exit(2, "--write needs the real data: set COURSE_REAL_DATA to its folder\n")
    torch.set_num_threads(1)
    try:
        found = run(arguments.only, arguments.write, Path(named) if named else None)
    except QualityError as error:
        parser.exit(1, f"{error}\n")
    print(table(found))


if __name__ == "__main__":
    main()
