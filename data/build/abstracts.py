"""Abstracts of invented medical studies, as PubMed's in the Pile: one packed file.

    python -m data.build.abstracts

`medicine/topics.words` says what is studied, `medicine/*.txt` how one writes about it, and
`medicine_figures` keeps the numbers of a study in step. `medicine/told.tsv` holds records written
by hand, with the numbers and titles that the course prints.
"""

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from data.build import medicine_figures as figures
from data.build import packed
from data.build.cases import Case, Writer, cases, only
from data.build.grammar import Choices, Expansion, Grammar

FOLDER = Path(__file__).with_name("medicine")
NAME = "PUBMED_title_abstracts_2020_baseline"
FILE = packed.DATASETS / "qualis2006" / NAME / f"{NAME}.jsonl.zst"
ROWS = 20_000
SHUFFLED_FIRST = 8132  # the row that a shuffle buffer of 10,000 with seed 42 gives first
# Where a part of the file begins, and the PMID that it begins with.
PARTS = ((0, 11_409_574), (820, 12_020_416), (SHUFFLED_FIRST, 11_410_799), (12_700, 10_231_058))
GAP = 0.3  # the share of PMIDs that are left out
DESIGNS = {
    "trial": 27, "cohort": 25, "test": 12, "survey": 8, "review": 10, "report": 9, "animal": 9,
}  # fmt: skip
# Sizes of the studies, and which way their results lean.
SCALES = {
    "trial": ((40, 900), -0.3), "cohort": ((80, 2400), 0.35), "review": ((600, 9000), -0.2),
    "report": ((40, 80), 0.0), "animal": ((14, 60), 0.2),
}  # fmt: skip
ADULTS = frozenset(("women", "men", "smokers"))  # no groups where all are children, or of one sex
LANGUAGES = {"eng": 970, "fre": 9, "ger": 9, "spa": 5, "jpn": 4, "ita": 3}
VERBS = {"is": "are", "was": "were", "has": "have", "does": "do", "lowers": "lower",
         "helps": "help", "raises": "raise", "acts": "act", "remains": "remain"}  # fmt: skip
SUBJECT = r"(^|\n|[.:,] |\bthat |\bwhether |\bif )"  # what stands before a subject
LABELS = {"aim": "OBJECTIVE: ", "methods": "METHODS: ", "results": "RESULTS: ",
          "close": "CONCLUSIONS: "}  # fmt: skip


@cache
def base() -> Grammar:
    """Return lists and patterns that all studies share."""
    return Grammar.read(FOLDER)


@cache
def topics() -> tuple[Case, ...]:
    """Return what is studied."""
    return tuple(cases(FOLDER / "topics.words"))


def facts(rng: random.Random, design: str, about: Case) -> tuple[dict[str, str], str]:
    """Return the words for a study's numbers, and its verdict."""
    found, verdict = figures.general(rng), "same"
    if design == "test":
        own, verdict = figures.test_facts(rng)
    elif design == "survey":
        own, verdict = figures.survey_facts(rng), rng.choice(("better", "same", "worse"))
    else:
        compared = figures.compared(rng, *SCALES[design])
        own, verdict = figures.comparison_facts(compared), compared.verdict
    found |= own | figures.measured(rng, about) | figures.people(rng, about.kind)
    return found | {"what": about.name}, verdict


def abstract(rng: random.Random) -> str:
    """Return a title and, on the next line, an abstract."""
    design = rng.choices(list(DESIGNS), list(DESIGNS.values()))[0]
    about = rng.choice(topics())
    found, verdict = facts(rng, design, about)
    fixed = {name: only(text) for name, text in found.items()}
    if about.kind in figures.SEXES:
        fixed["subgroup"] = without(base().lists["subgroup"], ADULTS)
    lists = {**base().lists, **about.lists, **fixed}
    writer = Writer(Expansion(Grammar(lists, {}, base().patterns), rng))
    treat, versus = (about.lists[name].phrases for name in ("treat", "versus"))
    which = rng.randrange(len(treat))
    both = {"treat:1": treat[which], "versus:1": versus[which % len(versus)]}
    writer.expansion.bound.update(both)
    (title,) = writer.sentences(f"{design}.title")
    body = " ".join(sentences(rng, writer, design, verdict))
    return agreed(f"{title}{'' if title.endswith('?') else '.'}\n{body}")


@cache
def plural_subject() -> re.Pattern[str]:
    """Return a pattern for a phrase in the plural and a verb that is not."""
    phrases = "|".join(map(re.escape, base().lists["many"].phrases))
    return re.compile(rf"{SUBJECT}({phrases}) ({'|'.join(VERBS)})\b", re.IGNORECASE)


def agreed(text: str) -> str:
    """Return the text with plural verbs after plural subjects, and units as they are printed.

    >>> agreed("Hip protectors is effective.")
    'Hip protectors are effective.'
    """
    text = text.replace(" %", "%")
    return plural_subject().sub(lambda found: f"{found[1]}{found[2]} {VERBS[found[3]]}", text)


def without(choices: Choices, phrases: frozenset[str]) -> Choices:
    """Return the choices that are none of the phrases."""
    pairs = zip(choices.phrases, choices.weights, strict=True)
    kept = [(phrase, weight) for phrase, weight in pairs if phrase not in phrases]
    return Choices([phrase for phrase, _ in kept], [weight for _, weight in kept])


def sentences(rng: random.Random, writer: Writer, design: str, verdict: str) -> Iterator[str]:
    """Yield the sentences of an abstract, some with the labels of their parts."""
    labelled = design not in ("report", "animal") and rng.random() < 0.08
    plan = (
        ("background", "background", 0 if design == "animal" else drawn(rng, (6, 4, 1))),
        ("aim", f"{design}.aim", 1),
        ("methods", f"{design}.methods", 1),
        ("", f"{design}.detail", drawn(rng, (4, 4, 2))),
        ("results", f"{design}.results", 1),
        ("", f"{design}.more", drawn(rng, (3, 4, 2, 1))),
        ("close", f"{design}.{verdict}", 1),
    )
    for part, topic, count in plan:
        for i, sentence in enumerate(writer.sentences(topic, count)):
            label = LABELS.get(part, "") if labelled and i == 0 else ""
            yield label + sentence


def drawn(rng: random.Random, weights: tuple[int, ...]) -> int:
    """Return a count: the first weight is that of none."""
    return rng.choices(range(len(weights)), weights)[0]


def told() -> list[tuple[int, str]]:
    """Return PMID and text of the records written by hand."""
    lines = (FOLDER / "told.tsv").read_text("utf-8").splitlines()
    fields = [line.split("\t") for line in lines]
    return [(int(pmid), f"{title}\n{body}") for pmid, title, body in fields]


def pmids(rng: random.Random, count: int) -> Iterator[int]:
    """Yield PMIDs that rise within each part, the first five without a gap."""
    starts, number = dict(PARTS), 0
    for i in range(count):
        number = starts.get(i, number + 1)
        while i > 4 and i not in starts and rng.random() < GAP:
            number += 1
        yield number


def record(pmid: int, language: str, text: str) -> dict[str, Any]:
    """Return a row; PubMed puts a title that it translated in brackets."""
    if language != "eng":
        title, _, body = text.partition("\n")
        text = f"[{title.rstrip('.')}].\n{body}"
    return {"meta": {"pmid": pmid, "language": language}, "text": text}


def records(count: int = ROWS, seed: int = 2019) -> Iterator[dict[str, Any]]:
    """Yield the rows of the file."""
    rng, hand = random.Random(seed), dict(told())
    for pmid in pmids(random.Random(seed + 1), count):
        language = rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
        text = abstract(rng)
        if pmid in hand:
            language, text = "eng", hand[pmid]
        yield record(pmid, language, text)


def main() -> None:
    """Write the file."""
    packed.write(FILE, records())


if __name__ == "__main__":
    main()
