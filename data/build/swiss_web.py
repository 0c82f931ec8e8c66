"""Pages in Switzerland's four languages, in the layout of FineWeb-2: one parquet file for each.

    python -m data.build.swiss_web

All texts are made here: German from `german/*.txt`, French from `french_topics/`, Italian from
the paragraphs of `squad_it`, Romansh (Rumantsch Grischun) from the sentences of `romansh/`.
"""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data.build import french_text, squad_it
from data.build.grammar import Expansion, Grammar

HERE = Path(__file__).parent
FOLDER = HERE.parent / "hub" / "datasets" / "HuggingFaceFW" / "fineweb-2"
SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "id": pa.string(),
        "dump": pa.string(),
        "url": pa.string(),
        "date": pa.string(),
        "file_path": pa.string(),
        "language": pa.string(),
        "language_score": pa.float64(),
        "language_script": pa.string(),
        "minhash_cluster_size": pa.int64(),
        "top_langs": pa.string(),
    }
)
DUMPS = (("CC-MAIN-2018-43", 2018, 10), ("CC-MAIN-2020-24", 2020, 5), ("CC-MAIN-2023-14", 2023, 3))
FRENCH_TOPICS = ("people", "daily", "food", "geography", "nature", "school")
Maker = Callable[[random.Random], str]


def german() -> Maker:
    """Return a maker of German texts: three to seven sentences of one topic."""
    grammar = Grammar.read(HERE / "german")

    def make(rng: random.Random) -> str:
        topic = rng.choice(sorted(grammar.patterns))
        patterns = rng.sample(grammar.patterns[topic].phrases, rng.randint(3, 7))
        return " ".join(filled(grammar, rng, pattern) for pattern in patterns)

    return make


def filled(grammar: Grammar, rng: random.Random, pattern: str) -> str:
    """Return one sentence of a grammar."""
    return Expansion(grammar, rng).expand(pattern)


def french() -> Maker:
    """Return a maker of French texts: four to eight sentences of one topic."""
    grammar = Grammar.read(french_text.FOLDER)

    def make(rng: random.Random) -> str:
        patterns = grammar.patterns[rng.choice(FRENCH_TOPICS)].phrases
        some = rng.sample(patterns, rng.randint(4, 8))
        return " ".join(french_text.Text(grammar, rng).filled(pattern) for pattern in some)

    return make


def italian() -> Maker:
    """Return a maker of Italian texts: the paragraphs of one article, each article once."""
    articles = [one for split in squad_it.splits().values() for one in split]
    long = [one["paragraphs"] for one in articles if len(one["paragraphs"]) > 1]
    remaining = ["\n".join(part["context"] for part in parts) for parts in long]

    def make(rng: random.Random) -> str:
        return remaining.pop(rng.randrange(len(remaining)))

    return make


def romansh() -> Maker:
    """Return a maker of Romansh texts: three to six of one topic's sentences, in their order."""
    topics: list[list[str]] = []
    for line in (HERE / "romansh" / "sentences.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            topics.append([])
        else:
            topics[-1].append(line)

    def make(rng: random.Random) -> str:
        sentences = rng.choice(topics)
        chosen = sorted(rng.sample(range(len(sentences)), rng.randint(3, 6)))
        return " ".join(sentences[place] for place in chosen)

    return make


@dataclass(frozen=True)
class Language:
    """One configuration: how its texts are made, how many, and from which seed."""

    maker: Callable[[], Maker]
    rows: int
    seed: int


LANGUAGES = {
    "deu_Latn": Language(german, 640, 1291),
    "fra_Latn": Language(french, 240, 1815),
    "ita_Latn": Language(italian, 90, 1803),
    "roh_Latn": Language(romansh, 60, 1938),
}


def texts(language: Language, rng: random.Random) -> list[str]:
    """Return a language's texts, all different."""
    make = language.maker()
    found: dict[str, None] = {}
    while len(found) < language.rows:
        found[make(rng)] = None
    return list(found)


def row(rng: random.Random, config: str, place: int, text: str) -> dict[str, Any]:
    """Return a row with a made-up origin, drawn by chance."""
    dump, year, month = rng.choice(DUMPS)
    code, script = config.split("_")
    score = round(rng.uniform(0.9, 1), 4)
    day, hour, minute = rng.randint(1, 28), rng.randrange(24), rng.randrange(60)
    return {
        "text": text,
        "id": f"<urn:uuid:{uuid.UUID(int=rng.getrandbits(128), version=4)}>",
        "dump": dump,
        "url": f"https://{code}.example.org/{year}/{place}",
        "date": f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z",
        "file_path": f"s3://example/crawl-data/{dump}/{rng.randrange(800):05}.warc.gz",
        "language": code,
        "language_score": score,
        "language_script": script,
        "minhash_cluster_size": rng.choice((1, 1, 1, 2, 3, 12)),
        "top_langs": json.dumps({f"{config}_score": score}),
    }


def rows(config: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a configuration."""
    language = LANGUAGES[config]
    rng = random.Random(language.seed)
    for place, text in enumerate(texts(language, rng)):
        yield row(rng, config, place, text)


def path(config: str) -> Path:
    """Return the file of a configuration."""
    return FOLDER / "data" / config / "train" / "000_00000.parquet"


def table(config: str) -> pa.Table:
    """Return a configuration as a table."""
    return pa.Table.from_pylist(list(rows(config)), SCHEMA)


def main() -> None:
    """Write the files."""
    for config in LANGUAGES:
        path(config).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table(config), path(config), compression="zstd")


if __name__ == "__main__":
    main()
