"""The Pile's files in small: schemas, counts, quirks, variety, and the same bytes made again."""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import zstandard
from datasets import Features, IterableDataset, Value, interleave_datasets, load_dataset

from data.build import abstracts, opinions, packed, shards

WRITER = (1, 5, 7)  # the releases of Zstandard and zlib that packed the committed files
GZIP_WRITER = "1.2.13"
NAMES = [f"train/{number:02}.jsonl.zst" for number in range(30)] + [
    "val.jsonl.zst",
    "test.jsonl.zst",
]
SHARDS = [shards.PLACE / name for name in NAMES]
PARTS = [abstracts.FILE, opinions.FILE]
FOLDERS = [abstracts.FILE.parent, opinions.FILE.parent, shards.PLACE]
META = {
    abstracts.FILE: {"pmid": int, "language": str},
    opinions.FILE: {"case_ID": str, "case_jurisdiction": str, "date_created": str},
    **dict.fromkeys(SHARDS, {"pile_set_name": str}),
}
SHORT = "".join(rf"(?<!\b{word}\.)" for word in ("Mr", "Ms", "Ct", "Rep", "App"))
ENDS = re.compile(rf"(?<=[a-z)%\d][.?!]){SHORT} (?=[A-Z\d])|\n+ ?")
LIMITS = {abstracts.FILE: 1_500_000, opinions.FILE: 700_000}
cached = cache(packed.rows)


def texts(path: Path) -> list[str]:
    return [row["text"] for row in cached(path)]


def sentences(found: Iterable[str]) -> list[str]:
    """Return the sentences and lines of the texts, very short ones left out."""
    return [part for text in found for part in ENDS.split(text) if len(part) > 20]


def distinct(found: list[str]) -> float:
    """Return the share of what does not repeat another."""
    return len(set(found)) / len(found)


@pytest.mark.parametrize("path", META, ids=lambda path: path.name)
def test_rows_have_the_published_fields(path: Path) -> None:
    for row in cached(path):
        assert list(row) == ["meta", "text"]
        assert {name: type(value) for name, value in row["meta"].items()} == META[path]
        assert row["text"].strip()
        assert not re.search(r"<\w[^<>]*>|\|\||\{\w+\}", row["text"]) or "{" in row["text"]


def test_no_file_is_there_but_the_published_ones() -> None:
    for folder in FOLDERS:
        found = {path for path in folder.rglob("*") if path.is_file()}
        told = {path for path in META if path.is_relative_to(folder)}
        others = {"README.md"} | ({"seed.json"} if folder == opinions.FILE.parent else set())
        assert {path.name for path in found - told} == others
        assert told <= found


def test_counts_and_sizes() -> None:
    assert [len(cached(path)) for path in PARTS] == [20_000, 300]
    assert {len(cached(path)) for path in SHARDS} == {40}
    assert all(path.stat().st_size <= most for path, most in LIMITS.items())
    assert sum(path.stat().st_size for path in SHARDS) <= 500_000
    assert len(packed.unpacked(abstracts.FILE)) > 10_000_000


def test_frames_tell_their_size_and_checksum_only() -> None:
    for path in set(META) - {opinions.FILE}:
        frame = zstandard.get_frame_parameters(path.read_bytes())
        assert frame.content_size == len(packed.unpacked(path))
        assert frame.has_checksum


def test_the_first_abstracts_are_those_that_the_course_prints() -> None:
    rows = cached(abstracts.FILE)[:5]
    assert [row["meta"] for row in rows] == [
        {"pmid": 11409574 + i, "language": "eng"} for i in range(5)
    ]
    assert rows[0]["text"].startswith(
        "Epidemiology of hypoxaemia in children with acute lower respiratory infection.\n"
        "To determine "
    )


def test_each_abstract_is_a_title_and_one_line_with_a_number_of_its_own() -> None:
    rows = cached(abstracts.FILE)
    assert len({row["meta"]["pmid"] for row in rows}) == len(rows)
    for row in rows:
        title, body = row["text"].split("\n")
        assert title.endswith((".", "?"))
        assert body.endswith(".")
        assert (title[0] == "[") == (row["meta"]["language"] != "eng")


def test_some_titles_are_translated() -> None:
    languages = Counter(row["meta"]["language"] for row in cached(abstracts.FILE))
    assert languages["eng"] / 20_000 == pytest.approx(0.97, abs=0.01)
    assert set(languages) == set(abstracts.LANGUAGES)


RISK = re.compile(
    r"in (\d+) of (\d+) (?:\w+ )?\(([\d.]+)%\) (?:on|with) .*? and in (\d+) of (\d+) \(([\d.]+)%\)"
    r".*?relative risk ([\d.]+), 95% CI ([\d.]+)-([\d.]+)"
)


def wrong_figures(text: str) -> bool:
    """Say whether shares or the ratio do not follow from the counts."""
    found = RISK.search(text)
    if not found:
        return False
    e1, n1, p1, e2, n2, p2, ratio, low, high = map(float, found.groups())
    one, two = e1 / n1, e2 / n2
    near = abs(100 * one - p1) < 0.051 and abs(100 * two - p2) < 0.051
    return not (near and abs(one / two - ratio) < 0.0051 and low <= ratio <= high)


def test_figures_of_an_abstract_are_in_step() -> None:
    found = [text for text in texts(abstracts.FILE) if RISK.search(text)]
    assert len(found) > 1500
    assert not [text for text in found if wrong_figures(text)]


def test_figures_out_of_step_are_found() -> None:
    said = "X occurred in 5 of 50 ({}%) on A and in 10 of 50 (20.0%) on B"
    said += " (relative risk 0.50, 95% CI 0.18-1.36)."
    assert not wrong_figures(said.format("10.0"))
    assert wrong_figures(said.format("12.0"))


def test_a_conclusion_follows_from_the_interval() -> None:
    for text in texts(abstracts.FILE):
        found = RISK.search(text)
        if found and "We found no difference between" in text:
            assert float(found[8]) <= 1 <= float(found[9])


def test_the_first_opinion_has_the_published_head_and_says_what_it_is() -> None:
    row = cached(opinions.FILE)[0]
    assert row["meta"] == {
        "case_ID": "110921.json",
        "case_jurisdiction": "scotus.tar.gz",
        "date_created": "2010-04-28T17:12:49Z",
    }
    head = "\n461 U.S. 238 (1983)\nOLIM ET AL.\nv.\nWAKINEKONA\nNo. 81-1581.\n"
    assert row["text"].startswith(head + "Supreme Court of United States.\n")
    assert "not its text" in row["text"]


def test_opinions_are_of_very_different_length() -> None:
    sizes = sorted(map(len, texts(opinions.FILE)))
    assert sizes[0] < 500
    assert sizes[150] < 6_000
    assert sizes[-1] > 90_000


def test_opinions_have_numbers_of_their_own_and_iso_dates() -> None:
    metas = [row["meta"] for row in cached(opinions.FILE)]
    assert len({meta["case_ID"] for meta in metas}) == len(metas)
    for meta in metas:
        assert re.fullmatch(r"\d+\.json", meta["case_ID"])
        assert meta["case_jurisdiction"].endswith(".tar.gz")
        datetime.strptime(meta["date_created"], "%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.name)
def test_some_letters_are_outside_of_ascii(path: Path) -> None:
    assert any(ord(letter) > 127 for text in texts(path) for letter in text)
    assert rb"\u" not in packed.unpacked(path)


def test_shards_hold_many_sets_beginning_with_a_web_page() -> None:
    first = cached(SHARDS[0])[0]
    assert first["meta"] == {"pile_set_name": "Pile-CC"}
    assert "Survival of the Tastiest" in first["text"].partition(".")[2][:40]
    for path in SHARDS:
        assert len({row["meta"]["pile_set_name"] for row in cached(path)}) >= 7
    names = {row["meta"]["pile_set_name"] for path in SHARDS for row in cached(path)}
    assert names == set(shards.SETS)


def test_no_text_stands_twice() -> None:
    for paths in ([abstracts.FILE], [opinions.FILE], SHARDS):
        found = [text for path in paths for text in texts(path)]
        assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("paths", "least", "most"),
    [([abstracts.FILE], 0.6, 0.003), ([opinions.FILE], 0.7, 0.01), (SHARDS, 0.7, 0.01)],
    ids=["abstracts", "opinions", "shards"],
)
def test_sentences_vary(paths: list[Path], least: float, most: float) -> None:
    found = sentences(text for path in paths for text in texts(path))
    assert distinct(found) >= least
    _, times = Counter(found).most_common(1)[0]
    assert times <= most * len(found)


def test_repetition_is_found() -> None:
    assert distinct(sentences(["This is all that there is to say.\n" * 3])) < 0.5


def made(path: Path) -> Iterator[dict[str, Any]]:
    return abstracts.records() if path == abstracts.FILE else opinions.records()


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.name)
def test_the_parts_can_be_made_again(path: Path) -> None:
    lines = packed.lines(made(path))
    assert lines == packed.unpacked(path)
    again, same_writer = (
        (packed.gzipped, zlib.ZLIB_RUNTIME_VERSION == GZIP_WRITER)
        if path == opinions.FILE
        else (packed.packed, zstandard.ZSTD_VERSION == WRITER)
    )
    if same_writer:
        assert again(lines) == path.read_bytes()


def test_the_shards_can_be_made_again() -> None:
    for name, rows in shards.files():
        assert packed.lines(rows) == packed.unpacked(shards.PLACE / name)


def streamed(path: Path) -> IterableDataset:
    return load_dataset("json", data_files=str(path), split="train", streaming=True)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_card_says_that_texts_are_synthetic(folder: Path) -> None:
    assert "**All texts here are synthetic.**" in (folder / "README.md").read_text("utf-8")


def test_the_shuffled_stream_begins_with_the_record_that_the_course_prints() -> None:
    first = next(iter(streamed(abstracts.FILE).shuffle(buffer_size=10_000, seed=42)))
    assert first["meta"] == {"pmid": 11410799, "language": "eng"}
    assert first["text"].startswith("Randomized study of dose or schedule modification of granul")


def test_sources_whose_meta_differ_mix_only_without_it() -> None:
    sources = [streamed(path) for path in PARTS]
    with pytest.raises(TypeError, match="Couldn't cast"):
        list(islice(interleave_datasets(sources), 2))
    mixed = interleave_datasets([source.select_columns("text") for source in sources])
    assert [row["text"] for row in islice(mixed, 2)] == [texts(path)[0] for path in PARTS]


def test_the_schemas_are_those_of_the_real_files(real: Path) -> None:
    samples = {
        abstracts.FILE: "PUBMED_title_abstracts.head100.jsonl",
        opinions.FILE: "FreeLaw_Opinions.head2.jsonl",
    }
    for path, name in samples.items():
        lines = (real / "samples" / name).read_text("utf-8").splitlines()
        for row in map(json.loads, lines):
            assert {key: type(value) for key, value in row["meta"].items()} == META[path]


def test_loading_gives_the_printed_features(tmp_path: Path) -> None:
    found = load_dataset(
        "json", data_files=str(abstracts.FILE), split="train", cache_dir=str(tmp_path)
    )
    meta = {"pmid": Value("int64"), "language": Value("string")}
    assert found.features == Features({"meta": meta, "text": Value("string")})
    assert found.num_rows == 20_000
