"""JSON Lines packed with Zstandard, as the Pile's files are: the same bytes for the same rows.

A file that is published unpacked lies in git packed with gzip, and the Hub's seed unpacks it.
"""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import zstandard

LEVEL = 19
DATASETS = Path(__file__).resolve().parents[1] / "hub" / "datasets"
Row = Mapping[str, Any]


def lines(rows: Iterable[Row]) -> bytes:
    """Return one line of JSON for each row, `meta` first."""
    texts = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return "".join(texts).encode("utf-8")


def packed(data: bytes) -> bytes:
    """Return the data as one frame that tells its size and a checksum, and no time."""
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)


def unpacked(path: Path) -> bytes:
    """Return what a packed file holds."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    return zstandard.ZstdDecompressor().decompress(data)


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a packed file."""
    return [json.loads(line) for line in unpacked(path).splitlines()]


def write(path: Path, found: Iterable[Row]) -> None:
    """Write rows as a packed file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed(lines(found)))


def gzipped(data: bytes) -> bytes:
    """Return the data packed with gzip, without a time."""
    return gzip.compress(data, 9, mtime=0)


def write_seed(path: Path, found: Iterable[Row]) -> None:
    """Write rows as a file that the Hub's seed publishes unpacked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzipped(lines(found)))
