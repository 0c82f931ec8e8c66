"""Which files are which split of a dataset: told by the card's ``configs:``, else by their names.

The rules are those of the ``datasets`` library, so that the page shows what ``load_dataset``
loads. Pure: works on names alone.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from setup.hub.cards import texts

MOST_FILES = 5_000  # of a repository, that patterns are tried on
MOST_PATTERNS = 100  # of one configuration
DEFAULT = "default"
FORMATS = {
    "parquet": "parquet", "jsonl": "json", "json": "json", "ndjson": "json",
    "csv": "csv", "tsv": "csv", "txt": "text",
}  # fmt: skip
_FAVOURITES = ("parquet", "jsonl", "json", "csv")  # where two endings are as frequent
_NOT_DATA = frozenset({
    "README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dummy_data.zip",
    "dataset_dict.json",
})  # fmt: skip
_SHARD = re.compile(r"data/(\w+(?:\.\w+)*)-\d{5}-of-\d{5}[^/]*\.[^/]*")
_KEYWORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_BETWEEN = "[-._ 0-9]"
_IN_FOLDER = ("**/{0}/**", "**/{0}{1}*/**", "**/*{1}{0}/**", "**/*{1}{0}{1}*/**")
_IN_NAME = ("**/{0}{1}*", "**/*{1}{0}{1}*")


@dataclass(frozen=True)
class Configuration:
    """One configuration: each split with its files, and what the card says of how to read them."""

    name: str
    splits: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, Any]


class Unclear(ValueError):
    """The card's ``configs:`` cannot be followed; the message says why."""


def names(card: Mapping[str, Any]) -> list[str]:
    """List a dataset's configurations, the default one first."""
    found = [str(item["config_name"]) for item in _listed(card)]
    first = [str(item["config_name"]) for item in _listed(card) if item.get("default")]
    first += [name for name in found if name == DEFAULT]
    return list(dict.fromkeys([*first[:1], *found])) or [DEFAULT]


def configuration(paths: Iterable[str], card: Mapping[str, Any], name: str) -> Configuration | None:
    """Find one configuration's splits and files; None when the dataset has no such configuration.

    Raises Unclear when its ``data_files`` are not written as the library wants them.
    """
    if name not in names(card):
        return None
    known = [item for item in _listed(card) if str(item["config_name"]) == name]
    settings = known[0] if known else {}
    folder = _folder(settings)
    files = [path.removeprefix(folder) for path in paths if path.startswith(folder)][:MOST_FILES]
    patterns = _written(settings["data_files"]) if settings.get("data_files") else _usual(files)
    if sum(map(len, patterns.values())) > MOST_PATTERNS:
        raise Unclear(f"configs: {name} has more than {MOST_PATTERNS} patterns.")
    found = {split: _matching(files, globs) for split, globs in patterns.items()}
    ending = _ending([path for matched in found.values() for path in matched])
    splits = {
        split: tuple(folder + path for path in matched if _reads(path, ending))
        for split, matched in found.items()
    }
    return Configuration(name, {key: kept for key, kept in splits.items() if kept}, settings)


def ending(path: str) -> str:
    """Give the ending that tells a file's format, or ``""``: ``csv`` for ``a.csv.gz``."""
    words = path.rpartition("/")[2].lower().split(".")[1:]
    return next((word for word in words if word in FORMATS), "")


def fits(path: str, pattern: str) -> bool:
    """Tell whether a pattern fits a path; ``**`` stands for any number of folders.

    >>> fits("data/train.csv", "data/*"), fits("a/b/train.csv", "**/train[-._ 0-9]*")
    (True, True)
    """
    globs = pattern.split("/")
    reached = _skipped({0}, globs)
    for part in path.split("/"):
        reached = {
            at if globs[at] == "**" else at + 1
            for at in reached
            if at < len(globs) and (globs[at] == "**" or fnmatchcase(part, globs[at]))
        }
        reached = _skipped(reached, globs)
    return len(globs) in reached


def _skipped(reached: set[int], globs: list[str]) -> set[int]:
    """Add the places behind each ``**``, which may stand for nothing."""
    found = set(reached)
    for at in sorted(reached):
        while at < len(globs) and globs[at] == "**":
            at += 1
            found.add(at)
    return found


def _listed(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    configs = card.get("configs")
    items = configs if isinstance(configs, list) else []
    return [item for item in items if isinstance(item, dict) and item.get("config_name")]


def _folder(settings: Mapping[str, Any]) -> str:
    folder = settings.get("data_dir")
    return f"{folder.strip('/')}/" if isinstance(folder, str) and folder.strip("./") else ""


def _written(value: Any) -> dict[str, list[str]]:  # noqa: ANN401, any JSON value
    """Read ``data_files``: a pattern, a list of patterns, or a list of splits with theirs."""
    items = value if isinstance(value, list) else [value]
    if all(isinstance(item, str) for item in items):
        return {"train": items}
    found = {}
    for item in items:
        if not isinstance(item, dict) or not {"split", "path"} <= set(item):
            raise Unclear("configs: each of data_files needs a split and a path.")
        found[str(item["split"])] = texts(item["path"])
    return found


def _usual(files: list[str]) -> dict[str, list[str]]:
    """Find the splits that names of files and folders tell of; else all is ``train``."""
    shards = {match[1] for path in files if (match := _SHARD.fullmatch(path))}
    if shards:
        order = [*(name for name in _KEYWORDS if name in shards), *sorted(shards - set(_KEYWORDS))]
        return {name: [f"data/{name}-[0-9]*"] for name in order}
    for shapes in (_IN_FOLDER, _IN_NAME):
        found = {
            split: [shape.format(word, _BETWEEN) for word in words for shape in shapes]
            for split, words in _KEYWORDS.items()
        }
        seen = {split: globs for split, globs in found.items() if _matching(files, globs)}
        if seen:
            return seen
    return {"train": ["**"]}


def _matching(files: list[str], patterns: list[str]) -> list[str]:
    """Choose the files that a pattern fits, in the patterns' order, each once."""
    found = [
        path
        for pattern in patterns
        for path in files
        if (path == pattern or fits(path, pattern)) and _visible(path, pattern)
    ]
    return list(dict.fromkeys(found))


def _visible(path: str, pattern: str) -> bool:
    """Hidden files, folders such as ``__pycache__`` and files about the dataset hold no rows."""
    name = path.rpartition("/")[2]
    if name in _NOT_DATA and not pattern.endswith(name):
        return False
    return all(
        sum(part.startswith(mark) for part in path.split("/"))
        == sum(part.startswith(mark) for part in pattern.split("/"))
        for mark in (".", "__")
    )


def _ending(files: list[str]) -> str:
    """The most frequent ending decides how a configuration is read."""
    counts = Counter(found for path in files if (found := ending(path)))
    order = {name: len(_FAVOURITES) - place for place, name in enumerate(_FAVOURITES)}
    ranked = sorted(counts, key=lambda name: (counts[name], order.get(name, 0), name))
    return ranked[-1] if ranked else ""


def _reads(path: str, chosen: str) -> bool:
    return bool(chosen) and FORMATS.get(ending(path)) == FORMATS[chosen]
