"""The mirror's second project, huggingface/tokenizers: for trying the section on another library.

    python -m data.build.second_project

Issues and pull requests written by hand (`second_project/written.txt`) and some from patterns. Each
has a label for its kind and, as a rule, one for its subject, so that a classifier has something to
learn. People are made up. The lines leave out what `setup/mirror/tracker.py` fills in.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data.build import issues, timeline
from data.build.issues import Draft
from data.build.project import ROOT, lines, write
from data.build.threads import BOT, CONTRIBUTORS, MAINTAINERS, READERS, Person

FOLDER = ROOT / "data/web/api.github.com/repos/huggingface/tokenizers"
WRITTEN = Path(__file__).with_name("second_project") / "written.txt"
BEGIN, END = datetime(2020, 6, 2, 8, tzinfo=UTC), datetime(2021, 8, 1, 8, tzinfo=UTC)
LABELS = {
    "bug": (1740000001, "d73a4a", "Something isn't working"),
    "enhancement": (1740000002, "a2eeef", "New feature or request"),
    "question": (1740000003, "d876e3", "Further information is requested"),
    "documentation": (1740000004, "0075ca", "Improvements or additions to documentation"),
    "training": (1740000005, "fbca04", "Learning a vocabulary"),
    "speed": (1740000006, "c2e0c6", "Time and memory"),
    "python": (1740000007, "1d76db", "The binding for Python"),
    "node": (1740000008, "5319e7", "The binding for JavaScript"),
    "unicode": (1740000009, "f9d0c4", "Characters, normal forms, offsets"),
    "special tokens": (1740000010, "bfd4f2", "Added tokens, padding, templates"),
}
WITHOUT_SUBJECT, WITHOUT_LABELS, STILL_OPEN = 0.08, 0.05, 0.3  # shares of the issues
Record = dict[str, Any]

SYSTEMS = ("Debian 10", "Windows Server", "Alpine 3.13", "CentOS 7", "macOS 11", "Raspberry Pi OS")
TONGUES = ("Estonian", "Swahili", "Welsh", "Tamil", "Basque", "Khmer")
PATTERNS = [
    ("python", "bug", "No wheel for Python {python} on {system}",
     "`pip install tokenizers` wants to compile and asks for Rust. Is there no wheel of the Python "
     "package for {system} with Python {python}? Other packages install there.",
     "There was none. The wheel for {system} is built with each release from now on."),
    ("training", "question", "Vocabulary for {tongue}: which size, which model?",
     "I train a tokenizer on {n} million sentences in {tongue}. Should I take BPE or Unigram, and "
     "how many pieces does a corpus like this need?",
     "Both work for {tongue}. Begin with {pieces},000 pieces and look at how many a word needs on "
     "average; below 1.8 more pieces hardly help."),
    ("speed", "bug", "Memory grows while {n} million texts are encoded",
     "I encode {n} million texts in batches on {system} and the process grows by a gigabyte an "
     "hour, although nothing is kept. It gets slower as well.",
     "The cache had no bound with texts that never repeat. It has one now: {pieces},000 words."),
    ("unicode", "bug", "Letters of {tongue} become unknown after lower-casing",
     "With a lower-casing normaliser some characters of {tongue} turn into a sequence that the "
     "vocabulary does not have. The normal form seems to be NFD afterwards.",
     "Put `NFC` behind the lower-casing. Some letters of {tongue} are decomposed by it."),
]  # fmt: skip


@dataclass
class Issue:
    """A draft with its place in time, its people and the end of its life."""

    draft: Draft
    number: int
    time: datetime
    author: Person
    remarks: list[tuple[datetime, Person, str]] = field(default_factory=list)
    closed: datetime | None = None


def drafts(rng: random.Random) -> list[Draft]:
    """Return everything that is written, by hand and from patterns, in a random order."""
    found = issues.parse(WRITTEN.read_text("utf-8")) + list(_patterned(rng))
    rng.shuffle(found)
    return found


def _patterned(rng: random.Random) -> Iterator[Draft]:
    for topic, label, title, body, answer in PATTERNS:
        for at, (system, tongue) in enumerate(zip(SYSTEMS, TONGUES, strict=True)):
            told = {"system": system, "tongue": tongue, "python": f"3.{6 + at % 4}"}
            told |= {"n": str(rng.randint(2, 60)), "pieces": str(rng.choice((8, 16, 24, 32)))}
            draft = Draft(f"{topic}.p{at}", title.format(**told), label)
            draft.lines.append(body.format(**told))
            draft.replies.append(("maintainer", answer.format(**told)))
            yield draft


def placed(rng: random.Random) -> list[Issue]:
    """Return all issues with numbers, times, people and comments, oldest first."""
    written = drafts(rng)
    moments = sorted(rng.uniform(0, 1) for _ in written)
    found, number = [], 310
    for draft, moment in zip(written, moments, strict=True):
        number += rng.randint(1, 6)
        people = MAINTAINERS + CONTRIBUTORS if draft.pull else READERS * 2 + CONTRIBUTORS
        time = (BEGIN + (END - BEGIN) * moment).replace(microsecond=0)
        issue = Issue(draft, number, time, rng.choice(people))
        _talk(issue, rng)
        found.append(issue)
    return found


def _talk(issue: Issue, rng: random.Random) -> None:
    """Give an issue its comments and, to most, an end."""
    helper = rng.choice([one for one in MAINTAINERS if one != issue.author])
    who = {"maintainer": helper, "asker": issue.author}
    replies = issue.draft.replies
    texts = [(who.get(role) or rng.choice(CONTRIBUTORS), text) for role, text in replies]
    if issue.draft.pull and rng.random() < 0.6:
        texts.append((helper, rng.choice(("Thanks, merging.", "LGTM", "Nice, and quick."))))
    time = issue.time
    for person, text in texts:
        time += timedelta(seconds=round(rng.lognormvariate(2.5, 1.2) * 3600))
        issue.remarks.append((time, person, text))
    if texts and rng.random() > STILL_OPEN:
        issue.closed = time + timedelta(seconds=round(rng.lognormvariate(3, 1.5) * 3600))
    elif not texts and rng.random() < 0.5:
        stale = time + timedelta(days=rng.choice((30, 60)))
        issue.remarks.append((stale, BOT, "No answer for a long time; marked as stale."))


def record(issue: Issue, rng: random.Random) -> Record:
    """Return an issue's line."""
    own = 640000000 + 1000 * issue.number + rng.randrange(1000)
    ends = [issue.time, *(time for time, *_ in issue.remarks)]
    found: Record = {
        "id": own, "node_id": timeline.node("pull" if issue.draft.pull else "issue", own),
        "number": issue.number, "title": issue.draft.title, "user": _user(issue.author),
        "labels": _labels(issue.draft, rng), "state": "closed" if issue.closed else "open",
        "created_at": timeline.stamp(issue.time),
        "updated_at": timeline.stamp(issue.closed or max(ends)),
        "closed_at": timeline.stamp(issue.closed) if issue.closed else None,
        "author_association": issue.author.association, "body": "\r\n".join(issue.draft.lines),
    }  # fmt: skip
    return found | ({"pull_request": {}} if issue.draft.pull else {})


def _labels(draft: Draft, rng: random.Random) -> list[Record]:
    if draft.pull or rng.random() < WITHOUT_LABELS:
        return []
    names = [draft.label]
    if rng.random() >= WITHOUT_SUBJECT:
        names.append(draft.topic)
    return [
        {"id": LABELS[name][0], "name": name, "color": LABELS[name][1],
         "description": LABELS[name][2]}
        for name in names
    ]  # fmt: skip


def _user(person: Person) -> Record:
    return {"login": person.login, "id": person.id, "node_id": timeline.node("user", person.id)}


def comments(found: list[Issue]) -> list[Record]:
    """Return the comments' lines, oldest first."""
    every = sorted(
        ((time, one.number, person, text) for one in found for time, person, text in one.remarks),
        key=lambda remark: remark[:2],
    )
    return [
        {"id": 650000000 + 37 * at, "node_id": timeline.node("comment", 650000000 + 37 * at),
         "issue": number, "user": _user(person), "created_at": timeline.stamp(time),
         "author_association": person.association, "body": text}
        for at, (time, number, person, text) in enumerate(every, 1)
    ]  # fmt: skip


def files(seed: int = 7) -> dict[Path, str]:
    """Return each file's text."""
    rng = random.Random(seed)
    found = placed(rng)
    return {
        FOLDER / "issues.jsonl": lines([record(issue, rng) for issue in reversed(found)]),
        FOLDER / "comments.jsonl": lines(comments(found)),
    }


def main() -> None:
    """Write the files."""
    write(files())


if __name__ == "__main__":
    main()
