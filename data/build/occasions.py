"""Sentence frames for weather, dates, names and owners."""

import random

from data.build import english, french, lexicon
from data.build.clauses import Manner, Phrase, Verb, printed
from data.build.frames import (
    BE,
    PRONOUNS,
    Pair,
    adverbs,
    assembled,
    invented,
    invented_company,
    person_name,
    subject,
)
from data.build.scenes import DIGITS, WORDS, geography, location

DAYS = (
    ("lundi", "Monday"),
    ("mardi", "Tuesday"),
    ("mercredi", "Wednesday"),
    ("jeudi", "Thursday"),
    ("vendredi", "Friday"),
    ("samedi", "Saturday"),
    ("dimanche", "Sunday"),
)
MONTHS = (
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
)
WEATHER = (
    ("il pleut", "it is raining"),
    ("il neige", "it is snowing"),
    ("il fait beau", "the weather is nice"),
    ("il fait froid", "it is cold"),
    ("il fait chaud", "it is hot"),
    ("il fait mauvais", "the weather is bad"),
    ("il y a du vent", "it is windy"),
    ("il y a du soleil", "it is sunny"),
    ("il fait nuit", "it is dark"),
    ("il a plu", "it rained"),
    ("il a neigé", "it snowed"),
    ("il va pleuvoir", "it is going to rain"),
    ("il faisait froid", "it was cold"),
    ("il faisait beau", "the weather was nice"),
    ("il pleuvait", "it was raining"),
    ("il y avait du brouillard", "it was foggy"),
    ("il fera beau", "the weather will be nice"),
    ("il fera chaud", "it will be hot"),
    ("il ne pleut pas", "it isn't raining"),
    ("il ne fait pas froid", "it isn't cold"),
)
ORDINALS = (
    ("premier", "first"), ("deuxième", "second"), ("troisième", "third"), ("quatrième", "fourth"),
    ("cinquième", "fifth"), ("dernier", "last"),
)  # fmt: skip


def weather(rng: random.Random) -> Pair:
    """Il fait beau aujourd'hui. / The weather is nice today."""
    fr, en = rng.choice(WEATHER)
    past = " was" in en or en.endswith("ed")
    future = "will" in en or "going" in en
    section = "past" if past else "future" if future else ""
    when = (
        rng.choice(adverbs(section))
        if section
        else (("", ""), ("aujourd'hui", "today"), ("ce matin", "this morning"))[rng.randrange(3)]
    )
    where = geography(rng) if rng.random() < 0.4 else ("", "")
    return printed(f"{fr} {where[0]} {when[0]}", f"{en} {where[1]} {when[1]}")


def calendar(rng: random.Random) -> Pair:
    """Il est huit heures. Nous sommes le 3 mai. / It is eight o'clock. It is May 3."""
    hour, day = rng.randint(1, 12), rng.choice(DAYS)
    month, number, year = rng.choice(MONTHS), rng.randint(1, 31), rng.randint(1789, 2030)
    plural = "s" if hour > 1 else ""
    fr_hour = "une" if hour == 1 else DIGITS[hour]
    event = lexicon.noun_phrase(rng, rng.choice(lexicon.nouns("event")), "t", "definite")
    be, is_fr = ("are", "sont") if event.plural else ("is", "est")
    begins_en, begins_fr = ("start", "commencent") if event.plural else ("starts", "commence")
    return rng.choice(
        (
            printed(f"il est {fr_hour} heure{plural}", f"it is {WORDS[hour]} o'clock"),
            printed(f"il est {fr_hour} heure{plural} et demie", f"it is half past {WORDS[hour]}"),
            printed(
                f"il est {fr_hour} heure{plural} et quart", f"it is a quarter past {WORDS[hour]}"
            ),
            printed(f"nous sommes {day[0]}", f"it is {day[1]}"),
            printed(
                f"{event.fr} {is_fr} {day[0]}",
                f"{event.en} {be} on {day[1]}",
            ),
            printed(f"nous sommes le {number} {month[0]}", f"it is {month[1]} {number}"),
            printed(
                f"{event.fr} {begins_fr} le {number} {month[0]}",
                f"{event.en} {begins_en} on {month[1]} {number}",
            ),
            printed(
                f"{event.fr} {begins_fr} à {fr_hour} heure{plural}",
                f"{event.en} {begins_en} at {WORDS[hour]} o'clock",
            ),
            printed(f"je suis né en {year}", f"I was born in {year}"),
            printed(
                f"elle est née le {number} {month[0]} {year}",
                f"she was born on {month[1]} {number}, {year}",
            ),
            printed(f"il est mort en {year}", f"he died in {year}"),
            printed(f"mon anniversaire est en {month[0]}", f"my birthday is in {month[1]}"),
        )
    )


def naming(rng: random.Random) -> Pair:
    """Je m'appelle Marie. Mon frère s'appelle Paul. / My name is Marie. ..."""
    name = person_name(rng)[0] if rng.random() < 0.6 else invented(rng)
    if rng.random() < 0.2:
        name += " " + invented(rng)
    fr, _, city = rng.choice(lexicon.names("cities"))
    one = rng.choice(lexicon.nouns("person"))
    company = (
        invented_company(rng) if rng.random() < 0.5 else rng.choice(lexicon.names("companies"))[0]
    )
    company_en = dict((a, c) for a, _, c in lexicon.names("companies")).get(company, company)
    poss = rng.choice((("mon", "my"), ("son", "his"), ("notre", "our"), ("votre", "your")))
    poss_fr = (
        {"mon": "ma", "son": "sa"}.get(poss[0], poss[0])
        if one.gender == "f" and not french.starts_with_vowel(one.fr)
        else poss[0]
    )
    return rng.choice(
        (
            printed(f"je me appelle {name}", f"my name is {name}"),
            printed(f"il se appelle {name}", f"his name is {name}"),
            printed(f"elle se appelle {name}", f"her name is {name}"),
            printed(
                f"{poss_fr} {one.fr} se appelle {name}", f"{poss[1]} {one.en}'s name is {name}"
            ),
            printed(f"{name} habite à {fr}", f"{name} lives in {city}"),
            printed(f"{name} travaille chez {company}", f"{name} works at {company_en}"),
            printed(
                f"je me appelle {name} et je travaille chez {company} à {fr}",
                f"my name is {name} and I work at {company_en} in {city}",
            ),
            printed(f"je travaille chez {company}", f"I work at {company_en}"),
            printed(f"bonjour, je suis {name}", f"hello, I am {name}"),
            printed(f"voici {name}", f"this is {name}"),
        )
    )


def owning(rng: random.Random) -> Pair:
    """Le livre de Marie est sur la table. / Marie's book is on the table."""
    one = rng.choice(
        lexicon.nouns(
            rng.choice(("thing", "work", "clothes", "vehicle", "animal", "study", "place"))
        )
    )
    plural = rng.random() < 0.2
    fr_one, en_one = (one.fr_plural, one.en_plural) if plural else (one.fr, one.en)
    owner, _, owner_en = person_name(rng)
    of = f"{lexicon.definite(one, plural)} {fr_one} de {owner}"
    who = Phrase(of, f"{owner_en}'s {en_one}", 5 if plural else 2, one.gender == "f")
    if rng.random() < 0.4:
        return assembled(
            rng, who, BE, Manner(rng.choice(("present", "imperfect"))), location(rng), ("", "")
        )
    trait = rng.choice(lexicon.adjectives("t"))
    return assembled(
        rng, who, BE, Manner("present"), (trait.agreed(who.feminine, plural), trait.en), ("", "")
    )


def alone(rng: random.Random) -> Pair:
    """Le chat noir / the black cat: a noun phrase without a verb."""
    what = lexicon.of_class(rng, rng.choice(lexicon.COUNTABLE))
    fr, en = printed(what.fr, what.en, "")
    if rng.random() < 0.7:
        return fr[0].lower() + fr[1:] if what.fr[0].islower() else fr, en[0].lower() + en[
            1:
        ] if what.en[0].islower() else en
    return fr, en


def lasting(rng: random.Random) -> Pair:
    """Nous habitons à Lyon depuis trois ans. / We have lived in Lyon for three years."""
    who = rng.choice(PRONOUNS[:-1]) if rng.random() < 0.7 else subject(rng)
    number = rng.randint(2, 12)
    unit = rng.choice(
        (("ans", "years"), ("mois", "months"), ("jours", "days"), ("heures", "hours"))
    )
    span = f"depuis {DIGITS[number]} {unit[0]}", f"for {WORDS[number]} {unit[1]}"
    has = "has" if who.english_person == 2 else "have"
    kind = rng.randrange(3)
    if kind == 0:
        verb, place = rng.choice((("habiter", "lived"), ("travailler", "worked"))), geography(rng)
        fr = f"{french.conjugated(verb[0], 'present', who.person)} {place[0]}"
        en = f"{has} {verb[1]} {place[1]}"
    elif kind == 1:
        what = lexicon.of_class(rng, rng.choice(("field", "subject")))
        fr = f"{french.conjugated('apprendre', 'present', who.person)} {what.fr}"
        en = f"{has} been learning {what.en}"
    else:
        actions = [one for one in lexicon.verbs("intransitive") if not one.state]
        action = rng.choice(actions)
        fr = french.conjugated(action.fr, "present", who.person)
        en = f"{has} been {english.gerund(action.en)}"
    return printed(f"{who.fr} {fr} {span[0]}", f"{who.en} {en} {span[1]}")


def becoming(rng: random.Random) -> Pair:
    """Mon frère veut devenir médecin. / My brother wants to become a doctor."""
    who = subject(rng)
    one = rng.choice([each for each in lexicon.nouns("person") if each.gender == "m"])
    while who.plural or who.feminine or who.fr == "on":
        who = subject(rng)
    job = f"{english.indefinite(one.en)} {one.en}"
    forms = (
        (Verb("vouloir", "want", state=True), "devenir", "to become"),
        (Verb("espérer", "hope", state=True), "devenir", "to become"),
        (Verb("devenir", "become", with_etre=True), "", ""),
    )
    verb, fr, en = rng.choice(forms)
    tense = rng.choice(("past", "future")) if not fr else "present"
    return assembled(rng, who, verb, Manner(tense), (f"{fr} {one.fr}", f"{en} {job}"), ("", ""))


def counting(rng: random.Random) -> Pair:
    """La première leçon est facile. / The first lesson is easy."""
    fr, en = rng.choice(ORDINALS)
    name = rng.choice(("study", "work", "event", "person", "place"))
    one = rng.choice(lexicon.nouns(name))
    feminine = one.gender == "f"
    fr = {"premier": "première", "dernier": "dernière"}.get(fr, fr) if feminine else fr
    article = lexicon.definite(one, False)
    which = Phrase(f"{article} {fr} {one.fr}", f"the {en} {one.en}", feminine=feminine)
    trait = rng.choice(lexicon.adjectives("p" if name == "person" else "t"))
    if rng.random() < 0.3:
        return printed(f"ce est {which.fr}", f"it is {which.en}")
    how = Manner(rng.choice(("present", "imperfect")))
    return assembled(rng, which, BE, how, (trait.agreed(feminine, False), trait.en), ("", ""))
