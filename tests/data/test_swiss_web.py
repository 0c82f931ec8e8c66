"""The classroom's FineWeb-2: published columns, texts in their language, the same file again."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from data.build import swiss_web
from data.build.grammar import Grammar

WRITER = "26.0.1"  # the release of pyarrow that wrote the committed files
ROWS = {"deu_Latn": 640, "fra_Latn": 240, "ita_Latn": 90, "roh_Latn": 60}
COLUMNS = [
    "text", "id", "dump", "url", "date", "file_path", "language", "language_score",
    "language_script", "minhash_cluster_size", "top_langs",
]  # fmt: skip
# Words that stand in many texts of the language and in few of the others.
FREQUENT = {
    "deu_Latn": {"der", "und", "ist", "um", "in"},
    "fra_Latn": {"le", "les", "est", "du", "des", "une"},
    "ita_Latn": {"di", "della", "del", "che", "si", "nel", "il", "una", "un", "con", "per", "è"},
    "roh_Latn": {"ina", "cun", "èn", "è", "ha", "ils", "jau", "oz", "nus", "mes", "la", "il"},
}
EACH = pytest.mark.parametrize("config", ROWS)


def table(config: str) -> pa.Table:
    """Return the committed rows of a configuration."""
    return pq.read_table(swiss_web.path(config))


def texts(config: str) -> list[str]:
    found: list[str] = table(config)["text"].to_pylist()
    return found


def guessed(text: str) -> str:
    """Return the configuration whose frequent words are most of a text's."""
    words = re.findall(r"\w+", text.lower())
    return max(FREQUENT, key=lambda config: sum(word in FREQUENT[config] for word in words))


@EACH
def test_columns_and_counts(config: str) -> None:
    found = table(config)
    assert found.column_names == COLUMNS
    assert found.schema.remove_metadata() == swiss_web.SCHEMA
    assert found.num_rows == ROWS[config]
    assert all(column.null_count == 0 for column in found.columns)


@EACH
def test_texts_are_different_and_whole(config: str) -> None:
    found = texts(config)
    assert len(set(found)) == len(found)
    for text in found:
        assert not set("<>{}|*") & set(text)
        assert text[0].isupper() or text[0] in "«"
        assert len(text) > 30


@EACH
def test_a_text_is_in_its_language(config: str) -> None:
    found = texts(config)
    assert sum(guessed(text) == config for text in found) > 0.8 * len(found)


def test_another_language_is_found() -> None:
    assert guessed("Il giat è sin il tetg e las vatgas èn sin l'alp.") == "roh_Latn"
    assert guessed("Die Katze und der Hund sind um zwei Uhr in Bern.") == "deu_Latn"


@EACH
def test_what_is_said_of_the_origin_is_of_one_piece(config: str) -> None:
    code, script = config.split("_")
    ids = set()
    for row in table(config).to_pylist():
        assert (row["language"], row["language_script"]) == (code, script)
        assert json.loads(row["top_langs"]) == {f"{config}_score": row["language_score"]}
        assert row["url"].startswith(f"https://{code}.example.org/{row['date'][:4]}/")
        assert row["dump"].startswith(f"CC-MAIN-{row['date'][:4]}")
        ids.add(row["id"])
    assert len(ids) == ROWS[config]


def test_german_patterns_are_varied() -> None:
    grammar = Grammar.read(swiss_web.HERE / "german")
    assert min(len(choices.phrases) for choices in grammar.patterns.values()) >= 9
    sentences = [part for text in texts("deu_Latn") for part in text.split(". ")]
    assert len(set(sentences)) > 0.5 * len(sentences)


@EACH
def test_the_file_can_be_made_again(config: str, tmp_path: Path) -> None:
    again = swiss_web.table(config)
    assert again.equals(table(config))
    if pa.__version__ == WRITER:
        pq.write_table(again, tmp_path / "again.parquet", compression="zstd")
        assert (tmp_path / "again.parquet").read_bytes() == swiss_web.path(config).read_bytes()


def test_the_card_names_each_configuration_and_says_what_it_is() -> None:
    card = (swiss_web.FOLDER / "README.md").read_text("utf-8")
    header = yaml.safe_load(card.split("---")[1])
    paths = {one["config_name"]: one["data_files"][0]["path"] for one in header["configs"]}
    assert paths == {config: f"data/{config}/train/*" for config in ROWS}
    assert "**All texts here are synthetic" in card
    for config, count in ROWS.items():
        assert re.search(rf"`{config}` \| .* \| {count} \|", card)
