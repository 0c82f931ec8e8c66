"""The people of a project, what they say below an issue, and how a body is written down."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from data.build import issues, timeline
from data.build.issues import Draft

TREES = (
    "ash", "birch", "cedar", "elm", "hazel", "juniper",
)  # fmt: skip
BIRDS = (
    "finch", "heron", "kestrel", "lark", "magpie", "nuthatch", "oriole", "plover", "quail",
    "robin", "starling", "thrush", "wagtail", "wren",
)  # fmt: skip
ANIMALS = (
    "badger", "beaver", "bison", "camel", "dormouse", "ermine", "ferret", "gecko", "gibbon",
    "hamster", "hedgehog", "ibex", "jackal", "koala", "lemur", "lizard", "llama", "lynx",
    "marmot", "marten", "mole", "moose", "newt", "ocelot", "otter", "panda", "polecat",
    "porcupine", "puma", "rabbit", "salamander", "seal", "shrew", "sloth", "squirrel", "stoat",
    "tapir", "toad", "tortoise", "turtle", "vole", "walrus", "weasel", "wombat", "yak", "zebra",
)  # fmt: skip
SYSTEMS = (
    "Ubuntu 18.04", "Ubuntu 20.04", "Debian 10", "CentOS 7", "macOS 11.4", "macOS 10.15",
    "Windows 10", "Fedora 33", "Colab", "a SageMaker notebook", "a Slurm cluster", "WSL 2",
)  # fmt: skip
PYTHONS = ("3.6.9", "3.7.10", "3.7.11", "3.8.5", "3.8.8", "3.8.10", "3.9.2", "3.9.6")
LONG = (
    "reuse_cache.1", "num_proc.3", "memory.1", "windows.1", "random_access.1", "distributed.4",
    "hashing.1", "hashing.3", "num_proc.1",
)  # fmt: skip
PLACES = (
    ("load.py", "load_dataset"), ("builder.py", "download_and_prepare"),
    ("builder.py", "_prepare_split"), ("arrow_dataset.py", "wrapper"),
    ("arrow_dataset.py", "_map_single"), ("arrow_writer.py", "write_batch"),
    ("table.py", "fast_slice"), ("formatting/formatting.py", "extract_batch"),
    ("utils/file_utils.py", "cached_path"), ("features.py", "encode_nested_example"),
)  # fmt: skip
PAGES = ("loading_datasets", "processing", "exploring", "share_dataset", "faiss_and_ea", "splits")
MESSAGE = re.compile(r"\s*[\w.]*(Error|Exception|Overflow|ArrowInvalid|NotAllowed\w*|Options\(\))")
OFTEN = 2  # times a remark may stand in the whole project, unless there is no other


@dataclass(frozen=True)
class Person:
    """Somebody who writes: a made-up login, its number, and what the project calls them."""

    login: str
    id: int
    association: str


def _people(kind: str, names: Sequence[str], first: int, association: str) -> list[Person]:
    return [Person(f"{kind}-{name}", first + n, association) for n, name in enumerate(names)]


MAINTAINERS = _people("maintainer", TREES, 900000001, "MEMBER")
CONTRIBUTORS = _people("contributor", BIRDS, 900000101, "CONTRIBUTOR")
READERS = _people("reader", ANIMALS, 900000201, "NONE")
BOT = Person("github-actions[bot]", 41898282, "NONE")
GHOST = Person("ghost", 10137, "NONE")  # who has deleted the account


@dataclass(frozen=True)
class Remark:
    """One comment before it has a time and an identifier."""

    author: Person
    text: str


class Speaker:
    """Writes threads; remarks that fit anywhere are filled in and seldom repeated."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.talk = rng, issues.talk()
        self.corpora = [corpus.name for corpus in issues.corpora()]
        self.used: Counter[str] = Counter()

    def say(self, template: str, time: datetime, **names: str) -> str:
        """Fill in a remark's gaps."""
        rng = self.rng
        slots = {
            "version": timeline.release(time, rng.choice((0, 0, 1))), "os": rng.choice(SYSTEMS),
            "python": rng.choice(PYTHONS), "corpus": rng.choice(self.corpora),
            "n": str(rng.choice((3, 4, 6, 12, 14, 18, 25, 30, 40, 45, 60, 64, 75, 80, 90, 120))),
            "days": str(rng.choice((30, 45, 60, 75, 90, 120))),
        }  # fmt: skip
        return template.format(**slots, **names)

    def pick(self, occasion: str, time: datetime, **names: str) -> str:
        """Return a remark for an occasion, one that was seldom used."""
        tries = [
            self.say(self.rng.choice(self.talk[occasion]), time, **names) for _ in range(25)
        ]  # fmt: skip
        text = next((text for text in tries if self.used[text] < OFTEN), None)
        text = text or min(tries, key=self.used.__getitem__)
        self.used[text] += 1
        return text

    def issue(self, draft: Draft, asker: Person, time: datetime) -> list[Remark]:
        """Return the comments below an issue that was written by hand."""
        found: list[Remark] = []
        helper = self._other(asker)
        names = {"asker": asker.login, "helper": helper.login, "maintainer": helper.login}
        if draft.label == "bug":
            found += self._doubts(asker, time, names)
        found += self._answers(draft, asker, helper)
        if draft.key in LONG:
            found += self._long(asker, time, names)
        return found + self._end(draft, asker, helper, time, names)

    def _other(self, person: Person) -> Person:
        return self.rng.choice([one for one in MAINTAINERS if one != person])

    def _doubts(self, asker: Person, time: datetime, names: dict[str, str]) -> list[Remark]:
        """Return what is said before somebody knows the cause."""
        rng, found = self.rng, []
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            found.append(Remark(rng.choice(READERS), self.pick("same", time, **names)))
        if rng.random() < 0.4:
            found.append(Remark(self._other(asker), self.pick("ask", time, **names)))
            found.append(Remark(asker, self.pick("reply", time, **names)))
        return found

    def _answers(self, draft: Draft, asker: Person, helper: Person) -> list[Remark]:
        who = {"maintainer": helper, "asker": asker}
        found = [
            Remark(who.get(role) or self.rng.choice(CONTRIBUTORS), text)
            for role, text in draft.replies
        ]
        if found and self.rng.random() < 0.12:
            page = self.rng.choice(PAGES)
            link = f"https://huggingface.co/docs/datasets/{page}.html"
            text = f"{found[0].text}\n\nSee also [the documentation]({link})."
            found[0] = Remark(found[0].author, text)
        return found

    def _end(
        self, draft: Draft, asker: Person, helper: Person, time: datetime, names: dict[str, str]
    ) -> list[Remark]:
        rng, found = self.rng, []
        if all(role != "asker" for role, _ in draft.replies) and rng.random() < 0.4:
            found.append(Remark(asker, self.pick("thanks", time, **names)))
        if rng.random() < 0.12:
            found.append(Remark(helper, self.pick("close", time, **names)))
        elif rng.random() < 0.07:
            found.append(Remark(BOT, self.pick("stale", time, **names)))
        return found

    def _long(self, asker: Person, time: datetime, names: dict[str, str]) -> list[Remark]:
        """Return a long discussion: remarks in their order, some left out, six people by turns."""
        lines = self.talk["talk"]
        count = self.rng.randint(13, 30)
        kept = sorted(self.rng.sample(range(len(lines)), count))
        crew = [asker, *self.rng.sample(MAINTAINERS, 2), *self.rng.sample(CONTRIBUTORS, 2)]
        crew.append(self.rng.choice(READERS))
        found, last = [], asker
        for at in kept:
            last = self.rng.choice([one for one in crew if one != last])
            found.append(Remark(last, self.say(lines[at], time, **names)))
        return found

    def request(self, asker: Person, time: datetime) -> list[Remark]:
        """Return the comments below the wish for a data set."""
        helper = self._other(asker)
        names = {"asker": asker.login, "helper": helper.login, "maintainer": helper.login}
        found = []
        for number in range(self.rng.choice((0, 0, 1, 1, 2, 3, 4))):
            crew = MAINTAINERS if number % 2 else CONTRIBUTORS + READERS
            found.append(Remark(self.rng.choice(crew), self.pick("want", time, **names)))
        if found and self.rng.random() < 0.15:
            found.append(Remark(BOT, self.pick("stale", time, **names)))
        return found

    def pull(self, draft: Draft, author: Person, time: datetime) -> list[Remark]:
        """Return the comments below a pull request."""
        rng, helper = self.rng, self._other(author)
        kinds = ("review", "card") if draft.topic.startswith("corpus") else ("review",)
        names = {"asker": author.login, "helper": helper.login, "maintainer": helper.login}
        found = []
        for number in range(self.rng.choice((0, 0, 1, 1, 1, 2, 2, 3, 4))):
            who, occasion = (author, "author") if number % 2 else (helper, rng.choice(kinds))
            found.append(Remark(who, self.pick(occasion, time, **names)))
        if self.rng.random() < 0.3:
            found.append(Remark(BOT, self._benchmark()))
        return found

    def _benchmark(self) -> str:
        rows = [
            f"| {name} | {self.rng.uniform(0.01, 2):.3f} s | {self.rng.uniform(0.01, 2):.3f} s |"
            for name in ("read 50,000 rows", "write arrays", "map, batched", "select, shuffled")
        ]
        head = "<details>\n<summary>Timings of this branch</summary>\n"
        return "\n".join([head, "| case | branch | main |", "|---|---|---|", *rows, "\n</details>"])


def body(draft: Draft, time: datetime, rng: random.Random) -> str:
    """Return an issue's text as Markdown, in one of the forms that people use."""
    parts = _blocks(draft.lines, rng)
    bug = draft.label == "bug"
    if draft.pull or rng.random() < (0.25 if bug else 0.85):
        return "\n\n".join(parts).replace("\n\n- [", "\n- [")
    if bug and rng.random() < 0.7:
        code = [part for part in parts if part.startswith("```")] or [_attempt(rng)]
        prose = [part for part in parts if not part.startswith("```")]
        parts = ["## What happens", *prose, "## To reproduce", *code]
    return "\n\n".join([*parts, "## Versions", _versions(time, rng)])


def _attempt(rng: random.Random) -> str:
    """Return the call that somebody made who did not say more."""
    name = rng.choice(issues.corpora()).name.lower().replace(" ", "_")
    call = rng.choice((
        f'ds = load_dataset("{name}")', f'ds = load_dataset("{name}", split="train[:1%]")',
        f'ds = load_dataset("./{name}", data_dir="data")\nprint(ds)',
        f'raw = load_dataset("{name}")\nraw["train"][0]',
    ))  # fmt: skip
    return f"```python\nfrom datasets import load_dataset\n\n{call}\n```"


def _blocks(lines: Sequence[str], rng: random.Random) -> list[str]:
    """Return paragraphs and fenced code by turns; a bare error gets its traceback."""
    parts: list[str] = []
    code: list[str] = []
    for line in [*lines, ""]:
        if line.startswith("    "):
            code.append(line[4:])
            continue
        if code:
            parts.append(_fenced(code, rng))
            code = []
        if line:
            parts.append(line)
    return parts


def _fenced(code: list[str], rng: random.Random) -> str:
    if MESSAGE.match(code[0]):
        return "\n".join(["```", *_traceback(rng), *code, "```"])
    kind = "json" if code[0].startswith("{") else "python"
    return "\n".join([f"```{kind}", *code, "```"])


def _traceback(rng: random.Random) -> list[str]:
    frames = sorted(rng.sample(range(len(PLACES)), rng.randint(2, 4)))
    lines = ["Traceback (most recent call last):"]
    lines.append(f'  File "train.py", line {rng.randint(8, 90)}, in <module>')
    for frame in frames:
        file, function = PLACES[frame]
        path = f"lib/python3.8/site-packages/datasets/{file}"
        lines.append(f'  File "{path}", line {rng.randint(90, 1900)}, in {function}')
    return lines


def _versions(time: datetime, rng: random.Random) -> str:
    arrow = rng.choice(("1.0.1", "2.0.0", "3.0.0") + (("4.0.1",) if time.year > 2020 else ()))
    return "\n".join([
        f"- `datasets` version: {timeline.release(time, rng.choice((0, 0, 0, 1)))}",
        f"- Platform: {rng.choice(SYSTEMS)}",
        f"- Python version: {rng.choice(PYTHONS)}",
        f"- PyArrow version: {arrow}",
    ])  # fmt: skip
