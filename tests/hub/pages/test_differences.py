"""What a commit changed: told in lines, in words where lines would not help, and bounded."""

from pathlib import Path

import pytest

from setup.hub import changes
from setup.hub.changes import Add, Change, Delete, Message
from setup.hub.objects import Pointer
from setup.hub.pages import differences
from setup.hub.pages.differences import Changed
from setup.hub.repository import Repository

AS = Message("title", "", "ada")
REF = "refs/heads/main"
TEXT = "".join(f"line {number}\n" for number in range(40)).encode()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "r.git")
    changes.commit(made, REF, [Add("a.txt", TEXT), Add("b.bin", b"\0\1\2")], AS)
    return made


def files(repository: Repository, *made: Change) -> list[Changed]:
    commit = changes.commit(repository, REF, made, AS)
    return differences.difference(repository, commit).files


def test_a_changed_line_has_its_numbers(repository: Repository) -> None:
    (found,) = files(repository, Add("a.txt", TEXT.replace(b"line 20\n", b"LINE 20\n")))
    shown = {(line.sign, line.before, line.after, line.text) for line in found.lines if line}
    assert {("-", 21, -1, "line 20"), ("+", -1, 21, "LINE 20")} <= shown
    assert (found.word, found.added, found.removed) == ("changed", 1, 1)
    assert found.lines[0] is None  # lines above are left out


def test_the_first_commit_adds_everything(repository: Repository) -> None:
    first = next(iter(repository.log(repository.resolve("main"))))
    found = differences.difference(repository, first.oid).files
    assert [(item.path, item.word) for item in found] == [("a.txt", "added"), ("b.bin", "added")]
    assert found[0].added == 40


def test_binary_files_are_named_only(repository: Repository) -> None:
    (found,) = files(repository, Add("b.bin", b"\0\1\3"))
    assert (found.note, found.lines) == ("A binary file.", [])


def test_a_large_file_is_told_by_its_size(repository: Repository) -> None:
    for size in (5_000_000, 6_000_000):
        pointer = Pointer("ab" * 32, size)
        repository.take(pointer)
        found = files(repository, Add("w.safetensors", pointer))
    weights = next(item for item in found if item.path == "w.safetensors")
    assert "5,000,000 bytes before, 6,000,000 bytes now" in weights.note
    assert weights.lines == []


def test_a_moved_file_is_renamed(repository: Repository) -> None:
    (found,) = files(repository, Delete("a.txt"), Add("c.txt", TEXT))
    assert (found.old_path, found.path, found.word) == ("a.txt", "c.txt", "renamed")


def test_long_differences_are_bounded(repository: Repository) -> None:
    long = b"x\n" * (differences.MOST_LINES + 1)
    (found,) = files(repository, Add("long.txt", long))
    assert "too many to show" in found.note
    (wide,) = files(repository, Add("wide.txt", b"x" * 100_000))
    assert max(len(line.text) for line in wide.lines if line) == differences.LONGEST
    many: list[Change] = [Add(f"m/{number}", b"1\n") for number in range(150)]
    commit = changes.commit(repository, REF, many, AS)
    found_all = differences.difference(repository, commit)
    assert (len(found_all.files), found_all.left_out) == (100, 50)
