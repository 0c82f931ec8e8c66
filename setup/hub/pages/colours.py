"""Colours for program text: each word gets a class, the stylesheet says what it looks like."""

from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

LONGEST = 200_000  # characters; a longer text stays without colours
_PREFIX = "t-"
CLASSES = {f"{_PREFIX}{name}" for name in STANDARD_TYPES.values() if name}
_formatter = HtmlFormatter(nowrap=True, classprefix=_PREFIX)


def highlighted(text: str, language: str, _attributes: str = "") -> str:
    """Give program text as HTML with classes; unknown languages are only escaped."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escape(text)
    return _coloured(text, lexer)


def file_lines(name: str, text: str) -> list[str]:
    """Give the lines of a file as HTML, coloured by what the file's name says it is.

    A text that spans several lines is closed and opened again at each line's end.
    """
    try:
        lexer = get_lexer_for_filename(name, stripnl=False)
    except ClassNotFound:
        return escape(text).splitlines()
    return _coloured(text, lexer).splitlines()


def _coloured(text: str, lexer: Lexer) -> str:
    if len(text) > LONGEST:
        return escape(text)
    return str(highlight(text, lexer, _formatter))
