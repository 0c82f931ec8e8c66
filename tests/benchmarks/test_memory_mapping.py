"""The benchmark of memory mapping, on a file small enough for a test, and its arithmetic."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.memory_mapping import (
    START,
    Reading,
    mapped_files,
    measure,
    ratios,
    read,
    write_lines,
)

SIZE = 30_000_000
HUNGRY = """
tell(*memory())
input()
kept = b"x" * 80_000_000
tell(1, 2.0, *memory())
input()
"""


def test_a_mapped_table_takes_no_private_memory(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    mapped, pandas = measure(SIZE, tmp_path)
    record_property("memory mapping", [*mapped.lines(), *pandas.lines()])
    assert mapped.rows == pandas.rows > 30_000
    assert 0.9 * SIZE < mapped.size <= pandas.size * 1.05
    assert mapped.private < 0.5 * SIZE
    assert pandas.private > SIZE


def test_private_memory_is_seen() -> None:
    found = read("hungry", HUNGRY, 80_000_000, [])
    assert (found.rows, found.seconds) == (1, 2.0)
    assert found.private > 75_000_000
    assert found.peak > 75_000_000
    assert found.rate == 0.04


def test_a_reader_that_fails_ends_the_program() -> None:
    assert "import json" in START
    with pytest.raises(SystemExit, match="ended with code 1"):
        read("broken", "raise SystemExit(1)", 1, [])


def test_the_file_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    write_lines(tmp_path / "some.jsonl", 100_000)
    lines = (tmp_path / "some.jsonl").read_text("utf-8").splitlines()
    assert 100_000 <= (tmp_path / "some.jsonl").stat().st_size < 110_000
    assert all(list(json.loads(line)) == ["meta", "text"] for line in lines)
    assert all(Path(part).is_file() for part in mapped_files(tmp_path / "some.jsonl"))


def test_ratios() -> None:
    mapped = Reading("mapped", 10**9, 10, 2.0, 5_000_000, 10**9, 10**9)
    pandas = Reading("pandas", 10**9, 10, 30.0, 4 * 10**9, 0, 6 * 10**9)
    speed, time, private, peak = ratios(mapped, pandas)
    assert speed == "mapped: 1.64 of the published 0.304 GB/s"
    assert "15.0 times as long" in time
    assert "800 times" in private
    assert "6.0 times the file" in peak
    assert list(mapped.lines())[0] == "mapped  10 rows, 2.0 s, 0.500 GB/s"
