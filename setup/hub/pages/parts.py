"""A form with files, read while it arrives: fields are kept, files go on to whoever takes them.

No HTTP here beyond the form's own format. Memory: what the taker keeps, and the fields.
"""

from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from setup.hub.errors import BadRequest, TooLarge

MAX_PARTS = 120  # fields and files of one form
MAX_FIELD = 64 << 10  # bytes of a field
_DISPOSITION = "content-disposition"


class Taker(Protocol):
    """Whoever takes the files of a form, one after the other."""

    def begin(self, name: str) -> None:
        """A file of this name begins."""

    def take(self, block: bytes) -> None:
        """The next bytes of the file."""

    def finish(self) -> None:
        """The file is whole."""


class Reader:
    """Reads one form; ``fields`` fills up as the form arrives."""

    def __init__(self, content_type: str, taker: Taker) -> None:
        """Raises BadRequest when the content type is not that of a form with files."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise BadRequest("A form with files is expected: multipart/form-data.")
        self.fields: dict[str, str] = {}
        self._taker = taker
        self._parts, self._field = 0, ""
        self._is_file, self._whole = False, False
        self._header, self._value = bytearray(), bytearray()
        self._headers: dict[str, bytes] = {}
        self._text = bytearray()
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, a, b: self._header.extend(data[a:b]),
                "on_header_value": lambda data, a, b: self._value.extend(data[a:b]),
                "on_header_end": self._keep_header,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._close,
                "on_end": self._end,
            },
        )

    def feed(self, block: bytes) -> None:
        """Read the next bytes; raises BadRequest for what is no form, TooLarge for too much."""
        try:
            self._parser.write(block)
        except FormParserError as err:
            raise BadRequest("The form that was sent cannot be read.") from err

    def end(self) -> None:
        """Say that nothing follows; raises BadRequest when the form was cut off."""
        if not self._whole:
            raise BadRequest("The upload was cut off: send it again.")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooLarge(f"More than {MAX_PARTS} fields and files in one form.")
        self._headers, self._text = {}, bytearray()

    def _keep_header(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(_DISPOSITION, b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options
        if self._is_file:
            self._taker.begin(options[b"filename"].decode("utf-8", "replace"))

    def _data(self, data: bytes, start: int, stop: int) -> None:
        if self._is_file:
            self._taker.take(data[start:stop])
            return
        self._text += data[start:stop]
        if len(self._text) > MAX_FIELD:
            raise TooLarge(f"A field of the form is longer than {MAX_FIELD} bytes.")

    def _close(self) -> None:
        if self._is_file:
            self._taker.finish()
        else:
            self.fields[self._field] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self._whole = True
