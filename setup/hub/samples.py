"""``python -m setup.hub.samples MEMORY``: the viewer's worker, which reads the first rows of files.

Started by ``workers`` alone. It reads no more of a file than the rows need: the first row group
of a Parquet file, the first lines of a text.
"""

import codecs
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pygit2

from setup.hub import desk, features

MOST_COLUMNS = 60
COUNTED_FILES = 50
WHOLE = 32 << 20  # bytes of a JSON text that has to be read as a whole, and of what is counted
LINE = 4 << 20  # bytes of one line
BLOCK = 1 << 20  # bytes read at once
_Rows = list[dict[str, Any]]


class Source:
    """One file: in the object store, or among what git itself keeps."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.name = str(told["name"])
        self.format = str(told["format"])
        self.size = int(told["size"])
        self._told = told

    def open(self) -> pa.NativeFile:
        """Open the file for reading from any place."""
        if "object" in self._told:
            return pa.OSFile(self._told["object"])
        blob = pygit2.Repository(self._told["repository"])[self._told["blob"]]
        return pa.BufferReader(blob.read_raw())

    def stream(self) -> pa.NativeFile:
        """Open the file for reading from the start, unpacked where its name ends in .gz."""
        packed = self.name.lower().endswith(".gz")
        return pa.input_stream(self.open(), compression="gzip" if packed else None)


def answer(question: desk.Question) -> dict[str, Any]:
    """Give the columns and the first rows of a split: ``{"files": [...], "rows": 100, ...}``."""
    sources = [Source(told) for told in question["files"]]
    settings, wanted = question["settings"], int(question["rows"])
    table = _table(sources, settings, wanted)
    kinds = features.kinds(table.schema, settings.get("features"))
    shown = table.column_names[:MOST_COLUMNS]
    return {
        "columns": [{"name": name[:200], "type": kinds[name].text} for name in shown],
        "rows": [features.cells(row, shown, kinds) for row in table.to_pylist()],
        "count": _count(sources, table.num_rows, wanted),
        "left_out": max(len(table.column_names) - len(shown), 0),
    }


def _table(sources: list[Source], settings: dict[str, Any], wanted: int) -> pa.Table:
    """Read file after file until there are rows enough."""
    tables: list[pa.Table] = []
    have = 0
    for source in sources:
        try:
            table = _READERS[source.format](source, settings, wanted - have)
        except desk.TROUBLES as err:
            raise desk.Unanswerable(f"{source.name} cannot be read: {desk.told(err)}") from err
        tables.append(table)
        have += table.num_rows
        if have >= wanted:
            break
    return pa.concat_tables(tables, promote_options="permissive") if len(tables) > 1 else tables[0]


def _parquet(source: Source, settings: dict[str, Any], wanted: int) -> pa.Table:
    with source.open() as stream:
        file = pq.ParquetFile(stream)
        batches = list(itertools.islice(file.iter_batches(batch_size=max(wanted, 1)), 1))
        return pa.Table.from_batches(batches, file.schema_arrow).slice(0, wanted)


def _csv(source: Source, settings: dict[str, Any], wanted: int) -> pa.Table:
    usual = "\t" if ".tsv" in source.name.lower() else ","
    mark = str(settings.get("sep") or settings.get("delimiter") or usual)[:1]
    options = pc.ParseOptions(delimiter=mark, newlines_in_values=True)
    with source.stream() as stream, pc.open_csv(stream, parse_options=options) as reader:
        return pa.Table.from_batches([next(iter(reader))], reader.schema).slice(0, wanted)


def _text(source: Source, settings: dict[str, Any], wanted: int) -> pa.Table:
    lines = [line.decode().rstrip("\r") for line in itertools.islice(_lines(source), wanted)]
    return pa.table({"text": pa.array(lines, pa.string())})


def _json(source: Source, settings: dict[str, Any], wanted: int) -> pa.Table:
    field = settings.get("field")
    rows = None if field else _json_lines(source, wanted)
    if rows is None:
        rows = _json_whole(source, str(field or ""))[:wanted]
    return _from_rows(rows)


def _json_lines(source: Source, wanted: int) -> _Rows | None:
    """Read one object a line; None when the file is one JSON text over several lines."""
    rows: _Rows = []
    for line in _lines(source, WHOLE):
        text = line.removeprefix(codecs.BOM_UTF8).strip()
        if not rows and (text.startswith(b"[") or text == b"{"):
            return None
        if text:
            row = json.loads(text)
            rows.append(row if isinstance(row, dict) else {"text": row})
        if len(rows) >= wanted:
            break
    return rows


def _json_whole(source: Source, field: str) -> _Rows:
    """Read one JSON text: a list of rows, or an object with the rows under ``field``."""
    with source.stream() as stream:
        data = stream.read(WHOLE + 1)
    if len(data) > WHOLE:
        raise desk.Unanswerable(f"as one JSON text it is longer than {WHOLE >> 20} MiB")
    value = json.loads(data)
    value = value[field] if field else value
    if isinstance(value, dict):
        lists = [item for item in value.values() if isinstance(item, list)]
        together = lists and len(lists) == len(value) and len(set(map(len, lists))) == 1
        if not together:
            return [value]
        return [dict(zip(value, row, strict=True)) for row in zip(*lists, strict=True)]
    if not isinstance(value, list):
        raise desk.Unanswerable("it holds no list of rows")
    return [item if isinstance(item, dict) else {"text": item} for item in value]


def _from_rows(rows: _Rows) -> pa.Table:
    """Make a table column by column; what has no common type is shown as JSON text."""
    named = dict.fromkeys(key for row in rows for key in row)
    columns = {name: [row.get(name) for row in rows] for name in named}
    return pa.table({name: _array(values) for name, values in columns.items()})


def _array(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([json.dumps(value, ensure_ascii=False) for value in values])


def _lines(source: Source, longest: int = LINE) -> Iterator[bytes]:
    """Give a text's lines; raises Unanswerable for one that is too long."""
    with source.stream() as stream:
        rest = b""
        while block := stream.read(BLOCK):
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
            if len(rest) > longest:
                raise desk.Unanswerable(f"a line is longer than {longest >> 20} MiB")
        if rest:
            yield rest


def _count(sources: list[Source], seen: int, wanted: int) -> int | None:
    """Count a split's rows where that is cheap, else give None."""
    if seen < wanted:
        return seen
    if len(sources) > COUNTED_FILES:
        return None
    try:
        if all(source.format == "parquet" for source in sources):
            return sum(_parquet_rows(source) for source in sources)
        if all(source.format == "text" or ".jsonl" in source.name.lower() for source in sources):
            return _count_lines(sources)
    except desk.TROUBLES:  # a later file is at fault; the rows that are shown are not
        return None
    return None


def _parquet_rows(source: Source) -> int:
    with source.open() as stream:
        return int(pq.ParquetFile(stream).metadata.num_rows)


def _count_lines(sources: list[Source]) -> int | None:
    """Count lines, up to a number of bytes that takes a blink."""
    found = size = 0
    for source in sources:
        for line in _lines(source):
            size += len(line)
            if size > WHOLE:
                return None
            found += source.format == "text" or bool(line.strip())
    return found


_READERS = {"parquet": _parquet, "csv": _csv, "text": _text, "json": _json}


def main() -> None:
    """Answer until the Hub ends."""
    desk.serve(answer)


if __name__ == "__main__":
    main()
