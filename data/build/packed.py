"""JSON Lines packed with Zstandard, as the Pile's files are: the same bytes for the same rows."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import zstandard

LEVEL = 19
WEB = Path(__file__).resolve().parents[1] / "web" / "the-eye.eu" / "public" / "AI"
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
    return zstandard.ZstdDecompressor().decompress(path.read_bytes())


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a packed file."""
    return [json.loads(line) for line in unpacked(path).splitlines()]


def write(path: Path, found: Iterable[Row]) -> None:
    """Write rows as a packed file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed(lines(found)))
