"""English word forms: inflection, auxiliaries, articles."""

import re
from functools import cache

from data.build.french import section

SUBJECTS = ("I", "you", "he", "we", "you", "they")
BE = {
    "present": ("am", "are", "is", "are", "are", "are"),
    "past": ("was", "were", "was", "were", "were", "were"),
}
DOUBLE = (
    "stop",
    "plan",
    "swim",
    "run",
    "get",
    "put",
    "sit",
    "cut",
    "win",
    "forget",
    "begin",
    "hug",
    "chat",
    "program",
)
NOT = {
    "can": "can't", "will": "won't", "must": "must not", "would": "wouldn't", "could": "couldn't",
    "do": "don't", "does": "doesn't", "did": "didn't", "is": "isn't", "are": "aren't",
    "am": "am not",
    "was": "wasn't", "were": "weren't", "have": "haven't", "has": "hasn't", "should": "shouldn't",
}  # fmt: skip


@cache
def irregular_verbs() -> dict[str, tuple[str, str]]:
    """Return base form -> (past, past participle)."""
    rows = (line.split() for line in section("irregular.txt", "english"))
    return {base: (past, done) for base, past, done in rows if base != "#"}


def third_person(verb: str) -> str:
    """Return the third person singular present of a verb phrase's first word."""
    head, rest = split(verb)
    special = {"be": "is", "have": "has", "do": "does", "go": "goes"}
    return special.get(head, plural(head)) + rest


def past(verb: str) -> str:
    """Return the simple past of a verb phrase's first word, and the rest."""
    head, rest = split(verb)
    return irregular_verbs().get(head, (with_ed(head),))[0] + rest


def participle(verb: str) -> str:
    """Return the past participle of a verb phrase's first word, and the rest."""
    head, rest = split(verb)
    return irregular_verbs().get(head, ("", with_ed(head)))[1] + rest


def gerund(verb: str) -> str:
    """Return the form in -ing of a verb phrase's first word, and the rest."""
    head, rest = split(verb)
    if head.endswith("ie"):
        form = head[:-2] + "ying"
    elif head.endswith("e") and head not in ("be", "see", "agree"):
        form = head[:-1] + "ing"
    else:
        form = (head + head[-1] if head in DOUBLE else head) + "ing"
    return form + rest


def split(verb: str) -> tuple[str, str]:
    """Return the inflected word and the rest, with its leading space."""
    head, space, rest = verb.partition(" ")
    return head, space + rest


def with_ed(word: str) -> str:
    """Return the regular past."""
    if word.endswith("e"):
        return word + "d"
    if re.search("[^aeiou]y$", word):
        return word[:-1] + "ied"
    return (word + word[-1] if word in DOUBLE else word) + "ed"


def plural(word: str) -> str:
    """Return the regular plural of a noun, or third person of a verb."""
    if re.search("(s|x|z|ch|sh)$", word):
        return word + "es"
    return re.sub("[^aeiou]y$", lambda m: m[0][0] + "ie", word) + "s"


def negated(auxiliary: str) -> str:
    """Return the auxiliary with its negation."""
    return NOT[auxiliary]


def indefinite(noun_phrase: str) -> str:
    """Return "a" or "an" for the words that follow."""
    first = noun_phrase.lower()
    if first.startswith(("uni", "use", "usu", "eu", "one")):
        return "a"
    return "an" if first[:1] in "aeiou" or first.startswith(("hour", "honest")) else "a"


def comparative(adjective: str) -> str:
    """Return the comparative of a regular adjective."""
    if len(re.findall("[aeiouy]+", re.sub("e$", "", adjective))) > 1 and not adjective.endswith(
        "y"
    ):
        return f"more {adjective}"
    if adjective.endswith("y"):
        return adjective[:-1] + "ier"
    if re.search("[^aeiou][aeiou][bdgnt]$", adjective):
        return adjective + adjective[-1] + "er"
    return adjective + ("r" if adjective.endswith("e") else "er")


def superlative(adjective: str) -> str:
    """Return the superlative that belongs to `comparative`."""
    form = {"good": "better", "bad": "worse"}.get(adjective) or comparative(adjective)
    if form.startswith("more "):
        return "most " + adjective
    return {"better": "best", "worse": "worst"}.get(form, form.removesuffix("r") + "st")
