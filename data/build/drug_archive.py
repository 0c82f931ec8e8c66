"""The drug reviews as the UCI repository hands them out: two TSV files in one zip.

    python -m data.build.drug_archive

A tenth of the published number of rows. `drugs/told.tsv` holds rows written by hand, with the IDs,
drugs, ratings and dates that the course prints, each at the place where it will be looked for.
"""

import csv
import io
import random
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from data.build.drug_reviews import FOLDER, Condition, conditions, review

HOST = Path(__file__).resolve().parents[1] / "web" / "archive.ics.uci.edu"
ARCHIVE = HOST / "ml" / "machine-learning-databases" / "00462" / "drugsCom_raw.zip"
NAMES = {"train": "drugsComTrain_raw.tsv", "test": "drugsComTest_raw.tsv"}
HEADER = ("", "drugName", "condition", "review", "rating", "date", "usefulCount")
MOMENT = (2018, 10, 2, 12, 0, 0)
MANY = 2000  # more words than any review has
LONG, SHORT = range(31, MANY), range(2, 31)
STRAY = "users found this comment helpful."  # stands where a condition should
HIGHEST_ID = 232_291
FIRST_DAY, LAST_DAY = date(2008, 2, 25), date(2017, 12, 11)
# How often each rating from 1 to 10 is given.
RATINGS = (13, 4, 4, 3, 5, 4, 6, 12, 17, 32)
CONTRARY = 0.03  # the share of reviews whose stars do not fit what they say
ENTITIES = (("&", "&amp;"), ("'", "&#039;"), ('"', "&quot;"), ("’", "&rsquo;"))


@dataclass(frozen=True)
class Size:
    """How many rows a split has: in all, without a condition, with one and over 30 words."""

    rows: int
    nameless: int
    long: int
    stray: int  # conditions that are a piece of a web page


SIZES = {"train": Size(16_130, 90, 13_851, 90), "test": Size(5_377, 30, 4_611, 27)}


@dataclass
class Row:
    """One row; without an ID until all are there."""

    drug: str
    condition: str
    review: str
    rating: int
    day: str
    useful: int
    id: int = -1

    @property
    def words(self) -> int:
        """Return the number of words, counted as the course does."""
        return len(self.review.split())

    def fields(self) -> tuple[str | int, ...]:
        """Return the fields as the file holds them."""
        text = self.review
        for character, entity in ENTITIES:
            text = text.replace(character, entity)
        stars = f"{self.rating}.0"
        return self.id, self.drug, self.condition, f'"{text}"', stars, self.day, self.useful


def told(split: str) -> list[tuple[int, Row]]:
    """Return the rows of a split that were written by hand, with their places."""
    found = []
    for line in (FOLDER / "told.tsv").read_text("utf-8").splitlines():
        owner, place, number, drug, name, rating, day, useful, text = line.split("\t")
        if owner == split:
            text = text.replace("\\r\\n", "\r\n")
            row = Row(drug, name, text, int(rating), day, int(useful), int(number))
            found.append((int(place), row))
    return sorted(found, key=lambda item: item[0])


def stars(rng: random.Random, drug: str) -> int:
    """Return a rating; some drugs are liked better than others."""
    liking = random.Random(drug).uniform(-0.11, 0.13)
    weights = [weight * (1 + liking) ** (2 * i) for i, weight in enumerate(RATINGS)]
    return rng.choices(range(1, 11), weights)[0]


def day(rng: random.Random) -> str:
    """Return a date, later years more often, written as on the site."""
    share = rng.random() ** 0.6
    found = FIRST_DAY + timedelta(days=round((LAST_DAY - FIRST_DAY).days * share))
    return f"{found:%B} {found.day}, {found.year}"


class Author:
    """Writes reviews, none of them twice."""

    def __init__(self, seed: int) -> None:
        self.rng, self.written = random.Random(seed), set[str]()

    def row(self, about: Condition, name: str, words: range) -> Row:
        """Return a new row about a condition, entered under a name."""
        drug = about.drug(self.rng)
        rating = stars(self.rng, drug)
        felt = 11 - rating if self.rng.random() < CONTRARY else rating
        text = review(self.rng, about, drug, felt, words)
        while text in self.written:
            text = review(self.rng, about, drug, felt, words)
        self.written.add(text)
        return Row(drug, name, text, rating, day(self.rng), int(self.rng.lognormvariate(2.6, 1.2)))

    def rows(self, about: Condition, words: range, count: int) -> list[Row]:
        """Return new rows about a condition, entered under its name."""
        return [self.row(about, about.name, words) for _ in range(count)]

    def any(self) -> Condition:
        """Return a condition, by its share."""
        return self.rng.choices(conditions(), [one.share for one in conditions()])[0]


def long_shares(total: int, stray: int) -> list[int]:
    """Return how many of all long reviews each condition has; the first five are exact."""
    known = conditions()
    scale = total / SIZES["train"].long
    first = [round(one.share * scale) for one in known[:5]]
    rest = [one.share for one in known[5:]]
    left = total - sum(first) - stray
    shares = [left * share // sum(rest) for share in rest]
    for i in range(left - sum(shares)):
        shares[i] += 1
    return first + shares


def rows(author: Author, split: str) -> list[Row]:
    """Return the rows of a split, those told by hand in their places; the others have no ID."""
    size, hand = SIZES[split], told(split)
    done = Counter((one.condition, one.words > 30) for _, one in hand)
    stray = size.stray * 9 // 10
    found = []
    for one, count in zip(conditions(), long_shares(size.long, stray), strict=True):
        found += author.rows(one, LONG, count - done[one.name, True])
    for words in [LONG] * stray + [SHORT] * (size.stray - stray):
        name = f"{int(author.rng.lognormvariate(1.6, 1.2))}</span> {STRAY}"
        found.append(author.row(author.any(), name, words))
    for i in range(size.nameless):
        found.append(author.row(author.any(), "", SHORT if i % 7 == 0 else LONG))
    while len(found) < size.rows - len(hand):
        found += author.rows(author.any(), SHORT, 1)
    author.rng.shuffle(found)
    for place, one_told in hand:
        found.insert(place, one_told)
    return found


def first_of_training(found: list[Row], number: int) -> None:
    """Bring a row to where the course's split of the filtered rows puts its first one."""
    kept = [i for i, one in enumerate(found) if one.condition and one.words > 30]
    there = kept[int(np.random.default_rng(42).permutation(len(kept))[-(len(kept) * 4 // 5)])]
    here = next(i for i, one in enumerate(found) if one.id == number)
    found[here], found[there] = found[there], found[here]


def numbered(rng: random.Random, found: Iterable[Row]) -> None:
    """Give an ID of its own to each row that has none."""
    listed = list(found)
    taken = {one.id for one in listed}
    free = [i for i in range(HIGHEST_ID + 1) if i not in taken]
    for one, number in zip(listed, rng.sample(free, len(listed)), strict=True):
        if one.id < 0:
            one.id = number


def splits(seed: int = 462) -> dict[str, list[Row]]:
    """Return the rows of both splits."""
    author = Author(seed)
    found = {split: rows(author, split) for split in NAMES}
    first_of_training(found["train"], 141_780)
    numbered(author.rng, (one for listed in found.values() for one in listed))
    return found


def table(listed: Iterable[Row]) -> str:
    """Return the rows as TSV: a review is in quotes, and those are doubled and quoted again."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(one.fields() for one in listed)
    return text.getvalue()


def archive(tables: Iterable[tuple[str, str]]) -> bytes:
    """Return a zip of named texts: the same bytes for the same texts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for name, text in tables:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, text.encode("utf-8"), compresslevel=9)
    return packed.getvalue()


def built() -> bytes:
    """Return the archive."""
    found = splits()
    named: Iterator[tuple[str, str]] = ((NAMES[key], table(found[key])) for key in NAMES)
    return archive(named)


def main() -> None:
    """Write the archive."""
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    ARCHIVE.write_bytes(built())


if __name__ == "__main__":
    main()
