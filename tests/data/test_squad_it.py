"""The classroom's SQuAD-it: the published layout, answers where they should be, sound Italian."""

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from data.build import squad_it
from data.build.squad_it import Name, Pattern, Question, paragraph

SPLITS = ("train", "test")
PACKED_WITH = "1.2.13"
EACH_SPLIT = pytest.mark.parametrize("split", SPLITS)
# An article that has not been joined to the preposition before it, or not cut before a vowel.
UNJOINED = re.compile(
    r"\b(di|a|da|in|su) (il|lo|la|i|gli|le|l')\b|\b(la|lo) [aeou]|\ba [aA]", re.IGNORECASE
)
Json = dict[str, Any]


def path(split: str) -> Path:
    """Return the file of a split."""
    return squad_it.TARGET / f"SQuAD_it-{split}.json.gz"


def raw(split: str) -> str:
    """Return the text of a file."""
    return gzip.decompress(path(split).read_bytes()).decode("utf-8")


def document(split: str) -> Json:
    """Return the content of a file."""
    content: Json = json.loads(raw(split))
    return content


def paragraphs(split: str) -> Iterator[Json]:
    """Yield the paragraphs of a file."""
    for article in document(split)["data"]:
        yield from article["paragraphs"]


def misplaced(paragraph: Json) -> list[str]:
    """Return the answers that do not stand where they are said to."""
    answers = [answer for one in paragraph["qas"] for answer in one["answers"]]
    return [a["text"] for a in answers if not stands(paragraph["context"], a)]


def stands(context: str, answer: Json) -> bool:
    """Say whether an answer stands in its place."""
    return bool(answer["text"]) and context[answer["answer_start"] :].startswith(answer["text"])


@EACH_SPLIT
def test_layout_is_the_published_one(split: str) -> None:
    content = document(split)
    assert list(content) == ["data", "version"]
    assert content["version"] == "1.1"
    for article in content["data"]:
        assert list(article) == ["paragraphs", "title"]
        assert 1 <= len(article["paragraphs"]) <= 3
    for one in paragraphs(split):
        assert list(one) == ["qas", "context"]
        for question in one["qas"]:
            assert list(question) == ["question", "answers", "id"]
            assert [list(a) for a in question["answers"]] == [["text", "answer_start"]] * len(
                question["answers"]
            )


@pytest.mark.parametrize(("split", "titles"), [("train", 442), ("test", 48)])
def test_titles_are_as_many_as_published(split: str, titles: int) -> None:
    found = [article["title"] for article in document(split)["data"]]
    assert len(found) == titles
    assert len(set(found)) == titles


def test_no_title_and_no_id_is_in_both() -> None:
    titles = [{article["title"] for article in document(split)["data"]} for split in SPLITS]
    ids = [one["id"] for split in SPLITS for p in paragraphs(split) for one in p["qas"]]
    assert titles[0] & titles[1] == set()
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[0-9a-f]{24}", one) for one in ids)


@EACH_SPLIT
def test_every_answer_stands_in_its_place(split: str) -> None:
    for one in paragraphs(split):
        assert misplaced(one) == []
        assert one["qas"]


def test_a_misplaced_answer_is_found() -> None:
    wrong = {"answers": [{"text": "Roma", "answer_start": 1}]}
    assert misplaced({"context": "Roma.", "qas": [wrong]}) == ["Roma"]


def test_answers_of_the_test_file_are_given_several_times() -> None:
    counts = {
        split: {len(one["answers"]) for p in paragraphs(split) for one in p["qas"]}
        for split in SPLITS
    }
    assert counts == {"train": {1}, "test": {1, 2, 3, 4, 5}}


def test_the_first_row_is_what_the_course_prints() -> None:
    first = document("train")["data"][0]
    assert first["title"] == "Terremoto del Sichuan del 2008"
    asked = first["paragraphs"][0]["qas"][0]
    assert asked["id"] == "56cdca7862d2951400fa6826"
    assert asked["answers"] == [{"text": "2008", "answer_start": 29}]


@EACH_SPLIT
def test_text_is_written_as_the_published_one(split: str) -> None:
    text = raw(split)
    assert text.startswith('{\r\n    "data": [\r\n        {\r\n            "paragraphs": [')
    assert "\n" not in text.replace("\r\n", "")
    assert "è" in text
    assert path(split).read_bytes()[10:].startswith(f"SQuAD_it-{split}.json\0".encode())


@EACH_SPLIT
def test_articles_are_joined_to_what_stands_around_them(split: str) -> None:
    for one in paragraphs(split):
        for text in [one["context"], *(asked["question"] for asked in one["qas"])]:
            assert not UNJOINED.search(text), text
            assert not set("{}|_") & set(text)
            assert text.endswith((".", "?"))


def test_an_article_that_is_not_joined_is_found() -> None:
    assert UNJOINED.search("le acque di il Po")
    assert UNJOINED.search("la ape")
    assert not UNJOINED.search("le acque del Po e lo iodio")


@pytest.mark.parametrize(
    ("cell", "preposition", "expected"),
    [
        ("il Po", "di", "del Po"),
        ("lo zinco", "a", "allo zinco"),
        ("la ape", "da", "dall'ape"),
        ("gli Stati Uniti", "in", "negli Stati Uniti"),
        ("la Francia", "in", "in Francia"),
        ("il Lazio", "in", "nel Lazio"),
        ("Roma", "di", "di Roma"),
        ("lo iodio", "di", "dello iodio"),
    ],
)
def test_prepositions(cell: str, preposition: str, expected: str) -> None:
    assert Name.read(cell).after(preposition) == expected


def test_an_answer_is_found_where_its_cell_stands() -> None:
    question = Question("Simbolo {di nome}?", "simbolo")
    pattern = Pattern("{Nome} ha il simbolo {simbolo}.", [question])
    made = paragraph(pattern, {"nome": Name.read("lo iodio"), "simbolo": Name.read("i")})
    assert made["context"] == "Lo iodio ha il simbolo i."
    assert made["qas"][0]["answers"] == [{"text": "i", "answer_start": 23}]
    assert made["qas"][0]["question"] == "Simbolo dello iodio?"


def test_words_around_a_cell_agree_with_it() -> None:
    cells = {"nome": Name.read("la arpa"), "citta": Name.read("Agrigento")}
    pattern = Pattern("{Nome} è {nome:noto|nota} a {citta}.", [Question("Dove?", "'a {citta}'")])
    made = paragraph(pattern, cells)
    assert made["context"] == "L'arpa è nota ad Agrigento."
    assert made["qas"][0]["answers"] == [{"text": "ad Agrigento", "answer_start": 14}]


def test_texts_are_varied() -> None:
    contexts = [one["context"] for split in SPLITS for one in paragraphs(split)]
    assert len(set(contexts)) == len(contexts)
    sentences = Counter(s for text in contexts for s in re.split(r"(?<=[.!?]) ", text))
    assert len(sentences) >= 0.93 * sum(sentences.values())
    assert max(sentences.values()) <= 6


@EACH_SPLIT
def test_the_file_can_be_made_again(split: str) -> None:
    text = squad_it.document(squad_it.splits()[split])
    assert text == raw(split)
    again = squad_it.packed(path(split).stem, text)
    assert gzip.decompress(again).decode("utf-8") == text
    # Another release of zlib may pack the same text in other bytes.
    if zlib.ZLIB_RUNTIME_VERSION == PACKED_WITH:
        assert again == path(split).read_bytes()


def test_it_loads_as_the_course_loads_it(tmp_path: Path) -> None:
    files = {split: str(path(split)) for split in SPLITS}
    found = load_dataset("json", data_files=files, field="data", cache_dir=str(tmp_path))
    assert found.num_rows == {"train": 442, "test": 48}
    assert set(found["train"].column_names) == {"title", "paragraphs"}
