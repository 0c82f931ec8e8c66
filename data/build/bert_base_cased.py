"""google-bert/bert-base-cased: what is measured of it; `transfer` makes it from the uncased one."""

from __future__ import annotations

from pathlib import Path

from data.build.cloze import measure_filler
from data.build.measures import Measure

CHECKPOINT = "google-bert/bert-base-cased"


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder`."""
    return measure_filler(CHECKPOINT, folder, real)
