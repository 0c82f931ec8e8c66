"""The issues, pull requests and comments that the mirror serves for huggingface/datasets.

    python -m data.build.project

Numbers, times and identifiers follow the pace of the real project; all texts are our own and all
people are made up. The lines leave out what `setup/mirror/tracker.py` fills in.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from data.build import issues, threads, timeline
from data.build.issues import REFERENCE, Corpus, Draft
from data.build.threads import CONTRIBUTORS, GHOST, MAINTAINERS, READERS, Person, Remark, Speaker

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data/web/api.github.com/repos/huggingface/datasets"
QUERIES = ROOT / "tests/data/search_queries.tsv"
# The course's random sample names these numbers: two pull requests and an issue.
FIXED = {"corpus36.1p": 783, "corpus41.1p": 850, "dataloader.1": 2773}
STILL_OPEN = 12  # the newest records, none of them closed
LABELS = {
    "bug": (1935892857, "d73a4a", "Something isn't working"),
    "enhancement": (1935892871, "a2eeef", "New feature or request"),
    "question": (1935892912, "d876e3", "Further information is requested"),
    "documentation": (1935892861, "0075ca", "Improvements or additions to documentation"),
    "duplicate": (1935892865, "cfd3d7", "This issue or pull request already exists"),
    "good first issue": (1935892877, "7057ff", "Good for newcomers"),
    "dataset request": (2067376369, "e99695", "Requesting to add a new dataset"),
    "dataset bug": (2067388877, "2edb81", "A bug in a dataset script provided in the library"),
    "metric bug": (2067393914, "25b21e", "A bug in a metric script"),
    "help wanted": (1935892884, "008672", "Extra attention is needed"),
}  # fmt: skip
STANDARD = frozenset(list(LABELS)[:6]) | {"help wanted"}
MILESTONES = {1: "1.6", 2: "1.7", 3: "1.8"}
LOCKS = {"licence.2": "resolved", "nlp_rename.1": "too heated", "urls.2": "resolved"}
Record = dict[str, Any]


def wishes(rng: random.Random) -> list[Draft]:
    """Return requests for data sets, and the pull requests that add, repair or update them."""
    found: list[Draft] = []
    for at, corpus in enumerate(issues.corpora()):
        topic = f"corpus{at}"
        wanted = at < 34
        if wanted:
            kinds = ("Wish: {}", "Request for {}", "[Dataset request] {}", "Please add {}")
            title = rng.choice(kinds)
            lines = [] if at % 9 == 4 else _wish(corpus, rng)
            found.append(
                Draft(f"{topic}.1", title.format(corpus.name), "dataset request", False, lines)
            )
        if at % 3 != 1 or not wanted:
            lines = [] if at % 8 == 3 else _addition(corpus, rng)
            after = f"{topic}.1" if wanted else ""
            title = rng.choice(("Add {} dataset", "Add {}", "New dataset: {}")).format(corpus.name)
            found.append(Draft(f"{topic}.1p", title, "", True, lines, after=after))
        if at % 2:
            title, text = rng.choice(REPAIRS)
            lines = [text.format(n=rng.randint(3, 90), task=corpus.task)]
            found.append(Draft(f"{topic}.2p", title.format(corpus.name), "", True, lines))
    return found


REPAIRS = [
    ("Fix url of {}", "The old address redirects to a page now. New one, and new checksums."),
    ("Update {}", "The authors corrected {n} rows; sizes and hashes are made again."),
    ("{}: add the test split", "It was published last week, {n} hundred rows without labels."),
    ("Fix encoding in {}", "{n} rows had broken accents; the file is opened as UTF-8 now."),
    ("Complete the card of {}", "Adds {n} lines: source, licence, and an example for {task}."),
    ("{}: smaller dummy data", "From some megabytes to {n} kB, so that tests are quick."),
]


def _wish(corpus: Corpus, rng: random.Random) -> list[str]:
    return rng.choice((
        [f"**Name:** {corpus.name}", f"**Task:** {corpus.task} ({corpus.language})",
         f"**What it is:** {corpus.content}.",
         f"**Why:** there is hardly anything for {corpus.task} in {corpus.language} so far."],
        [f"It would be nice to have {corpus.name} here: {corpus.content}.",
         f"It is meant for {corpus.task}; the language is {corpus.language}. "
         f"I can help with the card, as we used it in {rng.choice(('class', 'a project'))}."],
        [f"Hi, could {corpus.name} be added? It has {corpus.content} and is used for "
         f"{corpus.task} in {corpus.language}. The files are on the authors' own server, "
         f"about {rng.randint(2, 900)} MB."],
    ))  # fmt: skip


def _addition(corpus: Corpus, rng: random.Random) -> list[str]:
    done = rng.sample((
        "- [x] script and dummy data", "- [x] card with all headings", "- [x] tests pass here",
        f"- [x] {rng.randint(1, 4)} configurations", "- [ ] citation, waiting for the authors",
    ), 3)  # fmt: skip
    return [f"Adds {corpus.name} ({corpus.language}, {corpus.task}): {corpus.content}.", *done]


class Project:
    """Gives the drafts numbers, times, people and comments, all from one seed."""

    def __init__(self, seed: int = 5) -> None:
        self.rng = random.Random(seed)
        drafts = _linked(issues.drafts(), self.rng) + wishes(self.rng)
        drafts = [draft for draft in drafts if draft.key not in FIXED or not draft.after] + [
            draft for draft in drafts if draft.key in FIXED and draft.after
        ]
        places = timeline.places(drafts, self.rng)
        self.numbers = timeline.numbers(places, FIXED)
        self.drafts = _unique(drafts, self.numbers)
        self.newest = sorted(self.drafts)[-STILL_OPEN + 1 :]
        self.speaker = Speaker(random.Random(seed + 1))
        self.records: list[Record] = []
        self.comments: list[tuple[datetime, int, Remark]] = []

    def make(self) -> None:
        """Fill `records`, newest first, and `comments`, oldest first."""
        for number, draft in sorted(self.drafts.items()):
            self.records.append(self._record(number, draft))
        self.records.append(_newest())
        self.records.reverse()
        self.comments.sort(key=lambda comment: (comment[0], comment[1]))

    def _record(self, number: int, draft: Draft) -> Record:
        rng, time = self.rng, self._opened(number)
        author = self._author(draft)
        remarks = self._remarks(draft, author, time)
        closed = number not in self.newest and rng.random() < self._share_closed(draft)
        times = _times(time, len(remarks), closed, draft.pull, rng)
        for moment, remark in zip(times, remarks, strict=False):
            self.comments.append((moment, number, remark))
        end = times[-1] if closed else None
        helper = rng.choice(MAINTAINERS) if rng.random() < 0.12 else None
        kind = "pull" if draft.pull else "issue"
        own = timeline.identifier("issue", time)
        record: Record = {
            "id": own, "node_id": timeline.node(kind, own * 3 // 4 if draft.pull else own),
            "number": number, "title": draft.title, "user": _user(author),
            "labels": self._labels(draft), "state": "closed" if closed else "open",
            "assignee": _user(helper) if helper else None,
            "assignees": [_user(helper)] if helper else [], "milestone": self._milestone(number),
            "created_at": timeline.stamp(time), "updated_at": timeline.stamp(max([time, *times])),
            "closed_at": timeline.stamp(end) if end else None,
            "author_association": author.association, "body": self._body(draft, time),
        }  # fmt: skip
        if draft.pull:
            record["pull_request"] = {}
        if draft.key in LOCKS:
            record |= {"locked": True, "active_lock_reason": LOCKS[draft.key]}
        return record

    def _opened(self, number: int) -> datetime:
        time = timeline.opened(number)
        step = timeline.opened(number + 1) - time
        return (time + step * self.rng.uniform(0, 0.8)).replace(microsecond=0)

    def _author(self, draft: Draft) -> Person:
        if draft.key in ("classlabel.4", "concatenate.2"):
            return GHOST
        if draft.pull:
            return self.rng.choice(MAINTAINERS + CONTRIBUTORS + CONTRIBUTORS)
        inside = MAINTAINERS * 3 if draft.label in ("enhancement", "documentation") else []
        return self.rng.choice(READERS * 4 + CONTRIBUTORS * 2 + inside)

    def _remarks(self, draft: Draft, author: Person, time: datetime) -> list[Remark]:
        if draft.pull:
            return self.speaker.pull(draft, author, time)
        if not draft.replies:
            return self.speaker.request(author, time)
        remarks = self.speaker.issue(draft, author, time)
        return [Remark(one.author, self._referred(one.text)) for one in remarks]

    def _share_closed(self, draft: Draft) -> float:
        if draft.pull or draft.label == "duplicate":
            return 0.9
        return 0.7 if draft.replies else 0.45

    def _labels(self, draft: Draft) -> list[Record]:
        names = [draft.label] if draft.label else []
        if draft.label in ("question", "bug") and self.rng.random() < 0.25:
            names = []
        if draft.label in ("enhancement", "documentation") and self.rng.random() < 0.2:
            names.append("good first issue")
        if draft.topic in ("urls", "checksum") and names == ["bug"]:
            names = ["dataset bug"]
        if draft.topic == "metrics" and names == ["bug"]:
            names = ["metric bug"]
        return [_label(name) for name in names]

    def _milestone(self, number: int) -> Record | None:
        if not 1900 <= number < 2600 or self.rng.random() > 0.16:
            return None
        at = 1 + (number - 1900) * len(MILESTONES) // 700
        day = timeline.stamp(timeline.opened(1800 + 200 * at).replace(minute=0, second=0))
        return {
            "id": 6600000 + at, "number": at, "title": MILESTONES[at], "state": "closed",
            "description": "Next minor release", "creator": _user(MAINTAINERS[0]),
            "created_at": day, "updated_at": day, "closed_at": day,
        }  # fmt: skip

    def _body(self, draft: Draft, time: datetime) -> str | None:
        if not draft.lines:
            return None
        text = self._referred(threads.body(draft, time, self.rng))
        return text.replace("\n", "\r\n") if self.rng.random() < 0.75 else text

    def _referred(self, text: str) -> str:
        return REFERENCE.sub(lambda found: f"#{self.numbers[found[1]]}", text)

    def answers(self, key: str) -> list[int]:
        """Return the numbers of an issue and of those that were found to be the same."""
        twins = [draft.key for draft in self.drafts.values() if draft.after == key]
        found = [self.numbers[name] for name in [key, *twins] if not name.endswith("p")]
        return sorted(found)


def _unique(drafts: Iterable[Draft], numbers: dict[str, int]) -> dict[int, Draft]:
    return {numbers[draft.key]: draft for draft in drafts}


def _linked(drafts: list[Draft], rng: random.Random) -> list[Draft]:
    """Let most pull requests follow an issue of their topic, and name it."""
    asked: dict[str, list[str]] = defaultdict(list)
    for draft in drafts:
        if not draft.pull and not draft.after:
            asked[draft.topic].append(draft.key)
    for draft in drafts:
        if draft.pull and rng.random() < 0.65:
            draft.after = rng.choice(asked[draft.topic])
            verb = rng.choice(("Fix", "Close", "Related to", "See"))
            draft.lines.append(f"{verb} #{{{draft.after}}}")
    return drafts


def _times(
    begin: datetime, remarks: int, closed: bool, pull: bool, rng: random.Random
) -> list[datetime]:
    """Return when each remark was made, and last when the issue was closed, if it was."""
    hours = [rng.lognormvariate(1.8 if pull else 2.2, 1.2) for _ in range(remarks)]
    if closed:
        hours.append(rng.lognormvariate(2.9 if pull else 4.8, 1.5))
    room = (timeline.NOW - begin).total_seconds() / 3600
    scale = min(1.0, 0.9 * room / sum(hours)) if hours else 1.0
    found, time = [], begin
    for gap in hours:
        time += timedelta(seconds=max(40, round(gap * scale * 3600)))
        found.append(time)
    return found


def _user(person: Person) -> Record:
    return {"login": person.login, "id": person.id, "node_id": timeline.node("user", person.id)}


def _label(name: str) -> Record:
    own, color, description = LABELS[name]
    return {
        "id": own, "name": name, "color": color, "default": name in STANDARD,
        "description": description,
    }  # fmt: skip


NEWEST_ID, NEWEST_COMMENT = 968650274, 897594128


def _newest() -> Record:
    """Return the pull request that the course prints, in our words."""
    author = CONTRIBUTORS[0]
    return {
        "id": NEWEST_ID, "node_id": timeline.node("pull", NEWEST_ID * 3 // 4), "number": 2792,
        "title": "Update GooAQ", "user": _user(author), "state": "open",
        "created_at": "2021-08-12T11:40:18Z", "updated_at": "2021-08-12T12:31:17Z",
        "author_association": author.association,
        "body": "GooAQ has come out with a training, a validation and a test part, so the script "
        "now makes all three of them. The card tells their sizes.",
        "pull_request": {},
    }  # fmt: skip


def _newest_comment() -> Record:
    text = (
        "@maintainer-ash could you have a look at the tests? They fail for this one, and I do not "
        "see why. With `dataset_name = 'gooaq'`, `test_load_dataset` calls "
        "`load_all_configs(dataset_name, is_local=True)`, and that ends in `check_load_dataset("
        "dataset_name, configs, is_local, use_local_dummy_data=True)`:\r\n\r\n```\r\n"
        "tests/test_dataset_common.py:234:\r\ntests/test_dataset_common.py:187: in "
        "check_load_dataset\r\nE   AssertionError: False is not true\r\n```\r\n\r\nOn my machine "
        "`load_dataset` with the path of the script gives all three splits with the right number "
        "of rows. My guess is that a split of the dummy data is empty, since the script looks for "
        "the ids of each part in a second file."
    )
    return {
        "id": NEWEST_COMMENT, "node_id": timeline.node("comment", NEWEST_COMMENT), "issue": 2792,
        "user": _user(CONTRIBUTORS[0]), "created_at": "2021-08-12T12:21:52Z",
        "updated_at": "2021-08-12T12:31:17Z", "author_association": "CONTRIBUTOR", "body": text,
    }  # fmt: skip


def _comments(project: Project) -> list[Record]:
    found, last = [], 0
    for time, number, remark in project.comments:
        last = max(last + 1, timeline.identifier("comment", time))
        found.append({
            "id": last, "node_id": timeline.node("comment", last), "issue": number,
            "user": _user(remark.author), "created_at": timeline.stamp(time),
            "author_association": remark.author.association, "body": remark.text,
        })  # fmt: skip
    return [*found, _newest_comment()]


def lines(records: Iterable[Record]) -> str:
    """Return records as JSON Lines."""
    return "".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in records
    )


def files() -> dict[Path, str]:
    """Return each file's text: issues, comments, and the queries with their known answers."""
    project = Project()
    project.make()
    known = [
        (query, sorted({number for key in keys for number in project.answers(key)}))
        for query, keys in issues.queries()
    ]
    rows = [f"{query}\t{' '.join(map(str, numbers))}\n" for query, numbers in known]
    return {
        FOLDER / "issues.jsonl": lines(project.records),
        FOLDER / "comments.jsonl": lines(_comments(project)),
        QUERIES: "".join(["query\tissues\n", *rows]),
    }


def write(found: Mapping[Path, str]) -> None:
    """Write texts to their paths."""
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Write the files."""
    write(files())


if __name__ == "__main__":
    main()
