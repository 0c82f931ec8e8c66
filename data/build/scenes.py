"""Sentence frames around être, avoir and aller: qualities, places, possessions."""

import random

from data.build import english, french, lexicon
from data.build.clauses import Manner, Phrase, Verb, printed
from data.build.frames import BE, GO, HAVE, PRONOUNS, Pair, adverbial, assembled, manner, subject

DEGREES = (
    ("très", "very"),
    ("trop", "too"),
    ("si", "so"),
    ("assez", "quite"),
    ("vraiment", "really"),
    ("plutôt", "rather"),
    ("un peu", "a little"),
)
THINGS = (
    "study",
    "work",
    "thing",
    "place",
    "clothes",
    "vehicle",
    "event",
    "food",
    "abstract",
    "animal",
)
STATES = (
    ("faim", "hungry"),
    ("soif", "thirsty"),
    ("froid", "cold"),
    ("chaud", "hot"),
    ("peur", "afraid"),
    ("raison", "right"),
    ("tort", "wrong"),
    ("sommeil", "sleepy"),
    ("de la chance", "lucky"),
    ("honte", "ashamed"),
)
ACHES = (
    ("à la tête", "a headache"),
    ("aux dents", "a toothache"),
    ("au dos", "a backache"),
    ("au ventre", "a stomachache"),
)
WHERE = (
    ("sur", "on"),
    ("sous", "under"),
    ("dans", "in"),
    ("devant", "in front of"),
    ("derrière", "behind"),
    ("à côté de", "next to"),
    ("près de", "near"),
    ("loin de", "far from"),
)
DIGITS = [
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
    "vingt",
]
WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]


def quality(rng: random.Random) -> Pair:
    """Cette maison est très belle. / This house is very beautiful."""
    name = "person" if rng.random() < 0.45 else rng.choice(THINGS)
    who = subject(rng, name)
    trait = rng.choice(lexicon.adjectives("p" if name == "person" else "t"))
    form = trait.agreed(who.feminine, who.plural)
    fr, en = rng.choice(DEGREES) if rng.random() < 0.35 else ("", "")
    how = manner(rng, BE, who)
    if rng.random() < 0.18:
        return compared(rng, who, trait, form, how, name)
    when = ("", "") if how.tense not in ("past", "future", "near") else adverbial(rng, how, 0.3)
    how = Manner("imperfect" if how.tense == "past" else how.tense, how.negation, how.question)
    return assembled(rng, who, BE, how, (f"{fr} {form}", f"{en} {trait.en}"), when)


def compared(
    rng: random.Random, who: Phrase, trait: lexicon.Adjective, form: str, how: Manner, name: str
) -> Pair:
    """Return a comparison: plus grand que, moins cher que, aussi gentil que, le plus beau."""
    other = subject(rng, name)
    while other.pronoun:
        other = subject(rng, name)
    more = "meilleur" if trait.fr == "bon" else f"plus {form}"
    if trait.fr == "bon":
        more = french.agreed("meilleur", "meilleure", who.feminine, who.plural)
    kinds = (
        (f"{more} que", f"{trait.comparative} than"),
        (f"moins {form} que", f"less {trait.en} than"),
        (f"aussi {form} que", f"as {trait.en} as"),
    )
    fr, en = rng.choices(kinds, (5, 1, 3))[0]
    how = Manner("present" if how.tense != "future" else "future", how.negation, how.question)
    return assembled(rng, who, BE, how, (f"{fr} {other.fr}", f"{en} {other.en}"), ("", ""))


def superlative(rng: random.Random) -> Pair:
    """C'est la plus belle ville du monde. / It is the most beautiful city in the world."""
    name = rng.choice(("person", *THINGS))
    one = rng.choice(lexicon.nouns(name))
    trait = rng.choice(lexicon.adjectives("p" if name == "person" else "t"))
    feminine = one.gender == "f"
    form, article = trait.agreed(feminine, False), "la" if feminine else "le"
    fr = (
        f"{article} plus {form} {one.fr}"
        if trait.before
        else f"{article} {one.fr} {article} plus {form}"
    )
    if trait.fr == "bon":
        fr = f"{article} meilleur{'e' if feminine else ''} {one.fr}"
    where = rng.choice(
        (
            ("de le monde", "in the world"),
            ("de la ville", "in the city"),
            ("de la classe", "in the class"),
            ("", ""),
        )
    )
    start = rng.choice(
        (
            ("ce est", "it is"),
            ("il est" if not feminine else "elle est", "he is" if not feminine else "she is"),
        )
    )
    if name != "person":
        start = ("ce est", "it is")
    return printed(
        f"{start[0]} {fr} {where[0]}",
        f"{start[1]} the {english.superlative(trait.en)} {one.en} {where[1]}",
    )


def identity(rng: random.Random) -> Pair:
    """C'est un livre. Elle est médecin. / It is a book. She is a doctor."""
    if rng.random() < 0.5:
        what = lexicon.of_class(rng, rng.choice(("person", *THINGS)))
        if what.plural:
            return (
                printed(f"ce sont {what.fr}", f"they are {what.en}")
                if rng.random() < 0.6
                else printed(f"voici {what.fr}", f"here are {what.en}")
            )
        forms = [
            ("ce est", "it is", "."),
            ("ce ne est pas", "it isn't", "."),
            ("ce était", "it was", "."),
            ("est-ce que ce est", "is it", "?"),
            ("voici", "here is", "."),
        ]
        fr, en, mark = rng.choices(forms, (5, 2, 1, 1, 1))[0]
        return printed(f"{fr} {what.fr}", f"{en} {what.en}", mark)
    one = rng.choice(lexicon.nouns("person"))
    feminine = one.gender == "f"
    who = rng.choice(
        [each for each in PRONOUNS[:-1] if each.feminine == feminine or each.person in (0, 1)]
    )
    while who.plural:
        who = rng.choice(PRONOUNS[:4])
    how = manner(rng, BE, who)
    how = Manner(
        how.tense if how.tense in ("present", "imperfect", "future") else "present",
        how.negation,
        how.question,
    )
    article = ("une" if feminine else "un") if who.person == 2 and who.feminine != feminine else ""
    return assembled(
        rng,
        who,
        BE,
        how,
        (f"{article} {one.fr}", f"{english.indefinite(one.en)} {one.en}"),
        ("", ""),
    )


def existence(rng: random.Random) -> Pair:
    """Il y a deux chats dans le jardin. / There are two cats in the garden."""
    one = rng.choice(
        lexicon.nouns(rng.choice(("person", "animal", "thing", "place", "food", "study", "work")))
    )
    what = lexicon.noun_phrase(
        rng,
        one,
        "t" if one not in lexicon.nouns("person") else "p",
        rng.choice(("indefinite", "number")),
    )
    where = location(rng) if rng.random() < 0.75 else ("", "")
    many = what.plural
    forms = [
        ("il y a", "there are" if many else "there is", "."),
        ("il y avait", "there were" if many else "there was", "."),
        ("il y aura", "there will be", "."),
        ("est-ce que il y a", "are there" if many else "is there", "?"),
        ("y a-t-il", "are there" if many else "is there", "?"),
    ]
    fr, en, mark = rng.choices(forms, (6, 2, 1, 1, 1))[0]
    if rng.random() < 0.12:
        noun_en = one.en if one.en_plural == one.en else one.en_plural
        return printed(
            f"il n'y a pas de {one.fr_plural} {where[0]}", f"there are no {noun_en} {where[1]}"
        )
    en_what = (
        what.en.replace("some ", "any ", 1)
        if mark == "?" and what.en.startswith("some ")
        else what.en
    )
    return printed(f"{fr} {what.fr} {where[0]}", f"{en} {en_what} {where[1]}", mark)


def location(rng: random.Random) -> Pair:
    """Draw a place: preposition and noun phrase."""
    fr, en = rng.choice(WHERE)
    name = rng.choice(("place", "thing")) if fr in ("sur", "sous", "dans", "derrière") else "place"
    one = rng.choice(lexicon.nouns(name))
    what = lexicon.noun_phrase(
        rng, one, "t", rng.choice(("definite", "definite", "possessive", "demonstrative"))
    )
    return f"{fr} {what.fr}", f"{en} {what.en}"


def being_somewhere(rng: random.Random) -> Pair:
    """Le livre est sur la table. / The book is on the table."""
    who = subject(rng, rng.choice(("person", "thing", "animal", "place", "work", "vehicle")))
    how = manner(rng, BE, who)
    tense = how.tense if how.tense in ("present", "imperfect", "future") else "present"
    where = location(rng) if rng.random() < 0.6 else geography(rng)
    return assembled(rng, who, BE, Manner(tense, how.negation, how.question), where, ("", ""))


def geography(rng: random.Random, to: bool = False) -> Pair:
    """Draw a city or country after in (or to)."""
    link = "to" if to else "in"
    if rng.random() < 0.55:
        fr, _, en = rng.choice(lexicon.names("cities"))
        return f"à {fr}", f"{link} {en}"
    fr, gender, en = rng.choice(lexicon.names("countries"))
    word = (
        "aux" if gender == "p" else "en" if gender == "f" or french.starts_with_vowel(fr) else "au"
    )
    return f"{word} {fr}", f"{link} {en}"


def going(rng: random.Random) -> Pair:
    """Nous allons à la plage demain. / We are going to the beach tomorrow."""
    who = subject(rng)
    kind = rng.random()
    if kind < 0.3:
        verb = rng.choice(
            (
                Verb("habiter", "live", state=True),
                Verb("vivre", "live", state=True),
                Verb("travailler", "work"),
            )
        )
        where = geography(rng)
    elif kind < 0.45:
        verb = Verb("venir", "come", state=True, with_etre=True)
        fr, gender, en = rng.choice(lexicon.names("countries"))
        link = (
            "des"
            if gender == "p"
            else "de"
            if gender == "f" or french.starts_with_vowel(fr)
            else "du"
        )
        where = (f"{link} {fr}", f"from {en}")
    else:
        verb = rng.choice((GO, GO, GO, Verb("arriver", "arrive", with_etre=True)))
        where = geography(rng, to=True)
        if rng.random() < 0.6 and verb is GO:
            one = rng.choice(lexicon.nouns("place"))
            what = lexicon.noun_phrase(rng, one, "t", "definite")
            where = (f"à {what.fr}", f"to {what.en}")
        if verb is not GO:
            where = (where[0], where[1].replace("to ", "in ", 1))
    how = manner(rng, verb, who)
    if verb is not GO and verb.fr == "venir":
        how = Manner("present", how.negation, how.question)
    return assembled(rng, who, verb, how, where, adverbial(rng, how, 0.4))


def having(rng: random.Random) -> Pair:
    """J'ai faim. Elle a vingt ans. / I am hungry. She is twenty years old."""
    who = subject(rng)
    how = manner(rng, HAVE, who)
    how = Manner(
        how.tense if how.tense in ("present", "imperfect", "future") else "present",
        how.negation,
        how.question,
    )
    kind = rng.random()
    if kind < 0.25:
        fr, en = rng.choice(STATES)
        fr = f"de {fr.removeprefix('de la ')}" if how.negation and fr.startswith("de la") else fr
        return assembled(rng, who, Verb("avoir", f"be {en}", state=True), how, (fr, ""), ("", ""))
    if kind < 0.42:
        number = rng.randint(2, 20) if rng.random() < 0.5 else rng.randint(21, 99)
        fr, en = (
            (DIGITS[number], WORDS[number])
            if number <= 20 and rng.random() < 0.7
            else (str(number),) * 2
        )
        return assembled(
            rng,
            who,
            Verb("avoir", f"be {en} years old", state=True),
            how,
            (f"{fr} ans", ""),
            ("", ""),
        )
    if kind < 0.5:
        fr, en = rng.choice(ACHES)
        return assembled(rng, who, HAVE, how, (f"mal {fr}", en), ("", ""))
    if kind < 0.66:
        what = lexicon.of_class(rng, rng.choice(("thing", "work", "study", "clothes", "vehicle")))
        return assembled(
            rng,
            who,
            Verb("avoir", "need", state=True),
            how,
            (f"besoin de {what.fr.removeprefix('des ')}", what.en),
            ("", ""),
        )
    return owning_something(rng, who, how)


def owning_something(rng: random.Random, who: Phrase, how: Manner) -> Pair:
    """Je n'ai pas de voiture. / I don't have a car."""
    name = rng.choice(
        ("person", "animal", "thing", "clothes", "vehicle", "study", "work", "food", "event")
    )
    one = rng.choice(lexicon.nouns(name))
    what = lexicon.noun_phrase(
        rng,
        one,
        "p" if name == "person" else "t",
        rng.choice(("indefinite", "number", "indefinite")),
    )
    fr, en = what.fr, what.en
    if how.negation and fr.split()[0] in ("un", "une", "des"):
        fr, en = "de " + fr.split(" ", 1)[1], en.replace("some ", "any ", 1)
    if how.question and en.startswith("some "):
        en = en.replace("some ", "any ", 1)
    return assembled(rng, who, HAVE, how, (fr, en), ("", ""))
