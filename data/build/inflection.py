"""English inflection, as far as the phrases in `grammar/` need it.

Verb phrases are inflected at their first word: `past("write a letter")` is "wrote a letter".
"""

from __future__ import annotations

from pathlib import Path

VOWELS = "aeiou"
WORDS = Path(__file__).with_name("inflection.txt")


def _section(name: str) -> list[str]:
    """Return the words of all lines of inflection.txt that begin with `[name]`."""
    lines = WORDS.read_text("utf-8").splitlines()
    return [word for line in lines if line.startswith(f"[{name}]") for word in line.split()[1:]]


PAST = dict(pair.split(":") for pair in _section("past"))
PLURALS = dict(pair.split(":") for pair in _section("plural"))
DOUBLED = frozenset(_section("doubled"))
SOUNDED_YOU = ("uni", "use", "eu", "one", "u.", "ut")
SILENT_H = ("hour", "hono", "heir", "hones")


def _split(phrase: str) -> tuple[str, str]:
    first, blank, rest = phrase.partition(" ")
    return first, blank + rest


def article(phrase: str) -> str:
    """Put `a` or `an` before the phrase."""
    lower = phrase.lower()
    vowel = lower[:1] in VOWELS and not lower.startswith(SOUNDED_YOU)
    return ("an " if vowel or lower.startswith(SILENT_H) else "a ") + phrase


def _consonant_y(word: str) -> bool:
    return len(word) > 1 and word.endswith("y") and word[-2] not in VOWELS


def past(phrase: str) -> str:
    """Return the past tense of a verb phrase."""
    verb, rest = _split(phrase)
    if verb in PAST:
        return PAST[verb] + rest
    if verb.endswith("e"):
        return verb + "d" + rest
    if _consonant_y(verb):
        return verb[:-1] + "ied" + rest
    return verb + (verb[-1] if verb in DOUBLED else "") + "ed" + rest


def progressive(phrase: str) -> str:
    """Return the -ing form of a verb phrase."""
    verb, rest = _split(phrase)
    if verb.endswith("ie"):
        return verb[:-2] + "ying" + rest
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return verb[:-1] + "ing" + rest
    return verb + (verb[-1] if verb in DOUBLED else "") + "ing" + rest


def _with_s(word: str) -> str:
    if _consonant_y(word):
        return word[:-1] + "ies"
    if word.endswith(("s", "x", "z", "ch", "sh")) or word in {"go", "do", "echo", "hero", "potato"}:
        return word + "es"
    return word + "s"


def third_person(phrase: str) -> str:
    """Return the third person singular, present tense, of a verb phrase."""
    verb, rest = _split(phrase)
    irregular = {"be": "is", "have": "has"}
    return irregular.get(verb, _with_s(verb)) + rest


def plural(phrase: str) -> str:
    """Return the plural of a noun phrase, whose last word is the noun."""
    head, blank, noun = phrase.rpartition(" ")
    return head + blank + PLURALS.get(noun, _with_s(noun))
