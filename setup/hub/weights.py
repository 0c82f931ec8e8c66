"""How many parameters a model has: told by the header of its safetensors file, not by its size.

What is left out: models split over several files.
"""

import json
import math
import struct
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = "model.safetensors"
_MAX_HEADER = 16 << 20  # bytes; headers of models with thousands of tensors are far smaller
_KEPT = 10_000  # counts kept in memory


@lru_cache(maxsize=_KEPT)
def parameters(path: Path) -> dict[str, int] | None:
    """Count a file's parameters by type, ``{"F32": 22565376}``; None when it is not readable.

    Large files are named by their content, so a count never becomes stale.
    """
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length)) if length <= _MAX_HEADER else {}
        return _counted(header) or None
    except (OSError, struct.error, ValueError, TypeError, LookupError, RecursionError):
        return None


def _counted(header: dict[str, Any]) -> dict[str, int]:
    """Add up the tensors of a header: ``{name: {"dtype": "F32", "shape": [2, 3], ...}}``."""
    found: Counter[str] = Counter()
    for name in header:
        if name != "__metadata__":
            found[header[name]["dtype"]] += math.prod(header[name]["shape"])
    return dict(found)
