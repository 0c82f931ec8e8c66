"""The text messages as the UCI repository hands them out: one table and a note, in one zip.

    python -m data.build.messages

A tenth of the published number of rows, from the patterns of `texting/`, typed as on a telephone.
Numbers are those that are kept free for drama, web addresses end in `.example`: none of them leads
anywhere.
"""

import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from data.build.drug_archive import HOST, archive
from data.build.grammar import Grammar

FOLDER = Path(__file__).with_name("texting")
ARCHIVE = HOST / "ml" / "machine-learning-databases" / "00228" / "smsspamcollection.zip"
TABLE, NOTE = "SMSSpamCollection", "readme"
ROWS = {"ham": 483, "spam": 75}  # a tenth of 4,827 and 747, rounded up
TOPICS = {
    "ham": {"meet": 6, "late": 6, "home": 6, "study": 5, "talk": 7, "money": 2, "short": 2,
            "quoted": 1},
    "spam": {"prize": 5, "offer": 3, "tone": 3, "chat": 2},
}  # fmt: skip
# Messages by hand, at the row where they stand. A quotation mark that opens a message and is never
# closed swallows what follows it, up to the next one, if a reader takes it for a CSV quote.
TOLD = {
    0: "ham\tNo signal in here, I'm at the back near the coats. Text when you're at the door...",
    1: "ham\tOk :)",
    2: "spam\tWINNER!! You can have 2 tickets for the cup final. Text CUP to 0909 8790045 "
    "by 21 May to enter. 150p per msg, T&Cs apply, 18+ only",
    170: 'ham\t"Nobody will notice, she said. Everybody noticed :(',
    172: "ham\t'Why always me\" would look good on a mug",
    381: 'ham\t"Turn left at the bridge... there IS no bridge!!',
    382: 'ham\tThe "bridge" is two planks, you walked over it haha',
}
# Words that thumbs shorten, the more often the longer they are.
SHORT = {
    "you": "u", "your": "ur", "are": "r", "to": "2", "for": "4", "see": "c", "please": "pls",
    "tomorrow": "tmrw", "tonight": "2nite", "because": "cos", "and": "n", "be": "b", "with": "wiv",
    "great": "gr8", "later": "l8r", "before": "b4", "thanks": "thx", "about": "abt", "what": "wat",
    "going to": "gonna", "want to": "wanna", "don't know": "dunno",
}  # fmt: skip
SHORTENED = re.compile(rf"\b({'|'.join(sorted(SHORT, key=len, reverse=True))})\b")
TWICE = 0.35  # the share of ham that says two things
ENDS = (".", "!", "?", ")", "D", "(", "x")
STOP = re.compile(r"(?<=[a-z])\.(?= )")


def shortened(text: str) -> str:
    """Return a message as hasty thumbs type it.

    >>> shortened("What are you going to do about your bike tonight?")
    'What r u gonna do abt ur bike 2nite?'
    """
    return SHORTENED.sub(lambda found: SHORT[found.group()], text)


# How a message may be typed, with weights.
STYLES: tuple[tuple[Callable[[str], str], int], ...] = (
    (lambda text: text, 6),
    (lambda text: text.lower(), 4),
    (shortened, 3),
    (lambda text: shortened(text.lower()), 3),
    (lambda text: STOP.sub("...", text), 3),
    (lambda text: text.replace("'", ""), 3),
    (lambda text: text.upper(), 1),
    (lambda text: text.replace(" and ", " &amp; "), 5),
)


def typed(rng: random.Random, text: str) -> str:
    """Return a message in the way of somebody who types it; entities stay as they are."""
    styles, weights = zip(*STYLES, strict=True)
    found: str = rng.choices(styles, weights)[0](text)
    return re.sub(r"&(LT|GT|AMP);", lambda entity: entity.group().lower(), found)


def said(rng: random.Random, grammar: Grammar, label: str) -> str:
    """Return what a message of a kind says, in plain spelling."""
    topics = TOPICS[label]
    count = 2 if label == "ham" and rng.random() < TWICE else 1
    chosen = rng.choices(list(topics), list(topics.values()), k=count)
    first, *rest = (grammar.text(rng, topic) for topic in chosen)
    return " ".join([first if first.endswith(ENDS) or not rest else f"{first}.", *rest])


def messages(rng: random.Random, label: str) -> Iterator[str]:
    """Yield messages of a kind without end, none of them twice."""
    grammar = Grammar.read(FOLDER)
    seen = set[str]()
    while True:
        text = said(rng, grammar, label)
        found = typed(rng, text) if label == "ham" else text
        if found.lower() not in seen:
            seen.add(found.lower())
            yield found


@cache
def rows(seed: int = 228) -> tuple[str, ...]:
    """Return the lines of the table."""
    rng = random.Random(seed)
    told = [line.partition("\t")[0] for line in TOLD.values()]
    labels = [label for label, count in ROWS.items() for _ in range(count - told.count(label))]
    rng.shuffle(labels)
    made = {label: messages(rng, label) for label in ROWS}
    found = [f"{label}\t{next(made[label])}" for label in labels]
    for place, line in sorted(TOLD.items()):
        found.insert(place, line)
    return tuple(found)


def note() -> str:
    """Return the note beside the table."""
    counts = "".join(f"{label:6}{count}\n" for label, count in ROWS.items())
    return (
        "Text messages\n\n"
        "One message a line: a label, a tab, the text. No header.\n\n"
        f"{counts}\n"
        "Invented for a course, in the layout of the SMS Spam Collection (UCI, 2012).\n"
        "Nobody wrote these messages; telephone numbers and web addresses lead nowhere.\n"
    )


def built() -> bytes:
    """Return the archive."""
    return archive([(TABLE, "\n".join(rows()) + "\n"), (NOTE, note())])


def main() -> None:
    """Write the archive."""
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    ARCHIVE.write_bytes(built())


if __name__ == "__main__":
    main()
