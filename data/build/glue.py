"""The classroom's GLUE: the parquet files of nyu-mll/glue and the header of its card.

    python -m data.build.glue

Schemas, label names and splits are the published ones; the rows are our own. MRPC's come from a
program of their own and are only counted here, for the card.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import ClassLabel, Features, Value

from data.build import benchmark, reviews

FOLDER = Path(__file__).resolve().parents[1] / "hub" / "datasets" / "nyu-mll" / "glue"
ENTAILMENT = ("entailment", "neutral", "contradiction")
TWO_WAY = ("entailment", "not_entailment")
# Configuration -> its columns of text, the names of its labels (none: a number).
TASKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ax": (("premise", "hypothesis"), ENTAILMENT),
    "cola": (("sentence",), ("unacceptable", "acceptable")),
    "mnli": (("premise", "hypothesis"), ENTAILMENT),
    "mnli_matched": (("premise", "hypothesis"), ENTAILMENT),
    "mnli_mismatched": (("premise", "hypothesis"), ENTAILMENT),
    "mrpc": (("sentence1", "sentence2"), ("not_equivalent", "equivalent")),
    "qnli": (("question", "sentence"), TWO_WAY),
    "qqp": (("question1", "question2"), ("not_duplicate", "duplicate")),
    "rte": (("sentence1", "sentence2"), TWO_WAY),
    "sst2": (("sentence",), ("negative", "positive")),
    "stsb": (("sentence1", "sentence2"), ()),
    "wnli": (("sentence1", "sentence2"), ("not_entailment", "entailment")),
}
SST2 = {"train": 6000, "validation": 872, "test": 1821}
HIDDEN = -1  # the label of a test row: the benchmark keeps the true one to itself
HEADER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
Columns = dict[str, list[Any]]


def features(config: str) -> Features:
    """Return the published features of a configuration."""
    texts, names = TASKS[config]
    label = ClassLabel(names=list(names)) if names else Value("float32")
    columns = {name: Value("string") for name in texts}
    return Features(columns | {"label": label, "idx": Value("int32")})


def columns(config: str, rows: Sequence[tuple[Any, ...]], hidden: bool) -> Columns:
    """Return the columns of rows (texts and label last), numbered, labels hidden if asked."""
    texts, _ = TASKS[config]
    found: Columns = {name: [row[i] for row in rows] for i, name in enumerate(texts)}
    found["label"] = [HIDDEN if hidden else row[-1] for row in rows]
    found["idx"] = list(range(len(rows)))
    return found


def write(folder: Path, config: str, split: str, content: Mapping[str, Sequence[Any]]) -> None:
    """Write one split as the published file name; the features travel inside."""
    path = folder / config / f"{split}-00000-of-00001.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(dict(content), schema=features(config).arrow_schema)
    pq.write_table(table, path, compression="zstd")


def tables(folder: Path, config: str) -> dict[str, pa.Table]:
    """Return the splits that a folder holds of one configuration, in the published order."""
    found = {path.name.split("-")[0]: pq.read_table(path) for path in (folder / config).glob("*")}
    return {name: found[name] for name in sorted(found, key=_place)}


def _place(split: str) -> tuple[int, str]:
    return ["train", "validation", "test"].index(split.split("_")[0]), split


def header(folder: Path) -> dict[str, Any]:
    """Return the card's header: what load_dataset reads features, splits and files from."""
    configs = [name for name in TASKS if (folder / name).is_dir()]
    return {
        "language": ["en"],
        "license": "apache-2.0",
        "multilinguality": ["monolingual"],
        "size_categories": ["10K<n<100K"],
        "source_datasets": ["original"],
        "task_categories": ["text-classification"],
        "task_ids": [
            "acceptability-classification", "natural-language-inference",
            "semantic-similarity-scoring", "sentiment-classification", "text-scoring",
        ],
        "pretty_name": "GLUE, classroom size",
        "config_names": configs,
        "tags": ["qa-nli", "coreference-nli", "paraphrase-identification"],
        "dataset_info": [_information(folder, name) for name in configs],
        "configs": [_files(folder, name) for name in configs],
    }


def _information(folder: Path, config: str) -> dict[str, Any]:
    found = tables(folder, config)
    splits = [
        {"name": name, "num_bytes": table.nbytes, "num_examples": table.num_rows}
        for name, table in found.items()
    ]
    return {
        "config_name": config,
        "features": features(config)._to_yaml_list(),
        "splits": splits,
        "download_size": sum(path.stat().st_size for path in (folder / config).glob("*")),
        "dataset_size": sum(table.nbytes for table in found.values()),
    }


def _files(folder: Path, config: str) -> dict[str, Any]:
    paths = [{"split": name, "path": f"{config}/{name}-*"} for name in tables(folder, config)]
    return {"config_name": config, "data_files": paths}


def card(text: str, folder: Path) -> str:
    """Return the card's text with its header made anew."""
    made = yaml.safe_dump(header(folder), sort_keys=False, allow_unicode=True)
    return f"---\n{made}---\n" + HEADER.sub("", text)


def contents(config: str) -> dict[str, Sequence[tuple[Any, ...]]]:
    """Return the rows of each split of a configuration."""
    if config == "sst2":
        return dict(reviews.splits(SST2))
    if config == "ax":
        return dict(benchmark.splits("ax", {"test": benchmark.SIZES["test"]}))
    if not config.startswith("mnli"):
        return dict(benchmark.splits(config))
    return _inference(config.removeprefix("mnli").removeprefix("_"))


def _inference(part: str) -> dict[str, Sequence[tuple[Any, ...]]]:
    """Return MNLI, whose evaluation splits are double, or one part of those."""
    matched = benchmark.splits("mnli")
    tests = {name: size for name, size in benchmark.SIZES.items() if name != "train"}
    parts = {"matched": matched, "mismatched": benchmark.splits("mnli mismatched", tests)}
    if part:
        return {name: parts[part][name] for name in tests}
    doubled = {f"{name}_{key}": parts[key][name] for name in tests for key in parts}
    return {"train": matched["train"], **doubled}


def build(folder: Path) -> None:
    """Write all splits but MRPC's."""
    for config in TASKS:
        if config == "mrpc":
            continue
        for split, rows in contents(config).items():
            write(folder, config, split, columns(config, rows, split.startswith("test")))


def main() -> None:
    """Write the files, then the card's header."""
    build(FOLDER)
    readme = FOLDER / "README.md"
    readme.write_text(card(readme.read_text("utf-8"), FOLDER), encoding="utf-8")


if __name__ == "__main__":
    main()
