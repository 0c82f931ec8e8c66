"""Is a card's header right, not only readable? The checks that the Hub makes before it takes one.

What is left out: whether a language, a metric or a dataset of this name exists.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

LICENSES = frozenset([
    "afl-3.0", "agpl-3.0", "apache-2.0", "apple-amlr", "apple-ascl", "artistic-2.0",
    "bigcode-openrail-m", "bigscience-bloom-rail-1.0", "bigscience-openrail-m", "bsd",
    "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "bsl-1.0", "c-uda", "cc", "cc-by-2.0",
    "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0",
    "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-1.0",
    "cdla-permissive-2.0", "cdla-sharing-1.0", "creativeml-openrail-m", "deepfloyd-if-license",
    "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2", "gemma", "gfdl", "gpl",
    "gpl-2.0", "gpl-3.0", "isc", "lgpl", "lgpl-2.1", "lgpl-3.0", "lgpl-lr", "llama2", "llama3",
    "llama3.1", "llama3.2", "llama3.3", "llama4", "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa",
    "odbl", "odc-by", "ofl-1.1", "openrail", "openrail++", "osl-3.0", "other", "pddl",
    "postgresql", "unknown", "unlicense", "wtfpl", "zlib",
])  # fmt: skip
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|code|multilingual")
_ONE_TEXT = ("pipeline_tag", "library_name", "model_name", "license_name", "license_link", "sdk")
_TEXTS = ("tags", "datasets", "metrics", "base_model", "task_categories", "task_ids")


def problems(data: Mapping[str, Any]) -> list[str]:
    """Tell what is wrong in a card's header, key by key; nothing when all is well.

    >>> problems({"license": "mit", "language": ["en", "pt-BR"], "tags": ["course"]})
    []
    >>> problems({"language": "english"})
    ['"language" must be a code of ISO 639 such as en or fr, not "english"']
    """
    return [*_texts(data), *_license(data), *_languages(data), *_results(data.get("model-index"))]


def _texts(data: Mapping[str, Any]) -> Iterator[str]:
    for key in _ONE_TEXT:
        if not isinstance(data.get(key), str | None):
            yield f'"{key}" must be a text'
    for key in _TEXTS:
        value = data.get(key)
        if isinstance(value, list):
            wrong = [n for n, item in enumerate(value) if not isinstance(item, str)]
            yield from (f'"{key}[{n}]" must be a text' for n in wrong)
        elif not isinstance(value, str | None) or (key == "tags" and value is not None):
            yield f'"{key}" must be a list of texts'


def _license(data: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _each(data, "license"):
        if not isinstance(value, str) or value not in LICENSES:
            yield f'"{name}" must be one of [{", ".join(sorted(LICENSES))}]'


def _languages(data: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _each(data, "language"):
        if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
            told = f'"{value}"' if isinstance(value, str) else "a value that is no text"
            yield f'"{name}" must be a code of ISO 639 such as en or fr, not {told[:60]}'


def _each(data: Mapping[str, Any], key: str) -> Iterator[tuple[str, object]]:
    """Give one value under the key's name, or several under numbered names."""
    value = data.get(key)
    if isinstance(value, list):
        yield from ((f"{key}[{number}]", item) for number, item in enumerate(value))
    elif value is not None:
        yield key, value


def _results(index: object) -> Iterator[str]:
    """Check evaluation results: each says of which task, on which dataset, by which metrics."""
    if index is None:
        return
    for name, model in _items(index, "model-index"):
        yield from _needed(model, name, "name")
        for place, result in _items(_part(model, "results"), f"{name}.results"):
            yield from _needed(_part(result, "task"), f"{place}.task", "type")
            yield from _needed(_part(result, "dataset"), f"{place}.dataset", "type", "name")
            for spot, metric in _items(_part(result, "metrics"), f"{place}.metrics"):
                yield from _needed(metric, spot, "type", "value")


def _items(value: object, name: str) -> Iterator[tuple[str, object]]:
    """Give the items of a list; for anything else one item that lacks all it should have."""
    if isinstance(value, list):
        yield from ((f"{name}[{number}]", item) for number, item in enumerate(value))
    else:
        yield f"{name}[0]", None


def _part(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _needed(value: object, name: str, *keys: str) -> Iterator[str]:
    for key in keys:
        if _part(value, key) is None:
            yield f'"{name}.{key}" is required'
