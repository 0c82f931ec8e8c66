"""The classroom's issues: schema, counts, quirks, varied texts, files made again, search."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from data.build import issues, project, timeline
from setup.checkpoints import base_folder
from setup.mirror import tracker

Record = dict[str, Any]
API = "https://api.github.com"
NAME = "huggingface/datasets"
WEB = project.ROOT / "data/web"
LEAST_WORDS = 15  # comments that are shorter say "thanks" and the like


def read(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


ISSUES = read(project.FOLDER / "issues.jsonl")
COMMENTS = read(project.FOLDER / "comments.jsonl")
BY_NUMBER = {row["number"]: row for row in ISSUES}
QUESTIONS = [row for row in ISSUES if "pull_request" not in row]
PULLS = [row for row in ISSUES if "pull_request" in row]
BELOW: dict[int, list[Record]] = {row["number"]: [] for row in ISSUES}
for _comment in COMMENTS:
    BELOW[_comment["issue"]].append(_comment)
_rows = [line.split("\t") for line in project.QUERIES.read_text("utf-8").splitlines()[1:]]
QUERIES = [(query, {int(number) for number in numbers.split()}) for query, numbers in _rows]


@pytest.fixture(scope="module")
def served() -> list[Record]:
    """Return the issues as the mirror gives them."""
    found = tracker.load(WEB, *NAME.split("/"))
    assert found is not None
    return [tracker.issue(found, row, API) for row in found.issues]


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower()))


def test_the_program_makes_the_committed_files() -> None:
    for path, text in project.files().items():
        assert path.read_bytes() == text.encode(), path.name


def test_there_are_as_many_as_the_course_needs() -> None:
    assert (len(QUESTIONS), len(PULLS), len(COMMENTS) >= 700) == (365, 152, True)
    opened = [row["number"] for row in QUESTIONS if row["state"] == "open"]
    assert 0.25 < len(opened) / len(QUESTIONS) < 0.4
    assert sum(row["state"] == "closed" for row in PULLS) > 0.8 * len(PULLS)
    size = sum(path.stat().st_size for path in project.FOLDER.iterdir())
    assert size < 1.5e6


def test_the_newest_record_is_the_one_that_the_course_prints() -> None:
    newest = ISSUES[0]
    assert (newest["number"], newest["id"], newest["title"]) == (2792, 968650274, "Update GooAQ")
    assert newest["created_at"] == "2021-08-12T11:40:18Z"
    assert newest["updated_at"] == "2021-08-12T12:31:17Z"
    (comment,) = BELOW[2792]
    assert (comment["id"], comment["node_id"]) == (897594128, "IC_kwDODunzps41gDMQ")
    assert comment["created_at"] == "2021-08-12T12:21:52Z"
    assert "AssertionError: False is not true" in comment["body"]
    kinds = ["pull_request" in BY_NUMBER[number] for number in (850, 2773, 783)]
    assert kinds == [True, False, True]


def test_the_mirror_fills_in_every_key(served: list[Record]) -> None:
    for row in served:
        assert len(row) == (27 if row.get("pull_request") else 26)
        people = [row["user"], *row["assignees"]]
        people += [row["assignee"]] if row["assignee"] else []
        people += [row["milestone"]["creator"]] if row["milestone"] else []
        assert {len(person) for person in people} == {18}
        assert row["comments"] == len(BELOW[row["number"]])
    assert {len(row["milestone"]) for row in served if row["milestone"]} == {16}


def test_identifiers_are_given_out_once_and_in_order() -> None:
    for rows in (ISSUES[::-1], COMMENTS):
        ids = [row["id"] for row in rows]
        assert ids == sorted(set(ids))
    numbers = [row["number"] for row in ISSUES]
    assert numbers == sorted(set(numbers), reverse=True)
    assert numbers[-1] < 600


def test_times_follow_each_other() -> None:
    for row in ISSUES[1:]:
        times = [row["created_at"], *(comment["created_at"] for comment in BELOW[row["number"]])]
        times += [row["closed_at"]] if row["closed_at"] else []
        assert times == sorted(times)
        assert row["updated_at"] == times[-1]
        assert (row["closed_at"] is not None) == (row["state"] == "closed")
        assert times[-1] < ISSUES[0]["created_at"]


def test_columns_begin_with_nulls(served: list[Record]) -> None:
    for column, rows in (("closed_at", 12), ("milestone", 30), ("active_lock_reason", 60)):
        assert all(row[column] is None for row in served[:rows])
        assert any(row[column] is not None for row in served)
    assert served[0]["assignee"] is None
    assert 5 <= sum(row["body"] is None for row in served) <= 20
    ends = ["\r\n" in row["body"] for row in served if row["body"] and "\n" in row["body"]]
    assert 0.6 < sum(ends) / len(ends) < 0.9


def test_bodies_hold_markdown_code_and_tracebacks() -> None:
    bodies = [row["body"] or "" for row in ISSUES]
    assert sum("```" in body for body in bodies) > 60
    assert sum("Traceback (most recent call last)" in body for body in bodies) > 15
    assert all(body.count("```") % 2 == 0 for body in bodies)
    assert any("](https://" in comment["body"] for comment in COMMENTS)
    labels = Counter(label["name"] for row in ISSUES for label in row.get("labels", []))
    assert set(labels) >= set(project.LABELS) - {"help wanted"}


def test_threads_are_short_but_for_a_few_and_bots_take_part() -> None:
    lengths = [len(found) for found in BELOW.values()]
    assert sum(length <= 4 for length in lengths) > 0.9 * len(lengths)
    long = [length for length in lengths if length >= 15]
    assert 6 <= len(long) <= 15
    assert max(long) <= 40
    bots = [comment for comment in COMMENTS if comment["user"]["login"].endswith("[bot]")]
    assert len(bots) > 30


def test_nobody_real_is_named() -> None:
    made_up = re.compile(r"(maintainer|contributor|reader)-[a-z]+|ghost|github-actions\[bot\]")
    everybody = {row["user"]["login"] for row in ISSUES + COMMENTS}
    assert [login for login in everybody if not made_up.fullmatch(login)] == []
    mentioned = {name for row in COMMENTS for name in re.findall(r"(?<!\S)@([\w-]+)", row["body"])}
    assert mentioned <= everybody


def test_references_lead_to_older_issues_of_the_project() -> None:
    for row in ISSUES:
        texts = [row["body"] or "", *(comment["body"] for comment in BELOW[row["number"]])]
        for number in re.findall(r"#(\d+)", " ".join(texts)):
            assert int(number) in BY_NUMBER
            assert int(number) < row["number"]
        assert "#{" not in " ".join(texts)


def test_no_text_stands_there_often() -> None:
    for rows in (ISSUES, COMMENTS):
        (_, most), *_ = Counter(row["body"] for row in rows if row["body"]).most_common(1)
        assert most <= 4
    titles = Counter(row["title"] for row in ISSUES)
    assert max(titles.values()) == 1
    sentences = [
        sentence
        for row in COMMENTS
        for sentence in re.split(r"(?<=[.!?])\s+", row["body"])
        if len(sentence.split()) > 3
    ]
    assert len(set(sentences)) > 0.7 * len(sentences)


def test_versions_are_named_about_when_they_came_out() -> None:
    draft = issues.Draft("a.1", "Since 1.9 it fails", "bug")
    assert timeline.earliest(draft) > timeline.number_at(timeline.RELEASES[5][1])
    assert timeline.earliest(issues.Draft("a.1", "It fails", "bug")) == timeline.FIRST


def test_queries_are_answered_by_comments_and_worded_otherwise() -> None:
    assert len(QUERIES) >= 45
    assert len({query for query, _ in QUERIES}) == len(QUERIES)
    for query, numbers in QUERIES:
        long = [c for n in numbers for c in BELOW[n] if len(c["body"].split()) >= LEAST_WORDS]
        assert long, query
        assert all("pull_request" not in BY_NUMBER[number] for number in numbers)
        shared = max(len(words(query) & words(BY_NUMBER[n]["title"])) for n in numbers)
        assert shared <= 0.5 * len(words(query)), query


def embedded(texts: list[str]) -> torch.Tensor:
    """Return the mean of the base encoder's last hidden states, at unit length."""
    folder = base_folder()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found = torch.zeros(len(texts), model.config.hidden_size)
    with torch.no_grad():
        for begin in range(0, len(order), 32):
            rows = order[begin : begin + 32]
            batch = tokenizer(
                [texts[at] for at in rows],
                padding=True, truncation=True, max_length=128, return_tensors="pt",
            )  # fmt: skip
            mask = batch["attention_mask"][..., None]
            states = model(**batch).last_hidden_state * mask
            found[rows] = states.sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(found, dim=1)


def measured(
    scores: torch.Tensor, numbers: list[int], known: list[set[int]]
) -> tuple[float, float, float]:
    """Return the share of queries with a right issue among five, recall@5 and MRR."""
    hits = recall = ranks = 0.0
    for row, wanted in zip(scores, known, strict=True):
        seen = list(dict.fromkeys(numbers[at] for at in row.argsort(descending=True).tolist()))
        first = min(seen.index(number) for number in wanted if number in seen)
        hits += first < 5
        recall += len(wanted & set(seen[:5])) / min(5, len(wanted))
        ranks += 1 / (first + 1)
    return hits / len(known), recall / len(known), ranks / len(known)


@pytest.mark.usefixtures("one_thread")
def test_search_by_plain_embeddings_is_good_but_not_perfect() -> None:
    rows = [
        (number, comment["body"])
        for number, found in BELOW.items() if "pull_request" not in BY_NUMBER[number]
        for comment in found if len(comment["body"].split()) >= LEAST_WORDS
    ]  # fmt: skip
    texts = [
        f"{BY_NUMBER[number]['title']}\n{BY_NUMBER[number]['body']}\n{body}"
        for number, body in rows
    ]
    scores = embedded([query for query, _ in QUERIES]) @ embedded(texts).T
    numbers, known = [number for number, _ in rows], [wanted for _, wanted in QUERIES]
    hits, recall, ranks = measured(scores, numbers, known)
    assert 0.75 < hits < 0.95
    assert 0.65 < recall < 0.95
    assert 0.6 < ranks < 0.9
    assert measured(scores, numbers, known[30:] + known[:30])[0] < 0.1
