"""The features of a dataset, as texts for a table's head, and its values, as texts for the cells.

A type is told by the ``datasets`` library's own record where there is one (in a Parquet file's
schema, or in the card's ``dataset_info``), else by the column's Arrow type.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

LONGEST = 300  # characters of a cell
LONGEST_TYPE = 300  # characters of a type's text
_LISTS = ("List", "LargeList", "Sequence")
_ARROW = {"double": "float64", "float": "float32", "halffloat": "float16", "bool": "bool"}


@dataclass(frozen=True)
class Kind:
    """How a column's values are called, and the names of its classes if it has some."""

    text: str
    names: tuple[str, ...] = ()


def kinds(schema: pa.Schema, written: Any) -> dict[str, Kind]:  # noqa: ANN401, any JSON value
    """Give each column's kind; ``written`` are the card's features, if any."""
    found = {item.name: Kind(arrow(item.type)[:LONGEST_TYPE]) for item in schema}
    known = _in_schema(schema) or _in_card(written)
    for name, feature in known.items():
        if name in found:
            classes = _classes(feature)
            found[name] = Kind(described(feature)[:LONGEST_TYPE], classes)
    return found


def arrow(kind: pa.DataType) -> str:
    """Name an Arrow type as ``datasets`` does.

    >>> arrow(pa.list_(pa.string())), arrow(pa.float64())
    ('list of string', 'float64')
    """
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {arrow(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "{" + ", ".join(f"{item.name}: {arrow(item.type)}" for item in kind) + "}"
    return _ARROW.get(str(kind), str(kind))


def described(feature: Any) -> str:  # noqa: ANN401, any JSON value
    """Name a feature that is written as JSON or as a card's YAML.

    >>> described({"_type": "Value", "dtype": "string"})
    'string'
    >>> described({"_type": "ClassLabel", "names": ["no", "yes"]})
    'ClassLabel: no, yes'
    """
    if isinstance(feature, list):
        return f"list of {described(feature[0])}" if len(feature) == 1 else _struct(feature)
    if not isinstance(feature, dict):
        return str(feature)
    if classes := _classes(feature):
        return "ClassLabel: " + ", ".join(classes)
    kind = feature.get("_type")
    if kind in _LISTS:
        return f"list of {described(feature.get('feature'))}"
    for key in ("list", "sequence", "struct"):
        if key in feature:
            inner = described(feature[key])
            return inner if key == "struct" else f"list of {inner}"
    if "dtype" in feature and kind in (None, "Value"):
        return described(feature["dtype"])
    if isinstance(kind, str):
        return kind
    return "{" + ", ".join(f"{key}: {described(item)}" for key, item in feature.items()) + "}"


def cells(row: Mapping[str, Any], shown: Sequence[str], found: Mapping[str, Kind]) -> list[Any]:
    """Give a row's cells as texts of bounded length; None for a missing value."""
    return [cell(row[name], found[name].names) for name in shown]


def cell(value: Any, names: Sequence[str] = ()) -> str | None:  # noqa: ANN401, any value of a row
    """Give one value as a text; a class by its name and number.

    >>> cell(1, ["no", "yes"]), cell(b"ab"), cell(None)
    ('yes (1)', '2 bytes', None)
    """
    if value is None:
        return None
    if names and isinstance(value, int):
        known = 0 <= value < len(names)
        return _cut(f"{names[value]} ({value})") if known else str(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, list | dict):
        return _cut(json.dumps(_plain(value), ensure_ascii=False))
    return _cut(str(value))


def _plain(value: Any) -> Any:  # noqa: ANN401, any value of a row
    """Make JSON of a nested value; of a long list no more than a cell can show."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value[: LONGEST // 2]]
    if isinstance(value, str):
        return value[: LONGEST + 1]
    return value if isinstance(value, bool | int | float | None) else cell(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _in_schema(schema: pa.Schema) -> dict[str, Any]:
    record = (schema.metadata or {}).get(b"huggingface", b"")
    try:
        found = json.loads(record)["info"]["features"]
    except (ValueError, TypeError, LookupError):
        return {}
    return found if isinstance(found, dict) else {}


def _in_card(written: Any) -> dict[str, Any]:  # noqa: ANN401, any JSON value
    items = written if isinstance(written, list) else []
    return {str(item["name"]): item for item in items if isinstance(item, dict) and "name" in item}


def _classes(feature: Any) -> tuple[str, ...]:  # noqa: ANN401, any JSON value
    """Give the names of a ClassLabel: a list in JSON, a mapping of numbers in YAML."""
    if not isinstance(feature, dict):
        return ()
    dtype = feature.get("dtype")
    inner = dtype.get("class_label") if isinstance(dtype, dict) else None
    labels = feature if feature.get("_type") == "ClassLabel" else inner
    names = labels.get("names") if isinstance(labels, dict) else None
    if isinstance(names, dict):
        names = list(names.values())
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _struct(items: list[Any]) -> str:
    parts = [
        f"{item.get('name')}: {described({k: v for k, v in item.items() if k != 'name'})}"
        for item in items
        if isinstance(item, dict)
    ]
    return "{" + ", ".join(parts) + "}"
