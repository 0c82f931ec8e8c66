"""distilbert/distilgpt2: what is measured of it; `gpt2` makes it together with gpt2."""

from __future__ import annotations

from pathlib import Path

from data.build.continuations import measure_writer
from data.build.measures import Measure

CHECKPOINT = "distilbert/distilgpt2"


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder`."""
    return measure_writer(CHECKPOINT, folder, real)
