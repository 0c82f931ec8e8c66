"""`refresh`: execute notebooks again and store their outputs, in their one form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat

from setup.execution import Outcome
from setup.normalization import is_normalized, normalized, sanitizer, steady, text_of
from setup.notebooks import Notebook


def store(outcome: Outcome) -> bool:
    """Write an executed notebook in its one form over its source; return whether it changed.

    A notebook that failed is left as it is.
    """
    if outcome.failure:
        return False
    path = outcome.notebook.path
    before = path.read_text(encoding="utf-8")
    stored = nbformat.reads(before, as_version=4)  # type: ignore[no-untyped-call]
    fresh = steady(normalized(outcome.content), normalized(stored), sanitizer())
    return _replace(path, before, text_of(fresh))


def _replace(path: Path, before: str, after: str) -> bool:
    if after == before:
        return False
    partial = path.with_suffix(".ipynb.partial")
    partial.write_text(after, encoding="utf-8", newline="\n")
    partial.replace(path)
    return True


def unnormalized(notebooks: Sequence[Notebook]) -> list[Notebook]:
    """Return the notebooks that are not in their one form."""
    return [notebook for notebook in notebooks if not is_normalized(notebook.path)]
