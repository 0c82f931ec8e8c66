"""How fast `Dataset.map` tokenizes reviews: fast and slow tokenizer, batches, processes.

Run it by `python -m tests.benchmarks.tokenization`.

The rows are the classroom's drug reviews of more than 30 words; `--file` takes another table of
the same layout, such as the real one. Each way runs once in every round, so that a disturbance of
the machine meets all of them, and its figure is the median of the rounds. Ratios are against the
slow tokenizer, one text at a time on one process, in the same run; the original course reports 28
for the fast one in batches. Rust's threads are on exactly where there are no processes. The rows
named "alone" leave `map` away: what lies between them and the others is the writing of the table.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from datasets import Dataset, disable_progress_bars, load_dataset
from transformers import AutoTokenizer, BatchEncoding
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

DATA = Path(__file__).parents[2] / "data"
ARCHIVE = DATA / "web/archive.ics.uci.edu/ml/machine-learning-databases/00462/drugsCom_raw.zip"
MEMBER = "drugsComTrain_raw.tsv"
CASED = DATA / "hub/models/google-bert/bert-base-cased"
REFERENCE = "map, slow, one by one"
PUBLISHED = {  # seconds in the original course, for all rows of the real data
    "map, fast, batched": 10.8,
    "map, fast, one by one": 59.2,
    "map, slow, batched": 281.0,
    "map, slow, one by one": 303.0,
    "map, fast, batched, processes": 6.52,
    "map, fast, one by one, processes": 9.49,
    "map, slow, batched, processes": 41.3,
    "map, slow, one by one, processes": 45.2,
}

Tokenizer = Callable[..., BatchEncoding]


@dataclass(frozen=True)
class Way:
    """One way of tokenizing all rows."""

    name: str
    work: Callable[[], object]
    threads: bool = True  # whether the fast tokenizer may use threads

    def seconds(self) -> float:
        """Run it once; gives the seconds it took."""
        os.environ["TOKENIZERS_PARALLELISM"] = "true" if self.threads else "false"
        begun = time.perf_counter()
        self.work()
        return time.perf_counter() - begun


def tokenizers() -> dict[str, Tokenizer]:
    """Give the fast and the slow tokenizer of one vocabulary."""
    fast = AutoTokenizer.from_pretrained(CASED)
    slow = BertTokenizerLegacy(  # type: ignore[no-untyped-call]
        str(CASED / "vocab.txt"), do_lower_case=False, model_max_length=fast.model_max_length
    )
    return {"fast": fast, "slow": slow}


def reviews(rows: int, folder: Path, file: Path | None = None) -> Dataset:
    """Give the first `rows` reviews of more than 30 words, in a table on the disk."""
    if file is None:
        with zipfile.ZipFile(ARCHIVE) as archive:
            file = Path(archive.extract(MEMBER, folder))
    cache = str(folder / "cache")
    table = load_dataset(
        "csv", data_files=str(file), delimiter="\t", split="train", cache_dir=cache
    )
    long = table.filter(lambda row: len(row["review"].split()) > 30)
    return long.select(range(min(rows, len(long))))


def tokenized(examples: dict[str, Any], tokenizer: Tokenizer) -> BatchEncoding:
    """Give what the tokenizer makes of a row or of a batch."""
    return tokenizer(examples["review"], truncation=True)


def one_by_one(tokenizer: Tokenizer, texts: list[str]) -> list[BatchEncoding]:
    """Tokenize the texts one at a time."""
    return [tokenizer(text, truncation=True) for text in texts]


def ways(table: Dataset, processes: int) -> Iterator[Way]:
    """Give the eight ways through `map`, then the tokenizers alone."""
    texts = table["review"][:]
    for several in (None, processes):
        for kind, tokenizer in tokenizers().items():
            for batched in (True, False):
                name = f"map, {kind}, {'batched' if batched else 'one by one'}"
                work = partial(
                    table.map, partial(tokenized, tokenizer=tokenizer), batched=batched,
                    num_proc=several, load_from_cache_file=False,
                )  # fmt: skip
                yield Way(name + (", processes" if several else ""), work, several is None)
    for kind, tokenizer in tokenizers().items():
        yield Way(f"alone, {kind}, batched", partial(tokenizer, texts, truncation=True))
        yield Way(f"alone, {kind}, one by one", partial(one_by_one, tokenizer, texts))


def measure(found: Iterable[Way], runs: int) -> dict[str, float]:
    """Give the median of the seconds of each way, all of them run once in every round."""
    listed = list(found)
    times: dict[str, list[float]] = {way.name: [] for way in listed}
    for _ in range(runs):
        for way in listed:
            times[way.name].append(way.seconds())
    return {name: statistics.median(values) for name, values in times.items()}


def lines(medians: dict[str, float], rows: int) -> Iterator[str]:
    """Tell for each way its time, its rate, how many times quicker it is than the reference."""
    yield f"{'':34} {'seconds':>8} {'rows/s':>8} {'ratio':>7} {'published':>10}"
    for name, seconds in medians.items():
        text = f"{name:34} {seconds:8.2f} {rows / seconds:8.0f} {medians[REFERENCE] / seconds:7.1f}"
        if name in PUBLISHED:
            text += f" {PUBLISHED[REFERENCE] / PUBLISHED[name]:10.1f}"
        yield text


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.tokenization")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--processes", type=int, default=min(8, os.cpu_count() or 1))
    parser.add_argument("--file", type=Path, help="a table laid out as drugsComTrain_raw.tsv")
    options = parser.parse_args()
    disable_progress_bars()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        table = reviews(options.rows, Path(folder), options.file)
        medians = measure(ways(table, options.processes), options.runs)
    print(
        f"{len(table)} reviews, {options.processes} processes, {os.cpu_count()} processors, "
        f"load {load:.1f} at the start, medians of {options.runs} runs"
    )
    for line in lines(medians, len(table)):
        print(line)


if __name__ == "__main__":
    main()
