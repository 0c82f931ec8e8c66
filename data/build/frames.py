"""Sentence frames: each draws one French-English pair from the lexicon and the grammar."""

import random
from collections.abc import Callable
from functools import cache

from data.build import english, french, lexicon
from data.build.clauses import Manner, Phrase, Verb, clause, printed, weighted

Pair = tuple[str, str]
PRONOUNS = (
    Phrase("je", "I", 0, pronoun=True),
    Phrase("tu", "you", 1, pronoun=True),
    Phrase("il", "he", 2, pronoun=True),
    Phrase("elle", "she", 2, True, pronoun=True),
    Phrase("nous", "we", 3, pronoun=True),
    Phrase("vous", "you", 4, pronoun=True),
    Phrase("ils", "they", 5, pronoun=True),
    Phrase("elles", "they", 5, True, pronoun=True),
    Phrase("on", "we", 2, pronoun=True),
)
CLITICS = (
    ("me", "me"),
    ("te", "you"),
    ("·le", "him"),
    ("·la", "her"),
    ("nous", "us"),
    ("vous", "you"),
    ("·les", "them"),
)
INDIRECT = (("me", "me"), ("te", "you"), ("lui", "him"), ("nous", "us"), ("leur", "them"))
TENSE = {
    "present": 40,
    "past": 24,
    "future": 9,
    "near": 6,
    "imperfect": 6,
    "progressive": 5,
    "conditional": 4,
    "recent": 3,
}
BE = Verb("être", "be", state=True)
HAVE = Verb("avoir", "have", state=True)
GO = Verb("aller", "go", with_etre=True)
ON_AS_WE = PRONOUNS[-1]


@cache
def adverbs(section: str) -> tuple[tuple[str, ...], ...]:
    """Return the (French, English) adverbials of one section."""
    return tuple(tuple(line.split(" = ")) for line in french.section("adverbs.txt", section))


def subject(rng: random.Random, name: str = "person") -> Phrase:
    """Draw a subject: a pronoun, a name or a noun phrase; "on" is English we."""
    if name == "person" and rng.random() < 0.62:
        return rng.choice(PRONOUNS[:-1]) if rng.random() < 0.94 else ON_AS_WE
    if name == "person" and rng.random() < 0.4:
        fr, gender, en = person_name(rng)
        return Phrase(fr, en, feminine=gender == "f")
    if name == "person" and rng.random() < 0.12:
        return pair_of_people(rng)
    one = rng.choice(lexicon.nouns(name))
    articles = ("definite", "possessive", "demonstrative", "indefinite")
    article = rng.choices(articles, (55, 28, 12, 5))[0]
    return lexicon.noun_phrase(rng, one, "p" if name == "person" else "t", article)


def person_name(rng: random.Random) -> tuple[str, str, str]:
    """Draw a first name: a known one, or an invented one, so that names are copied."""
    if rng.random() < 0.7:
        return rng.choice(lexicon.names("names"))
    name = invented(rng)
    return name, rng.choice("mf"), name


@cache
def syllables() -> tuple[str, ...]:
    """Return what invented names are made of."""
    return tuple(" ".join(french.section("nouns.txt", "syllables")).split())


def invented(rng: random.Random) -> str:
    """Draw a name that no list holds."""
    word = "".join(rng.choices(syllables(), k=rng.randint(2, 3))) + rng.choice(
        ("", "n", "s", "r", "x")
    )
    return word.capitalize()


def pair_of_people(rng: random.Random) -> Phrase:
    """Draw two names joined by and."""
    first, second = person_name(rng), person_name(rng)
    feminine = first[1] == second[1] == "f"
    return Phrase(f"{first[0]} et {second[0]}", f"{first[2]} and {second[2]}", 5, feminine)


def manner(rng: random.Random, verb: Verb, who: Phrase) -> Manner:
    """Draw tense, negation and question form that fit the verb and the subject."""
    tense = weighted(rng, TENSE)
    if verb.state and tense in ("progressive", "recent"):
        tense = "present"
    if verb.en.startswith(("can", "must")) and tense in ("near", "recent", "progressive"):
        tense = "present"
    negation = rng.choices(("", "not", "never", "no longer"), (76, 18, 4, 2))[0]
    if tense in ("recent", "progressive") or (tense == "near" and negation != "not"):
        negation = ""
    question = ""
    if rng.random() < 0.16 and tense not in ("recent",) and negation != "no longer":
        forms = ["est-ce que", "est-ce que", "tone"]
        if (
            who.pronoun
            and who.fr != "on"
            and tense != "conditional"
            and not (who.person == 0 and tense in ("present", "past"))
        ):
            forms.append("inversion")
        question = rng.choice(forms)
    return Manner(tense, negation, question)


def adverbial(rng: random.Random, how: Manner, chance: float = 0.4) -> Pair:
    """Draw an adverbial of time, place, company or manner that fits the tense, or nothing."""
    if rng.random() > chance:
        return "", ""
    kind = rng.choices(("time", "place", "company"), (60, 28, 12))[0]
    if kind != "time":
        return rng.choice(adverbs(kind))  # type: ignore[return-value]
    section = {"near": "future", "conditional": "future", "recent": ""}.get(how.tense, how.tense)
    return rng.choice(adverbs(section)) if section else ("", "")  # type: ignore[return-value]


def assembled(
    rng: random.Random,
    who: Phrase,
    verb: Verb,
    how: Manner,
    tail: Pair,
    when: Pair,
    clitic: str = "",
) -> Pair:
    """Return the printed sentence with adverbial `when` at its end or, sometimes, its start."""
    if how.tense == "present" and not verb.state and rng.random() < 0.08 and not when[0]:
        when = rng.choice(adverbs("progressive"))  # type: ignore[assignment]
    english_how = how
    if when in adverbs("progressive") and how.tense == "present" and not verb.state:
        english_how = Manner("progressive", how.negation, how.question)
    fr, _ = clause(who, verb, how, tail, clitic)
    en = said_in_english(who, verb, english_how, tail[1])
    mark = "?" if how.question else "."
    if when[0] and not how.question and rng.random() < 0.12:
        return printed(f"{when[0]}, {fr}", f"{when[1]}, {en}", mark)
    if not when[0] and not how.question and rng.random() < 0.05:
        opening = rng.choice(adverbs("opening"))
        return printed(f"{opening[0]} {fr}", f"{opening[1]} {en}", mark)
    return printed(f"{fr} {when[0]}", f"{en} {when[1]}", mark)


def said_in_english(who: Phrase, verb: Verb, how: Manner, tail: str) -> str:
    """Return the English clause; the imperfect of an action is "was eating"."""
    if how.tense == "imperfect" and not verb.state and how.negation != "no longer":
        being = Manner("imperfect", how.negation, how.question)
        return clause(who, Verb("être", f"be {english.gerund(verb.en)}"), being, ("", tail))[1]
    return clause(who, verb, how, ("", tail))[1]


def transitive(rng: random.Random) -> Pair:
    """Le chien mange une pomme. / The dog eats an apple."""
    verb = rng.choice(lexicon.verbs("transitive"))
    who = subject(rng)
    how = manner(rng, verb, who)
    name = rng.choice(verb.classes)
    what = lexicon.of_class(rng, name)
    if verb.fr in ("aimer", "adorer", "détester", "préférer"):
        return liking(rng, verb, who, how)
    fr, en = what.fr, what.en
    if how.negation and name != "field":
        fr, en = negated_object(fr, en)
    if how.question or how.negation:
        en = f"any {en[5:]}" if en.startswith("some ") else en
    return assembled(
        rng, who, verb, how, (f"{verb.preposition} {fr}", en), adverbial(rng, how, 0.3)
    )


def negated_object(fr: str, en: str) -> Pair:
    """Return the object after a negation: pas de pain, not any bread; pas un livre stays."""
    for article in ("des ", "de le ", "de la "):
        if fr.startswith(article):
            return f"de {fr.removeprefix(article)}", en
    return fr, en


def liking(rng: random.Random, verb: Verb, who: Phrase, how: Manner) -> Pair:
    """J'aime les chiens. / I like dogs."""
    name = rng.choice([one for one in verb.classes if one not in ("place", "clothes", "thing")])
    if name in ("food", "drink", "stuff", "animal"):
        one = rng.choice(lexicon.nouns(name))
        countable = name in ("food", "animal")
        fr = f"les {one.fr_plural}" if countable else f"{lexicon.definite(one, False)} {one.fr}"
        en = one.en_plural if countable else one.en
    else:
        what = lexicon.of_class(rng, name)
        fr, en = what.fr, what.en
    meaning = "like" if verb.fr == "aimer" and name != "person" else verb.en
    if verb.fr == "adorer":
        meaning = "love"
    tense = how.tense if how.tense in ("present", "imperfect", "past", "conditional") else "present"
    verb = Verb(verb.fr, meaning, state=True)
    return assembled(rng, who, verb, Manner(tense, how.negation, how.question), (fr, en), ("", ""))


def intransitive(rng: random.Random) -> Pair:
    """Elle ne travaille pas à la maison. / She doesn't work at home."""
    section = rng.choices(("intransitive", "reflexive"), (70, 30))[0]
    verb = rng.choice(lexicon.verbs(section))
    who = subject(rng)
    how = manner(rng, verb, who)
    if how.question == "inversion" and verb.reflexive:
        how = Manner(how.tense, how.negation, "est-ce que")
    tail = rng.choice(adverbs("manner")) if rng.random() < 0.15 and section[0] == "i" else ("", "")
    if how.tense == "past" and tail[0] in ("bien", "beaucoup", "trop", "vite"):
        tail = ("", "")
    return assembled(rng, who, verb, how, tail, adverbial(rng, how, 0.5))  # type: ignore[arg-type]


def with_pronoun(rng: random.Random) -> Pair:
    """Je l'ai vue hier. / I saw her yesterday."""
    transitive_verbs = [one for one in lexicon.verbs("transitive") if "person" in one.classes]
    verb = rng.choice(
        [
            one
            for one in transitive_verbs
            if one.preposition in ("", "à")
            and one.fr not in ("penser", "ressembler", "rire", "croire")
        ]
    )
    fr, en = rng.choice(CLITICS if not verb.preposition else INDIRECT)
    who = subject(rng)
    if (fr, who.person) in (
        ("me", 0),
        ("te", 1),
        ("nous", 3),
        ("vous", 4),
        ("nous", 0),
        ("te", 4),
        ("vous", 1),
        ("me", 3),
    ):
        fr, en = ("·les", "them") if not verb.preposition else ("leur", "them")
    how = manner(rng, verb, who)
    if how.question == "inversion":
        how = Manner(how.tense, how.negation, "est-ce que")
    if fr in ("nous", "vous") and how.tense == "past":
        how = Manner("future", how.negation, how.question)
    return assembled(rng, who, verb, how, ("", en), adverbial(rng, how, 0.3), fr)


def with_infinitive(rng: random.Random) -> Pair:
    """Nous voulons visiter le musée. / We want to visit the museum."""
    verb = rng.choice(lexicon.verbs("infinitive"))
    who = subject(rng)
    how = manner(rng, verb, who)
    if rng.random() < 0.6:
        act = rng.choice(lexicon.verbs("transitive"))
        what = lexicon.of_class(rng, rng.choice(act.classes))
        tail = f"{act.fr} {act.preposition} {what.fr}", f"{act.en} {what.en}"
    else:
        act = rng.choice(lexicon.verbs("intransitive"))
        tail = act.fr, act.en
    if act.en.startswith(("can", "must")):
        return with_infinitive(rng)
    whole = Verb(verb.fr, verb.en, state=verb.state)
    tense = "present" if how.tense in ("progressive", "recent", "imperfect") else how.tense
    how = Manner(tense, how.negation, how.question)
    link = verb.preposition
    return assembled(rng, who, whole, how, (f"{link} {tail[0]}", tail[1]), adverbial(rng, how, 0.2))


def passive(rng: random.Random) -> Pair:
    """Ce livre a été écrit par mon oncle. / This book was written by my uncle."""
    verb = rng.choice(
        [
            one
            for one in lexicon.verbs("transitive")
            if not one.preposition
            and {"study", "work"} & set(one.classes)
            and one.fr not in ("aimer", "perdre", "savoir", "chercher", "avoir", "montrer")
        ]
    )
    name = rng.choice([one for one in verb.classes if one in ("study", "work")])
    what = subject(rng, name)
    if rng.random() < 0.55:
        by = lexicon.names("companies")
        agent = rng.choice(by)[::2] if rng.random() < 0.6 else (invented_company(rng),) * 2
    else:
        who = lexicon.of_class(rng, "person")
        agent = who.fr, who.en
    done = french.participle(verb.fr, what.feminine, what.plural)
    tense = rng.choices(
        ("present", "past", "future", "imperfect", "conditional", "near"), (40, 30, 12, 6, 4, 8)
    )[0]
    negation = "not" if rng.random() < 0.12 else ""
    question = rng.choice(("est-ce que", "tone")) if rng.random() < 0.1 else ""
    how = Manner(tense, negation, question)
    fr, en = (f"par {agent[0]}", f"by {agent[1]}") if rng.random() < 0.85 else ("", "")
    tail = f"{done} {fr}", f"{english.participle(verb.en)} {en}"
    return assembled(rng, what, BE, how, tail, adverbial(rng, how, 0.12))


def invented_company(rng: random.Random) -> str:
    """Draw a company's name of one or two invented or English words."""
    words = [
        "Open",
        "Face",
        "Blue",
        "Data",
        "Green",
        "Smart",
        "Deep",
        "Star",
        "Cloud",
        "Learning",
        "House",
        "Fox",
        "Hugging",
        "Happy",
        "Brain",
        "Media",
        "Books",
        "Lab",
        "Nova",
        "Sun",
        "First",
        "Global",
        "Studio",
        "Lion",
        "Bright",
        "River",
    ]
    if rng.random() < 0.5:
        return " ".join(rng.sample(words, 2))
    return f"{invented(rng)} {rng.choice(words)}" if rng.random() < 0.4 else invented(rng)


Frame = Callable[[random.Random], Pair]
