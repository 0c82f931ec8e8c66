"""The real data that some tests measure on, in the folder that COURSE_REAL_DATA names.

Their licences keep them out of the repository.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def real_data(*parts: str) -> Path:
    """Return the folder of the real data, or what lies in it; skip the test where it is missing."""
    folder = os.environ.get("COURSE_REAL_DATA")
    if not folder:
        pytest.skip("COURSE_REAL_DATA names no folder with the real data")
    found = Path(folder, *parts)
    if not found.exists():
        pytest.skip(f"{found} does not exist")
    return found
