"""The Range header, against a list worked by hand and against slices of a real text."""

import pytest

from setup.hub.errors import RangeNotSatisfiable
from setup.hub.ranges import Span, requested

TEXT = b"0123456789"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", b"0"),
        ("bytes=2-4", b"234"),
        ("bytes=7-", b"789"),
        ("bytes=-3", b"789"),
        ("bytes=-30", TEXT),
        ("bytes=5-99", b"56789"),
        ("bytes=0-9", TEXT),
        (" Bytes = 1 - 2 ", b"12"),
    ],
)
def test_a_range_names_a_slice(header: str, expected: bytes) -> None:
    span = requested(header, len(TEXT))
    assert span is not None
    assert TEXT[span.start : span.stop] == expected
    assert span.length == len(expected)


@pytest.mark.parametrize("header", [None, "", "bytes=-", "bytes=4-2", "items=0-1", "bytes=a-b"])
def test_what_is_no_range_means_the_whole_file(header: str | None) -> None:
    assert requested(header, len(TEXT)) is None


def test_several_ranges_mean_the_whole_file() -> None:
    assert requested("bytes=0-1,4-5", len(TEXT)) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_without_any_byte_is_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        requested(header, len(TEXT))
    assert caught.value.headers["Content-Range"] == "bytes */10"


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(RangeNotSatisfiable):
        requested("bytes=0-", 0)


def test_content_range_counts_the_last_byte_in() -> None:
    assert Span(2, 5, 10).content_range == "bytes 2-4/10"
