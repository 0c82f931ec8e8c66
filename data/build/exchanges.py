"""Sentence frames with more than one clause, or none that states: questions, orders, reports."""

import random

from data.build import french, lexicon
from data.build.clauses import Manner, Phrase, clause, printed
from data.build.frames import PRONOUNS, Pair, said_in_english, subject, transitive
from data.build.scenes import being_somewhere, going, having, quality

WH = (("où", "where"), ("quand", "when"), ("pourquoi", "why"), ("comment", "how"))
JOINED = (
    ("parce que", "because"),
    ("et", "and"),
    ("mais", "but"),
    ("quand", "when"),
    ("donc", "so"),
    ("car", "because"),
    ("pendant que", "while"),
    ("puis", "then"),
)

COMMON = frozenset(
    [
        "Je",
        "J'",
        "Tu",
        "Il",
        "Elle",
        "Nous",
        "Vous",
        "Ils",
        "Elles",
        "On",
        "Le",
        "La",
        "Les",
        "L'",
        "Un",
        "Une",
        "Des",
        "Mon",
        "Ma",
        "Mes",
        "Ton",
        "Ta",
        "Tes",
        "Son",
        "Sa",
        "Ses",
        "Notre",
        "Nos",
        "Votre",
        "Vos",
        "Leur",
        "Leurs",
        "Ce",
        "Cet",
        "Cette",
        "Ces",
        "He",
        "She",
        "We",
        "You",
        "They",
        "The",
        "A",
        "An",
        "Some",
        "My",
        "Your",
        "His",
        "Our",
        "Their",
        "This",
        "These",
    ]
)


def asking(rng: random.Random) -> Pair:
    """Où est-ce que tu travailles ? / Where do you work?"""
    verb = rng.choice(lexicon.verbs(rng.choice(("intransitive", "transitive"))))
    who = rng.choice(PRONOUNS[1:-1]) if rng.random() < 0.6 else subject(rng)
    tense = rng.choices(("present", "past", "future", "near"), (55, 28, 9, 8))[0]
    fr_word, en_word = rng.choice(WH)
    tail = ("", "")
    if ("transitive" if verb.classes else "") == "transitive":
        if not verb.preposition and rng.random() < 0.5 and "field" not in verb.classes:
            fr_word, en_word = "que", "what"
        else:
            what = lexicon.of_class(rng, rng.choice(verb.classes))
            tail = f"{verb.preposition} {what.fr}", what.en
    negation = "not" if fr_word == "pourquoi" and rng.random() < 0.4 else ""
    if (
        fr_word != "que"
        and who.pronoun
        and who.person in (1, 2, 4, 5)
        and rng.random() < 0.3
        and who.fr != "on"
    ):
        fr = clause(who, verb, Manner(tense, negation, "inversion"))[0]
    else:
        fr = clause(who, verb, Manner(tense, negation, "est-ce que"))[0]
    en = said_in_english(who, verb, Manner(tense, negation, "est-ce que"), tail[1])
    return printed(f"{fr_word} {fr} {tail[0]}", f"{en_word} {en}", "?")


def asking_who(rng: random.Random) -> Pair:
    """Qui a écrit ce livre ? Combien coûte cette robe ? / Who wrote this book? ..."""
    if rng.random() < 0.6:
        verb = rng.choice(lexicon.verbs("transitive"))
        what = lexicon.of_class(rng, rng.choice(verb.classes))
        how = Manner(rng.choice(("present", "past", "future")))
        fr, en = clause(Phrase("qui", "who"), verb, how, (f"{verb.preposition} {what.fr}", what.en))
        return printed(fr, en, "?")
    what = lexicon.noun_phrase(
        rng,
        rng.choice(lexicon.nouns(rng.choice(("thing", "clothes", "place", "work")))),
        "t",
        rng.choice(("definite", "possessive", "demonstrative")),
    )
    cost, where = ("coûtent", "sont") if what.plural else ("coûte", "est")
    do, be = ("do", "are") if what.plural else ("does", "is")
    quel = french.agreed("quel", "quelle", what.feminine, what.plural)
    return rng.choice(
        (
            printed(f"combien {cost} {what.fr}", f"how much {do} {what.en} cost", "?"),
            printed(f"où {where} {what.fr}", f"where {be} {what.en}", "?"),
            printed(f"comment {where} {what.fr}", f"what {be} {what.en} like", "?"),
            printed(f"de quelle couleur {where} {what.fr}", f"what color {be} {what.en}", "?"),
            printed(f"{quel} {where} {what.fr}", f"what {be} {what.en}", "?"),
        )
    )


def ordering(rng: random.Random) -> Pair:
    """Ferme la porte. Ne mangez pas ce gâteau. / Close the door. Don't eat this cake."""
    verb = rng.choice([one for one in lexicon.verbs("transitive") if not one.state])
    what = lexicon.of_class(rng, rng.choice(verb.classes))
    person = rng.choice((1, 3, 4, 4))
    form, no = french.imperative(verb.fr, person), rng.random() < 0.3
    fr_what, en_what = what.fr, what.en
    if no and fr_what.startswith(("des ", "de le ", "de la ")):
        fr_what, en_what = "de " + fr_what.split()[-1], en_what.replace("some ", "any ", 1)
    fr = (
        f"ne {form} pas {verb.preposition} {fr_what}"
        if no
        else f"{form} {verb.preposition} {fr_what}"
    )
    start = {
        (3, True): "let's not",
        (3, False): "let's",
        (1, True): "don't",
        (4, True): "don't",
    }.get((person, no), "")
    please = (
        (" s'il te plaît", " s'il vous plaît")[person != 1]
        if rng.random() < 0.15 and person != 3
        else ""
    )
    return printed(
        f"{fr}{',' if please else ''}{please}",
        f"{start} {verb.en} {en_what}{', please' if please else ''}",
        rng.choice("...!"),
    )


def reporting(rng: random.Random) -> Pair:
    """Je pense que le film est trop long. / I think that the film is too long."""
    verb = rng.choice(lexicon.verbs("speech"))
    who = subject(rng)
    tense = rng.choice(("present", "present", "past")) if not verb.state else "present"
    fr, en = clause(who, verb, Manner(tense, "not" if rng.random() < 0.1 else ""))
    left, right = inner(rng)
    return printed(f"{fr} que {left}", f"{en} that {right}")


def inner(rng: random.Random) -> Pair:
    """Draw a statement without capital and full stop, to stand inside another sentence."""
    while True:
        maker = rng.choice((transitive, quality, going, having, being_somewhere))
        fr, en = maker(rng)
        if fr.endswith(".") and "," not in fr and len(fr) < 70:
            return lowered(fr[:-1]), lowered(en[:-1], keep=("I",))


def lowered(text: str, keep: tuple[str, ...] = ()) -> str:
    """Lower the capital of a sentence's first word unless it is a name or I."""
    first = text.split()[0]
    known = first in COMMON or first[:2] in ("J'", "L'")
    return text[0].lower() + text[1:] if known and first not in keep else text


def joining(rng: random.Random) -> Pair:
    """Elle est fatiguée parce qu'elle travaille trop. / She is tired because she works too much."""
    fr, en = rng.choice(JOINED)
    (left_fr, left_en), (right_fr, right_en) = inner(rng), inner(rng)
    comma = "," if fr in ("mais", "donc", "car", "puis") else ""
    return printed(f"{left_fr}{comma} {fr} {right_fr}", f"{left_en}{comma} {en} {right_en}")


def relative(rng: random.Random) -> Pair:
    """La femme qui parle est ma tante. / The woman who is speaking is my aunt."""
    verb = rng.choice(
        [
            one
            for one in lexicon.verbs("transitive")
            if not one.preposition and one.fr not in ("savoir", "aimer")
        ]
    )
    name = rng.choice([one for one in verb.classes if one in lexicon.COUNTABLE] or ["thing"])
    one = rng.choice(lexicon.nouns(name))
    what = lexicon.noun_phrase(rng, one, "p" if name == "person" else "t", "definite")
    who = rng.choice(PRONOUNS[:-1])
    tense = rng.choice(("present", "past", "past", "future"))
    said = clause(who, verb, Manner(tense), ("", ""))
    french_said = said[0]
    if tense == "past" and not verb.with_etre:
        done = french.participle(verb.fr, what.feminine, what.plural)
        french_said = f"{who.fr} {french.conjugated('avoir', 'present', who.person)} {done}"
    trait = rng.choice(lexicon.adjectives("p" if name == "person" else "t"))
    be_fr = french.conjugated("être", "present", 5 if what.plural else 2)
    be = "are" if what.plural else "is"
    form = trait.agreed(what.feminine, what.plural)
    return printed(
        f"{what.fr} que {french_said} {be_fr} {form}", f"{what.en} that {said[1]} {be} {trait.en}"
    )
