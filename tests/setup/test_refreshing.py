"""`refresh` in a clone: outputs stored in one form; failures leave the file alone."""

from __future__ import annotations

import json

from tests.setup.conftest import Clone


def test_outputs_are_stored_and_a_second_time_changes_nothing(clone: Clone) -> None:
    path = clone.notebook("1_a/01_one", "print('a')\nprint('b')", "6 * 7")
    status, output = clone.call("refresh", "--check")
    assert status == 1
    assert "not normalized: notebooks/1_a/01_one.ipynb" in output
    status, output = clone.call("refresh")
    assert status == 0, output
    assert "changed: notebooks/1_a/01_one.ipynb" in output
    text = path.read_text(encoding="utf-8")
    cells = json.loads(text)["cells"]
    assert [cell["execution_count"] for cell in cells] == [1, 2]
    assert cells[0]["outputs"][0]["text"] == ["a\n", "b\n"]
    assert cells[1]["outputs"][0]["data"] == {"text/plain": ["42"]}
    status, output = clone.call("refresh", "1")
    assert "0 of 1 notebooks changed." in output
    assert path.read_text(encoding="utf-8") == text
    assert clone.call("refresh", "--check") == (0, "")


def test_a_notebook_that_fails_is_left_as_it_was(clone: Clone) -> None:
    bad = clone.notebook("1_a/01_bad", "print(1)", "1 / 0")
    good = clone.notebook("1_a/02_good", "print(2)")
    before = bad.read_text(encoding="utf-8")
    status, output = clone.call("refresh")
    assert status == 1
    assert "Left as they were" in output
    assert "ZeroDivisionError" in output
    assert bad.read_text(encoding="utf-8") == before
    assert "2\\n" in good.read_text(encoding="utf-8")
