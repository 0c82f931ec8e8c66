"""French word forms: conjugation, agreement, articles and elision.

Persons are numbered 0-5: je, tu, il/elle, nous, vous, ils/elles.
"""

import re
from functools import cache
from pathlib import Path

LEXICON = Path(__file__).parent / "french_english"
PRESENT = {
    "er": ("e", "es", "e", "ons", "ez", "ent"),
    "ir": ("is", "is", "it", "issons", "issez", "issent"),
    "re": ("s", "s", "", "ons", "ez", "ent"),
}
IMPERFECT = ("ais", "ais", "ait", "ions", "iez", "aient")
FUTURE = ("ai", "as", "a", "ons", "ez", "ont")
PARTICIPLE = {"er": "é", "ir": "i", "re": "u"}
DOUBLED = ("appeler", "rappeler", "jeter")
REFLEXIVE = ("me", "te", "se", "nous", "vous", "se")
SUBJECTS = ("je", "tu", "il", "nous", "vous", "ils")
VOWELS = "aeiouyàâéèêëîïôùûœæh"
CONTRACTED = (("à le ", "au "), ("à les ", "aux "), ("de le ", "du "), ("de les ", "des "))
IMPERATIVES = {"être": ("sois", "soyons", "soyez"), "avoir": ("aie", "ayons", "ayez")}


def section(file: str, name: str) -> list[str]:
    """Return the lines of the section [name] in a lexicon file, without comments."""
    found, current = [], ""
    for line in (LEXICON / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif current == name and line and not line.startswith("#"):
            found.append(line)
    if not found:
        raise KeyError(f"{LEXICON / file} has no section [{name}]: add it")
    return found


@cache
def irregular_verbs() -> dict[str, tuple[list[str], str, str]]:
    """Return infinitive -> (six present forms, past participle, future stem)."""
    rows = (line.split("|") for line in section("irregular.txt", "french"))
    return {verb: (present.split(), past, future) for verb, present, past, future in rows}


def conjugated(verb: str, tense: str, person: int) -> str:
    """Return one form; tense is present, imperfect, future or conditional."""
    if tense == "present":
        return present(verb, person)
    if tense == "imperfect":
        return imperfect_stem(verb, person) + IMPERFECT[person]
    return future_stem(verb) + (FUTURE if tense == "future" else IMPERFECT)[person]


def present(verb: str, person: int) -> str:
    """Return one form of the present."""
    if verb in irregular_verbs():
        return irregular_verbs()[verb][0][person]
    stem, ending = verb[:-2], PRESENT[verb[-2:]][person]
    if verb.endswith("er"):
        stem = er_stem(stem, ending)
    return stem + ending


def er_stem(stem: str, ending: str) -> str:
    """Return the stem of a regular -er verb as it is spelt before `ending`."""
    if ending.startswith(("a", "o")):
        return re.sub("c$", "ç", re.sub("g$", "ge", stem))
    if ending not in ("e", "es", "ent"):
        return stem
    if stem + "er" in DOUBLED:
        return stem + stem[-1]
    if re.search("[uo]y$", stem):
        return stem[:-1] + "i"
    return re.sub("[eé]([^aeiouéèu]{1,2})$", r"è\1", stem) if accented(stem) else stem


def accented(stem: str) -> bool:
    """Whether the stem's last e becomes è before a silent ending (acheter, répéter, lever)."""
    return bool(re.search("(e[tvmn]|é[tr]|élér)$", stem)) and not stem.endswith(("een", "amen"))


def imperfect_stem(verb: str, person: int) -> str:
    """Return what the endings of the imperfect are put after."""
    if verb == "être":
        return "ét"
    stem = present(verb, 3).removesuffix("ons")
    if IMPERFECT[person].startswith("i") and not verb.endswith("oir"):
        stem = re.sub("ç$", "c", re.sub("ge$", "g", stem)) if verb.endswith("er") else stem
    return stem


def future_stem(verb: str) -> str:
    """Return what the endings of future and conditional are put after."""
    if verb in irregular_verbs():
        return irregular_verbs()[verb][2]
    if verb.endswith("re"):
        return verb[:-1]
    if verb.endswith("er") and not re.search("é[tr]er$", verb):
        return er_stem(verb[:-2], "e") + "er"
    return verb


def participle(verb: str, feminine: bool = False, plural: bool = False) -> str:
    """Return the past participle, agreeing when asked."""
    if verb in irregular_verbs():
        form = irregular_verbs()[verb][1]
    else:
        form = verb[:-2] + PARTICIPLE[verb[-2:]]
    if (feminine or plural) and form == "dû":
        form = "du"
    return agreed(form, form + "e", feminine, plural)


def imperative(verb: str, person: int) -> str:
    """Return the imperative of person 1, 3 or 4."""
    if verb in IMPERATIVES:
        return IMPERATIVES[verb][{1: 0, 3: 1, 4: 2}[person]]
    form = present(verb, person)
    ends = verb.endswith("er") or form.endswith("res")
    return form[:-1] if person == 1 and ends else form


def agreed(masculine: str, feminine: str, is_feminine: bool, is_plural: bool) -> str:
    """Return the form for a gender and number."""
    form = feminine if is_feminine else masculine
    return plural(form) if is_plural else form


def plural(word: str) -> str:
    """Return the regular plural of a noun or adjective; of a compound, its first word's."""
    head, space, rest = word.partition(" ")
    if head.endswith(("s", "x", "z")):
        return word
    if head.endswith(("eau", "eu")) and head != "bleu":
        return head + "x" + space + rest
    if head.endswith("al") and head not in ("festival", "récital", "bal"):
        return head[:-2] + "aux" + space + rest
    return head + "s" + space + rest


def feminine(word: str) -> str:
    """Return the regular feminine of an adjective."""
    return word if word.endswith("e") else word + "e"


def starts_with_vowel(word: str) -> bool:
    """Whether a word elides the one before it."""
    return word[:1].lower() in VOWELS and not word.startswith("*")


def elided(text: str) -> str:
    """Write a sentence as it is printed: elisions, contractions, no stars, one space.

    A middle dot marks a pronoun (·le voir), which elides but never contracts with à or de.
    """
    text = re.sub(r"\s+", " ", text).strip()
    vowel = f"(?=[{VOWELS}{VOWELS.upper()}ÉÎÊ])"
    for _ in range(2):
        text = re.sub(rf"\b(je|me|te|se|le|la|ne|de|que) {vowel}", _apostrophe, text)
    for full, short in CONTRACTED:
        text = re.sub(rf"(?<![\w'-]){full}", short, text)
    text = re.sub(r"\bsi (?=ils?\b)", "s'", text)
    text = re.sub(r"\bce (?=est\b|était\b)", "c'", text)
    return re.sub("[*·]", "", text)


def _apostrophe(match: re.Match[str]) -> str:
    return match[1][:-1] + "'"
