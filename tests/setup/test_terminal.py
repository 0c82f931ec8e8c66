"""A live line on a terminal, plain lines in a file."""

from __future__ import annotations

import errno
import io

import pytest

from setup.terminal import Progress, clock, styled, table
from setup.troubles import Trouble, of_os_error


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _a_capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_gets_one_line_that_changes() -> None:
    screen = Terminal()
    with Progress(screen) as progress:
        progress.show("one")
        progress.show("two")
        progress.keep("done")
    written = screen.getvalue()
    assert written.count("\n") == 1
    assert written.endswith("\r\033[Kdone\n")


def test_a_file_gets_no_escape_codes_and_a_line_now_and_then() -> None:
    file = io.StringIO()
    with Progress(file, interval=3600) as progress:
        progress.show("one")
        progress.keep("done")
    assert file.getvalue() == "done\n"
    with Progress(file, interval=0) as progress:
        progress.show("seen")
    assert "seen  0:00\n" in file.getvalue()
    assert "\033" not in file.getvalue()


def test_colors_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert styled("ok", "green", Terminal()) == "\033[32mok\033[0m"
    assert styled("ok", "green", io.StringIO()) == "ok"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("ok", "green", Terminal()) == "ok"


def test_tables_align() -> None:
    text = table(("name", "n"), [("a", "10"), ("longer", "9")], right=(1,))
    assert text.splitlines() == ["name     n", "a       10", "longer   9"]


def test_durations_read_as_minutes_and_seconds() -> None:
    assert [clock(seconds) for seconds in (0.4, 75.2, 3600)] == ["0:00", "1:15", "60:00"]


def test_a_trouble_is_wrapped_with_its_remedies() -> None:
    text = Trouble("Word " * 40, "Do this.", "Or that.").told()
    lines = text.splitlines()
    assert lines[0].startswith("error: Word")
    assert lines[1].startswith("       Word")
    assert lines[-2:] == ["  remedy: Do this.", "  remedy: Or that."]


def test_a_trouble_keeps_quoted_lines_apart() -> None:
    assert Trouble("It said:\na\n  b").told().splitlines() == [
        "error: It said:", "       a", "         b",
    ]


def test_an_error_of_the_system_names_the_file() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/disk/file")
    assert "/disk/file" in of_os_error(error, "writing").problem
