"""The French-English lexicon: nouns, adjectives and verbs, and noun phrases drawn from it."""

import random
from dataclasses import dataclass
from functools import cache

from data.build import english, french
from data.build.clauses import POSSESSIVES, Phrase, Verb

COUNTABLE = (
    "person", "animal", "food", "thing", "clothes", "vehicle", "place", "study", "work", "event",
    "body", "abstract",
)  # fmt: skip
# Classes named by verbs that are single nouns rather than sections of the file.
SPECIAL = {
    "model": (("modèle", "m", "model"), ("robot", "m", "robot"), ("ordinateur", "m", "computer")),
    "device": (("lampe", "f", "lamp"), ("télévision", "f", "television"), ("radio", "f", "radio"),
               ("ordinateur", "m", "computer"), ("téléphone", "m", "phone")),
    "question": (("question", "f", "question"),),
    "song": (("chanson", "f", "song"),),
    "instrument": (("guitare", "f", "guitar"), ("piano", "m", "piano"), ("violon", "m", "violin")),
}  # fmt: skip
NUMBERS = (
    ("deux", "two"), ("trois", "three"), ("quatre", "four"), ("cinq", "five"), ("six", "six"),
    ("sept", "seven"), ("huit", "eight"), ("neuf", "nine"), ("dix", "ten"), ("douze", "twelve"),
    ("quinze", "fifteen"), ("vingt", "twenty"), ("trente", "thirty"), ("cent", "one hundred"),
    ("plusieurs", "several"), ("quelques", "a few"), ("beaucoup de", "many"), ("peu de", "few"),
    ("trop de", "too many"), ("assez de", "enough"),
)  # fmt: skip


@dataclass(frozen=True)
class Noun:
    """One noun: gender is m, f or p (plural only)."""

    fr: str
    gender: str
    en: str
    fr_plural: str = ""
    en_plural: str = ""


@dataclass(frozen=True)
class Adjective:
    """One adjective; `before` says that it stands before the French noun."""

    fr: str
    feminine: str
    en: str
    comparative: str
    classes: str
    before: bool

    def agreed(self, feminine: bool, plural: bool) -> str:
        """Return the form for a gender and number."""
        return french.agreed(self.fr, self.feminine, feminine, plural)


@cache
def nouns(name: str) -> tuple[Noun, ...]:
    """Return the nouns of one class."""
    if name in SPECIAL:
        return tuple(noun(":".join(entry)) for entry in SPECIAL[name])
    return tuple(noun(entry) for entry in entries("nouns.txt", name))


def noun(entry: str) -> Noun:
    """Read one noun: French/plural:gender:English/plural."""
    fr, gender, en = entry.replace("_", " ").split(":")
    fr, _, fr_plural = fr.partition("/")
    en, _, en_plural = en.partition("/")
    return Noun(fr, gender, en, fr_plural or french.plural(fr), en_plural or english.plural(en))


def entries(file: str, name: str) -> list[str]:
    """Return the comma-separated entries of one section."""
    return [part.strip() for line in french.section(file, name) for part in line.split(", ")]


@cache
def names(section: str) -> tuple[tuple[str, str, str], ...]:
    """Return (French, mark, English) of the names in a section; the mark may be empty."""
    found = []
    for entry in entries("nouns.txt", section):
        parts = entry.replace("_", " ").split(":")
        if section == "countries":
            found.append((parts[0], parts[1], parts[2]))
        elif section == "names":
            found.append((parts[0], parts[1], parts[0]))
        else:
            found.append((parts[0], "", parts[-1]))
    return tuple(found)


@cache
def adjectives(kind: str) -> tuple[Adjective, ...]:
    """Return the adjectives for people ("p") or things ("t")."""
    text = (french.LEXICON / "adjectives.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = [adjective(part.strip()) for line in lines for part in line.split(", ")]
    return tuple(one for one in found if one.classes in (kind, "a"))


def adjective(entry: str) -> Adjective:
    """Read one adjective: masculine:feminine:English/comparative:classes."""
    fields = entry.split(":")
    fr, en, classes = fields[0], fields[-2], fields[-1]
    feminine = fields[1] if len(fields) == 4 and fields[1] else french.feminine(fr)
    en, _, comparative = en.partition("/")
    comparative = comparative or english.comparative(en)
    return Adjective(fr, feminine, en, comparative, classes.strip("<"), classes.startswith("<"))


@cache
def verbs(section: str) -> tuple[Verb, ...]:
    """Return the verbs of one section."""
    return tuple(verb(entry, section) for entry in entries("verbs.txt", section))


def verb(entry: str, section: str) -> Verb:
    """Read one verb of a section: French_preposition:English:object classes."""
    fr, en, *classes = entry.split(":")
    fr, _, preposition = fr.partition("_")
    marks = en[: len(en) - len(en.lstrip("~+"))]
    return Verb(
        fr, en.lstrip("~+").replace("_", " "), preposition,
        tuple(classes[0].split()) if classes else (),
        state="~" in marks, with_etre="+" in marks, reflexive=section == "reflexive",
    )  # fmt: skip


def of_class(rng: random.Random, name: str) -> Phrase:
    """Draw a noun phrase of any class that verbs may name."""
    if name in ("stuff", "drink", "mass", "money"):
        return mass(rng, name)
    if name in ("field", "subject", "sport"):
        return general(rng, name)
    if name in ("city", "company"):
        fr, _, en = rng.choice(names("cities" if name == "city" else "companies"))
        return Phrase(fr, en)
    if name == "person" and rng.random() < 0.3:
        fr, gender, en = rng.choice(names("names"))
        return Phrase(fr, en, feminine=gender == "f")
    return noun_phrase(rng, rng.choice(nouns(name)), "p" if name == "person" else "t")


def mass(rng: random.Random, name: str) -> Phrase:
    """Draw an uncountable noun with its partitive article: du pain, some bread."""
    one = rng.choice(nouns("mass" if name == "money" else name))
    one = noun("argent:m:money") if name == "money" else one
    kind = rng.random()
    if kind < 0.55:
        return Phrase(f"de {definite(one, False)} {one.fr}", f"some {one.en}")
    if kind < 0.7:
        return Phrase(f"beaucoup de {one.fr}", f"a lot of {one.en}")
    if kind < 0.8:
        return Phrase(f"un peu de {one.fr}", f"a little {one.en}")
    return Phrase(f"{definite(one, False)} {one.fr}", f"the {one.en}", feminine=one.gender == "f")


def general(rng: random.Random, name: str) -> Phrase:
    """Draw a subject, language or sport: le français, French."""
    one = rng.choice(nouns(name))
    plural = one.gender == "p"
    return Phrase(f"{definite(one, plural)} {one.fr}", one.en, feminine=one.gender == "f")


def definite(one: Noun, plural: bool) -> str:
    """Return le, la or les."""
    return "les" if plural else "la" if one.gender == "f" else "le"


def noun_phrase(rng: random.Random, one: Noun, kind: str, article: str = "") -> Phrase:
    """Draw determiner, number and adjectives for a noun; kind is p (people) or t (things)."""
    plural = rng.random() < 0.25
    describing = [rng.choice(adjectives(kind))] if rng.random() < 0.22 else []
    article = (
        article
        or rng.choices(
            ("definite", "indefinite", "possessive", "demonstrative", "number"), (40, 25, 20, 9, 6)
        )[0]
    )
    if article == "number":
        plural = True
    fr_core, en_core = core(one, describing, plural)
    fr_word, en_word = determiner(rng, article, one, plural, fr_core, en_core)
    feminine = one.gender == "f"
    return Phrase(f"{fr_word} {fr_core}", f"{en_word} {en_core}", 5 if plural else 2, feminine)


def core(one: Noun, describing: list[Adjective], plural: bool) -> tuple[str, str]:
    """Return noun and adjectives in both orders."""
    fr = one.fr_plural if plural else one.fr
    en = one.en_plural if plural else one.en
    for each in describing:
        form = each.agreed(one.gender == "f", plural)
        fr = f"{before_vowel(form, fr)} {fr}" if each.before else f"{fr} {form}"
        en = f"{each.en} {en}"
    return fr, en


def before_vowel(form: str, noun: str) -> str:
    """Return bel, vieil, nouvel before a vowel."""
    special = {"beau": "bel", "vieux": "vieil", "nouveau": "nouvel"}
    return special[form] if form in special and french.starts_with_vowel(noun) else form


def determiner(
    rng: random.Random, article: str, one: Noun, plural: bool, fr: str, en: str
) -> tuple[str, str]:
    """Return the determiner of both languages before the cores `fr` and `en`."""
    feminine = one.gender == "f"
    if article == "definite":
        return definite(one, plural), "the"
    if article == "number":
        return rng.choice(NUMBERS)
    if article == "indefinite":
        if plural:
            return (
                "de" if one.fr_plural != fr and not fr.startswith(one.fr_plural) else "des"
            ), "some"
        return ("une" if feminine else "un"), english.indefinite(en)
    if article == "demonstrative":
        if plural:
            return "ces", "these"
        vowel = french.starts_with_vowel(fr)
        return ("cette" if feminine else "cet" if vowel else "ce"), "this"
    forms = rng.choice(POSSESSIVES)
    if plural:
        return forms[2], forms[3]
    return (forms[1] if feminine and not french.starts_with_vowel(fr) else forms[0]), forms[3]
