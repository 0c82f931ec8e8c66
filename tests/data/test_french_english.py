"""The grammar behind the translators' training pairs: word forms, clauses, and whole pairs."""

import pytest

from data.build import english, french, parallel
from data.build.clauses import Manner, Phrase, Verb, clause, printed

HE = Phrase("il", "he", pronoun=True)
SHE = Phrase("elle", "she", feminine=True, pronoun=True)
EAT = Verb("manger", "eat")


@pytest.mark.parametrize(
    ("verb", "tense", "person", "form"),
    [
        ("manger", "present", 3, "mangeons"), ("commencer", "imperfect", 0, "commençais"),
        ("acheter", "future", 2, "achètera"), ("appeler", "present", 5, "appellent"),
        ("préférer", "future", 0, "préférerai"), ("être", "imperfect", 4, "étiez"),
        ("finir", "present", 3, "finissons"), ("vendre", "conditional", 1, "vendrais"),
        ("nettoyer", "present", 2, "nettoie"), ("envoyer", "future", 5, "enverront"),
    ],
)  # fmt: skip
def test_conjugation(verb: str, tense: str, person: int, form: str) -> None:
    assert french.conjugated(verb, tense, person) == form


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ("je ai vu le ami de le voisin", "j'ai vu l'ami du voisin"),
        ("à les enfants de le homme", "aux enfants de l'homme"),
        ("elle essaie de ·le voir", "elle essaie de le voir"),
        ("si il vient", "s'il vient"),
    ],
)
def test_elision_and_contraction(raw: str, written: str) -> None:
    assert french.elided(raw) == written


def test_english_forms() -> None:
    assert english.third_person("carry") == "carries"
    assert english.past("stop") == "stopped"
    assert english.gerund("lie") == "lying"
    assert english.comparative("pretty") == "prettier"
    assert english.superlative("good") == "best"
    assert english.indefinite("hour") == "an"


@pytest.mark.parametrize(
    ("manner", "fr", "en"),
    [
        (Manner("past", "not"), "il n'a pas mangé", "he didn't eat"),
        (Manner("present", "never"), "il ne mange jamais", "he never eats"),
        (Manner("future", "", "inversion"), "mangera-t-il", "will he eat"),
        (Manner("present", "not", "est-ce que"), "est-ce qu'il ne mange pas", "doesn't he eat"),
        (Manner("near"), "il va manger", "he is going to eat"),
    ],
)
def test_clauses(manner: Manner, fr: str, en: str) -> None:
    left, right = clause(HE, EAT, manner)
    assert french.elided(left) == fr
    assert " ".join(right.split()) == en


def test_participle_agrees_with_etre() -> None:
    left, _ = clause(SHE, Verb("arriver", "arrive", with_etre=True), Manner("past"))
    assert printed(left, "")[0] == "Elle est arrivée."


def test_pairs_are_the_same_for_the_same_seed() -> None:
    assert parallel.distinct(50, 7) == parallel.distinct(50, 7)
    assert parallel.distinct(50, 7) != parallel.distinct(50, 8)


def test_held_out_pairs_are_left_out() -> None:
    first = parallel.distinct(20, 7)
    without = frozenset(left for left, _ in first)
    assert not without & {left for left, _ in parallel.distinct(50, 7, without)}


def test_pairs_are_clean() -> None:
    for left, right in (*parallel.distinct(2000, 3), *parallel.phrases()):
        assert left == left.strip()
        assert right == right.strip()
        assert not any(mark in left + right for mark in ("  ", "*", "·", "_", "~"))
