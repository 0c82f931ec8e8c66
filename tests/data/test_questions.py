"""The programs that ask questions for training: each answer stands where they say it does."""

import random
from pathlib import Path

import pytest

from data.build.answers import made_up, placed
from data.build.facts import Teller, families
from data.build.names import CITIES
from data.build.questions import Asker, Word, base_form, clause, written

TAGGED = [
    Word("The", "DT", "B-NP", "O"), Word("Falcons", "NNPS", "I-NP", "B-ORG"),
    Word("sold", "VBD", "B-VP", "O"), Word("three", "CD", "B-NP", "O"),
    Word("players", "NNS", "I-NP", "O"), Word("in", "IN", "B-PP", "O"),
    Word("Lisbon", "NNP", "B-NP", "B-LOC"), Word("on", "IN", "B-PP", "O"),
    Word("Friday", "NNP", "B-NP", "O"), Word(".", ".", "O", "O"),
]


def test_a_clause_is_asked_about_from_all_sides() -> None:
    asked = {}
    for number in range(20):
        for question in Asker(frozenset({"sell"}), random.Random(number)).ask(TAGGED):
            words = [word.text for word in TAGGED[question.begin : question.end]]
            asked[question.question.split(" in ")[0].split(" on ")[0]] = " ".join(words)
    assert asked["Where did the Falcons sell three players?"] == "Lisbon"
    assert asked["When did the Falcons sell three players?"] == "Friday"
    assert asked["How many players did the Falcons sell?"] == "three"
    assert "The Falcons" in asked.values()


def test_sentences_that_are_not_simple_are_left_alone() -> None:
    assert clause(TAGGED[2:]) is None
    assert Asker(frozenset(), random.Random(0)).ask([*TAGGED[:2], *TAGGED[9:]]) == []


@pytest.mark.parametrize(
    ("text", "pos", "base"),
    [("sold", "VBD", "sell"), ("carried", "VBD", "carry"), ("planned", "VBD", "plan"),
     ("goes", "VBZ", "go"), ("carries", "VBZ", "carry"), ("run", "VBP", "run")],
)
def test_verbs_find_their_infinitive(text: str, pos: str, base: str) -> None:
    known = frozenset({"carry", "plan", "go"})
    assert base_form(Word(text, pos, "B-VP", "O"), known) == base


def test_words_are_written_as_text_and_found_again() -> None:
    text, starts = written(["Lisbon", "'s", "mayor", "(", "68", ")", "left", "."])
    assert text == "Lisbon's mayor (68) left."
    assert text[starts[4] :].startswith("68)")


def test_made_up_answers_stand_where_they_are_said_to() -> None:
    rng = random.Random(1)
    for example in made_up(300, rng):
        found = example.context[example.begin : example.end]
        assert found == found.strip()
        assert found
        assert "{" not in example.question + example.context
    teller = Teller(rng)
    born = teller.fact(teller.families[0])
    asked = [placed(f"First. {born.text}", born, rng) for _ in range(30)]
    where = {e.context[e.begin : e.end] for e in asked if e.question.startswith("In which city")}
    assert where <= set(CITIES)
    assert where


def test_a_question_without_its_slot_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.txt"
    path.write_text("S {person} sings.\ncity: Where does {person} sing?\n")
    with pytest.raises(ValueError, match="no statement has the slot 'city'"):
        families(path)
