"""What people wrote about a data library: problems, answers, changes and talk, as text files.

The files of `helpdesk/` are read by their line's first mark: `@ TOPIC | LABEL` opens a topic,
`? TITLE` an issue (`? [LABEL] TITLE` has another label than its topic), `+ TITLE` a pull request;
`!` is a maintainer's answer, `=` somebody else's, `~` the asker's. Other lines are the body,
indented ones are code. `#{csv.2}` stands for the number of the second issue of the topic csv.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("helpdesk")
DUPLICATES, CORPORA, TALK = "7_duplicates.txt", "8_corpora.txt", "9_talk.txt"
SPEAKERS = {"!": "maintainer", "=": "other", "~": "asker"}
LABELLED = re.compile(r"\[([^\]]+)\] (.*)")
REFERENCE = re.compile(r"#\{([a-z_.0-9]+)\}")


@dataclass
class Draft:
    """An issue or a pull request before it has a number, a date and an author."""

    key: str  # TOPIC.NUMBER; pull requests end in p, duplicates in d
    title: str
    label: str
    pull: bool = False
    lines: list[str] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)  # who speaks, what
    after: str = ""  # the key of a draft that has to be older

    @property
    def topic(self) -> str:
        """Return what the draft is about, in one word."""
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class Corpus:
    """A data set that somebody asks for or adds: name, task, language, what is in it."""

    name: str
    task: str
    language: str
    content: str


def drafts() -> list[Draft]:
    """Return everything that was written by hand, topic by topic."""
    found: list[Draft] = []
    for path in sorted(FOLDER.glob("[1-7]_*.txt")):
        found += parse(path.read_text("utf-8"), duplicates=path.name == DUPLICATES)
    for draft in found:
        if draft.label == "bug" and draft.lines and draft.lines[-1].endswith("?"):
            draft.label = "question"
    return found


def parse(text: str, duplicates: bool = False) -> list[Draft]:
    """Return the drafts of one file.

    >>> parse("@ csv | bug\\n? Title\\nBody\\n! Answer")[0].replies
    [('maintainer', 'Answer')]
    """
    found: list[Draft] = []
    topic = label = ""
    counts: dict[str, int] = defaultdict(int)
    for line in filter(None, text.splitlines()):
        mark, _, rest = line.partition(" ")
        if mark == "@":
            topic, _, label = rest.partition(" | ")
        elif mark in ("?", "+"):
            kind = "p" if mark == "+" else ""
            counts[topic + kind] += 1
            key = f"{topic}d" if duplicates else f"{topic}.{counts[topic + kind]}{kind}"
            found.append(_opened(key, label, rest, mark == "+", topic if duplicates else ""))
        elif mark in SPEAKERS:
            found[-1].replies.append((SPEAKERS[mark], rest))
        else:
            found[-1].lines.append(line)
    return found


def _opened(key: str, label: str, title: str, pull: bool, after: str) -> Draft:
    own = LABELLED.match(title)
    if own:
        label, title = own.groups()
    return Draft(key, title, "" if pull else label, pull, after=after)


def corpora() -> list[Corpus]:
    """Return the data sets that are asked for and added; all names are made up."""
    lines = (FOLDER / CORPORA).read_text("utf-8").splitlines()
    return [Corpus(*line.split(" | ")) for line in lines]


def talk() -> dict[str, list[str]]:
    """Return the remarks that fit below any issue, by occasion."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / TALK).read_text("utf-8").splitlines():
        if line.startswith("@ "):
            occasion = found.setdefault(line[2:], [])
        else:
            occasion.append(line)
    return found


def queries() -> list[tuple[str, list[str]]]:
    """Return search queries and the keys of the issues whose comments answer each."""
    lines = (FOLDER / "queries.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return [(query, keys.split()) for query, keys in rows]
