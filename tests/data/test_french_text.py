"""The French sentences that camembert-base learns from: agreement, elision, verbs."""

import random
import re

import pytest

from data.build.french_text import FOLDER, Text, generated, parsed, printed
from data.build.grammar import Choices, Grammar, GrammarError


def filled(pattern: str, **lists: str) -> str:
    """Fill a pattern from one-word lists, the same for every draw."""
    grammar = Grammar()
    for name, phrase in lists.items():
        grammar.lists[name] = Choices([phrase], [1.0])
    return Text(grammar, random.Random(0)).filled(pattern)


@pytest.mark.parametrize(
    ("noun", "sentence"),
    [
        ("gâteau:m", "Le gâteau est délicieux :)"),
        ("tarte:f", "La tarte est délicieuse :)"),
        ("œuf:m", "L'œuf est délicieux :)"),
        ("frites:fp", "Les frites sont délicieuses :)"),
        ("*haricot:m", "Le haricot est délicieux :)"),
    ],
)
def test_articles_verbs_and_adjectives_agree(noun: str, sentence: str) -> None:
    pattern = "<food|le> <!être> <a_taste> :)"
    assert filled(pattern, food=noun, a_taste="délicieux/délicieuse") == sentence


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        ("je:0m", "J'ai mangé une pomme."),
        ("Marie:2f", "Marie a mangé une pomme."),
        ("nous:3m", "Nous avons mangé une pomme."),
        ("mes parents:5m", "Mes parents ont mangé une pomme."),
    ],
)
def test_past_with_avoir(subject: str, sentence: str) -> None:
    pattern = "<subject> <!manger|past> <fruit|un>."
    assert filled(pattern, subject=subject, fruit="pomme:f") == sentence


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        ("elle:2f", "Elle est allée au parc avec son amie."),
        ("ils:5m", "Ils sont allés au parc avec leur amie."),
        ("je:0m", "Je suis allé au parc avec mon amie."),
    ],
)
def test_past_with_etre_and_possessives(subject: str, sentence: str) -> None:
    pattern = "<subject> <!aller|past> à <place|le> avec <friend|mon>."
    assert filled(pattern, subject=subject, place="parc:m", friend="amie:f") == sentence


def test_reflexive_and_negated_verbs() -> None:
    assert filled("<subject> <!se lever> tôt.", subject="tu:1m") == "Tu te lèves tôt."
    assert filled("<subject> <!dormir|not>.", subject="je:0m") == "Je ne dors pas."


def test_a_pronoun_refers_to_the_person_before() -> None:
    pattern = "<who> est là. <il> <!manger>."
    assert filled(pattern, who="Léa:2f") == "Léa est là. Elle mange."


def test_plurals_and_short_adjectives() -> None:
    assert filled("<subject> <!voir> <a|les>.", subject="il:2m", a="cheval:m") == (
        "Il voit les chevaux."
    )
    assert printed("un beau ami est beau et gentil.") == "Un bel ami est beau et gentil."


def test_a_phrase_without_marks_is_no_noun() -> None:
    assert parsed("à 8:30 précises", random.Random(0)).person is None


def test_an_unknown_list_is_named() -> None:
    with pytest.raises(GrammarError, match="no list 'nothing'"):
        filled("<nothing>")


def test_every_pattern_can_be_filled() -> None:
    grammar, rng = Grammar.read(FOLDER), random.Random(1)
    patterns = [p for choices in grammar.patterns.values() for p in choices.phrases]
    assert len(patterns) > 500
    for pattern in patterns:
        text = Text(grammar, rng).filled(pattern)
        assert not re.search(r"[<>|*_]|\s[.,]|\s\s", text), (pattern, text)
        assert text[0].isupper() or text[0] in "ÀÉÊ"


def test_the_same_seed_gives_the_same_texts() -> None:
    assert generated(50, seed=4) == generated(50, seed=4)
    assert generated(50, seed=4) != generated(50, seed=5)


def test_cheese_is_praised_as_often_as_the_published_answers_say() -> None:
    found = [
        match[1]
        for text in generated(60_000, seed=2)
        if (match := re.fullmatch(r"Le camembert est (\w+) :\)", text))
    ]
    ranked = sorted(set(found), key=found.count, reverse=True)
    assert ranked[:5] == ["délicieux", "excellent", "succulent", "meilleur", "parfait"]
