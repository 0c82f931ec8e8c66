"""Clauses in French and English side by side: subject, verb group, negation and question."""

import random
from dataclasses import dataclass

from data.build import english, french

TENSES = ("present", "progressive", "past", "imperfect", "future", "near", "conditional", "recent")
NEGATIONS = {"not": "pas", "never": "jamais", "no longer": "plus"}
POSSESSIVES = (
    ("mon", "ma", "mes", "my"), ("ton", "ta", "tes", "your"), ("son", "sa", "ses", "his"),
    ("notre", "notre", "nos", "our"), ("votre", "votre", "vos", "your"),
    ("leur", "leur", "leurs", "their"),
)  # fmt: skip
ETRE = "être"


@dataclass(frozen=True)
class Phrase:
    """A noun phrase or pronoun in both languages, with what a verb must agree with."""

    fr: str
    en: str
    person: int = 2
    feminine: bool = False
    pronoun: bool = False

    @property
    def plural(self) -> bool:
        """Whether the phrase is plural."""
        return self.person >= 3

    @property
    def english_person(self) -> int:
        """The English verb's person: French "on" is "we"."""
        return 3 if self.fr == "on" else self.person


@dataclass(frozen=True)
class Verb:
    """A lexicon entry: infinitives without the French preposition, which stands apart."""

    fr: str
    en: str
    preposition: str = ""
    classes: tuple[str, ...] = ()
    state: bool = False
    with_etre: bool = False
    reflexive: bool = False


@dataclass(frozen=True)
class Manner:
    """How a clause is said: its tense, its negation ("" for none) and whether it asks."""

    tense: str = "present"
    negation: str = ""
    question: str = ""  # "", "est-ce que", "inversion" or "tone"


def clause(
    subject: Phrase, verb: Verb, manner: Manner, tail: tuple[str, str] = ("", ""), clitic: str = ""
) -> tuple[str, str]:
    """Return (French, English) of one clause, without capital and full stop.

    `tail` is what follows the verb in each language; `clitic` the French object pronoun.
    """
    fr = french_clause(subject, verb, manner, clitic)
    en = english_clause(subject, verb.en, manner)
    return f"{fr} {tail[0]}", f"{en} {tail[1]}"


def french_clause(subject: Phrase, verb: Verb, manner: Manner, clitic: str = "") -> str:
    """Return subject and verb group in French."""
    finite, rest = french_group(subject, verb, manner, clitic)
    if manner.question == "inversion":
        return inverted(finite, subject, rest)
    group = f"{subject.fr} {finite} {rest}"
    return f"est-ce que {group}" if manner.question == "est-ce que" else group


def french_group(subject: Phrase, verb: Verb, manner: Manner, clitic: str) -> tuple[str, str]:
    """Return the finite part (with ne and pronouns) and what follows it."""
    person, tense = subject.person, manner.tense
    pronouns = " ".join(filter(None, (reflexive(verb, person), clitic)))
    no = NEGATIONS.get(manner.negation, "")
    ne = "ne" if no else ""
    if tense in ("near", "recent", "progressive"):
        helper = {"near": "aller", "recent": "venir", "progressive": ETRE}[tense]
        link = {"near": "", "recent": "de", "progressive": "en train de"}[tense]
        finite = french.conjugated(helper, "present", person)
        return f"{ne} {finite}", f"{no} {link} {pronouns} {verb.fr}"
    if tense != "past":
        return f"{ne} {pronouns} {french.conjugated(verb.fr, tense, person)}", no
    with_etre = verb.with_etre or verb.reflexive
    auxiliary = french.conjugated(ETRE if with_etre else "avoir", "present", person)
    return f"{ne} {pronouns} {auxiliary}", f"{no} {past_participle(subject, verb, clitic)}"


def past_participle(subject: Phrase, verb: Verb, clitic: str) -> str:
    """Return the participle, agreeing with the subject (être) or the pronoun before (la, les)."""
    if verb.with_etre or verb.reflexive:
        return french.participle(verb.fr, subject.feminine, subject.plural)
    return french.participle(verb.fr, clitic == "·la", clitic == "·les")


def reflexive(verb: Verb, person: int) -> str:
    """Return the reflexive pronoun, if the verb has one."""
    return french.REFLEXIVE[person] if verb.reflexive else ""


def inverted(finite: str, subject: Phrase, rest: str) -> str:
    """Return verb-pronoun order; only for pronoun subjects."""
    link = "-t-" if subject.person == 2 and finite[-1] in "aec" else "-"
    return f"{finite}{link}{subject.fr} {rest}"


def english_clause(subject: Phrase, verb: str, manner: Manner) -> str:
    """Return subject and verb group in English."""
    auxiliary, rest = english_group(verb, manner, subject.english_person)
    if manner.question and manner.question != "echo":
        return f"{auxiliary} {subject.en} {rest}"
    return f"{subject.en} {auxiliary} {rest}"


def english_group(verb: str, manner: Manner, person: int) -> tuple[str, str]:
    """Return the auxiliary (empty when none is needed) and the rest of the verb group."""
    auxiliary, main, bare = english_parts(verb, manner.tense, person)
    if manner.negation in ("never", "no longer"):
        word = manner.negation
        if manner.question and not auxiliary:
            return support(manner.tense, person), f"{word} {bare}"
        return (auxiliary, f"{word} {main}") if auxiliary else ("", f"{word} {main}")
    if not auxiliary and (manner.negation or manner.question):
        auxiliary, main = support(manner.tense, person), bare
    return (english.negated(auxiliary) if manner.negation else auxiliary), main


def english_parts(verb: str, tense: str, person: int) -> tuple[str, str, str]:
    """Return (auxiliary, main verb, bare verb) of an affirmative English verb group."""
    head, rest = english.split(verb)
    if head in ("can", "must"):
        return modal(head, rest.strip(), tense, person)
    is_past = tense in ("past", "imperfect")
    if head == "be" and tense in ("present", "past", "imperfect"):
        return english.BE["past" if is_past else "present"][person], rest.strip(), verb
    if tense == "progressive":
        return english.BE["present"][person], english.gerund(verb), verb
    if tense == "near":
        return english.BE["present"][person], f"going to {verb}", verb
    if tense == "recent":
        return ("has" if person == 2 else "have"), f"just {english.participle(verb)}", verb
    if tense in ("future", "conditional"):
        return ("will" if tense == "future" else "would"), verb, verb
    if is_past:
        return "", english.past(verb), verb
    return "", english.third_person(verb) if person == 2 else verb, verb


def modal(head: str, rest: str, tense: str, person: int) -> tuple[str, str, str]:
    """Return the parts for can and must in the tenses that they have."""
    if tense == "present":
        return head, rest, rest
    if tense in ("past", "imperfect"):
        if head == "must":
            return "", f"had to {rest}", f"have to {rest}"
        return "could", rest, rest
    auxiliary = "will" if tense == "future" else "would"
    if tense == "conditional":
        return ("could" if head == "can" else "should"), rest, rest
    bare = f"be able to {rest}" if head == "can" else f"have to {rest}"
    return auxiliary, bare, bare


def support(tense: str, person: int) -> str:
    """Return the form of do that questions and negations need."""
    if tense in ("past", "imperfect"):
        return "did"
    return "does" if person == 2 else "do"


def weighted(rng: random.Random, table: dict[str, float]) -> str:
    """Draw one key by its weight."""
    return rng.choices(list(table), list(table.values()))[0]


def printed(fr: str, en: str, mark: str = ".") -> tuple[str, str]:
    """Return both sentences as printed: elided, spaced, capitalised, with the final mark."""
    left, right = french.elided(fr), " ".join(en.split())
    space = " " if mark in ("?", "!") else ""
    return left[:1].upper() + left[1:] + space + mark, right[:1].upper() + right[1:] + mark
