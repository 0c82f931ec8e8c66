"""One bare repository: revisions, trees, commits; git itself is the judge of its health."""

import hashlib
import os
import random
import subprocess
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import ObjectType

from setup.hub.errors import EntryNotFound, RevisionNotFound
from setup.hub.objects import Pointer
from setup.hub.repository import Repository

SOMEONE = pygit2.Signature("Someone", "someone@localhost", 1_700_000_000, 0)
POINTER = Pointer("ab" * 32, 12_345)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "r.git")
    files = {"README.md": b"one", "a/b/c.txt": b"deep", "big.bin": POINTER.encode()}
    made.write("main", files, "First\n\nwith a body", SOMEONE)
    return made


def git(repository: Repository, *words: str) -> str:
    command = ["git", "-C", str(repository.path), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_git_finds_nothing_to_complain_about(repository: Repository) -> None:
    assert git(repository, "fsck", "--strict") == ""
    assert git(repository, "symbolic-ref", "HEAD") == "refs/heads/main\n"


def test_the_same_files_give_the_same_commit(repository: Repository, tmp_path: Path) -> None:
    heads = set()
    for name in ("x.git", "y.git"):
        twin = Repository.create(tmp_path / name)
        heads.add(twin.write("main", {"b": b"1", "a": b"2"}, "Same", SOMEONE))
    assert len(heads) == 1


def test_writing_the_same_tree_again_commits_nothing(repository: Repository) -> None:
    head = repository.resolve("main")
    files = {"README.md": b"one", "a/b/c.txt": b"deep", "big.bin": POINTER.encode()}
    assert repository.write("main", files, "Again", SOMEONE) == head


def test_every_way_to_name_a_commit(repository: Repository) -> None:
    head = repository.resolve("main")
    repository.tag("v1", head)
    for revision in ("main", "v1", "refs/heads/main", "refs/tags/v1", head, head[:7], head[:12]):
        assert repository.resolve(revision) == head


def test_a_branch_comes_before_a_tag_and_both_before_a_hash(repository: Repository) -> None:
    first = repository.resolve("main")
    second = repository.write("main", {"x": b"2"}, "Second", SOMEONE)
    repository.tag(second[:7], first)
    assert repository.resolve(second[:7]) == first
    assert repository.resolve(second[:8]) == second


@pytest.mark.parametrize(
    "revision", ["nope", "0" * 40, "0" * 7, "refs/heads/nope", "FETCH_HEAD", "abcdef"]
)
def test_unknown_revisions(repository: Repository, revision: str) -> None:
    with pytest.raises(RevisionNotFound, match=revision):
        repository.resolve(revision)


def test_a_hash_of_a_file_is_not_a_revision(repository: Repository) -> None:
    blob = repository.entry(repository.resolve("main"), "README.md").oid
    with pytest.raises(RevisionNotFound):
        repository.resolve(blob)


def test_a_short_hash_that_fits_two_commits_is_not_a_revision(repository: Repository) -> None:
    raw = pygit2.Repository(str(repository.path))
    text = raw.read(repository.resolve("main"))[1]
    seen: dict[str, bytes] = {}
    for number in range(200_000):  # by the birthday rule about 20,000 are enough
        body = text + str(number).encode()
        oid = hashlib.sha1(b"commit %d\0" % len(body) + body).hexdigest()
        if oid[:7] in seen:
            break
        seen[oid[:7]] = body
    twins = {str(raw.odb.write(ObjectType.COMMIT, data)) for data in (body, seen[oid[:7]])}
    assert len(twins) == 2
    with pytest.raises(RevisionNotFound):
        repository.resolve(oid[:7])
    assert {repository.resolve(twin) for twin in twins} == twins


def test_an_annotated_tag_leads_to_its_commit(repository: Repository) -> None:
    identity = ("-c", "user.name=S", "-c", "user.email=s@localhost")
    git(repository, *identity, "tag", "-a", "v2", "-m", "notes", "main")
    assert repository.resolve("v2") == repository.resolve("main")
    assert [ref.target for ref in repository.references("refs/tags/")] == [
        repository.resolve("main")
    ]


def test_entries_of_a_folder_and_of_all_folders(repository: Repository) -> None:
    head = repository.resolve("main")
    assert [e.path for e in repository.entries(head)] == ["README.md", "a", "big.bin"]
    deep = [e.path for e in repository.entries(head, recursive=True)]
    assert deep == ["README.md", "a", "a/b", "a/b/c.txt", "big.bin"]
    assert [e.path for e in repository.entries(head, "a/b")] == ["a/b/c.txt"]


def test_a_pointer_tells_the_size_of_the_large_file(repository: Repository) -> None:
    entry = repository.entry(repository.resolve("main"), "big.bin")
    assert (entry.size, entry.pointer, entry.etag) == (12_345, POINTER, POINTER.oid)


def test_a_small_file_is_known_by_gits_own_hash(repository: Repository) -> None:
    entry = repository.entry(repository.resolve("main"), "README.md")
    assert entry.etag == git(repository, "rev-parse", "main:README.md").strip()
    assert repository.read(entry) == b"one"


@pytest.mark.parametrize("path", ["nope", "a/nope", "README.md/x"])
def test_missing_entries_tell_the_commit(repository: Repository, path: str) -> None:
    head = repository.resolve("main")
    with pytest.raises(EntryNotFound) as caught:
        repository.entry(head, path)
    assert caught.value.headers == {"X-Repo-Commit": head}


def test_a_file_cannot_be_listed(repository: Repository) -> None:
    with pytest.raises(EntryNotFound, match="not a folder"):
        repository.entries(repository.resolve("main"), "README.md")


def test_history_is_told_newest_first_with_title_and_body(repository: Repository) -> None:
    repository.write("main", {"README.md": b"two"}, "Second", SOMEONE)
    log = list(repository.log(repository.resolve("main")))
    assert [item.title for item in log] == ["Second", "First"]
    assert (log[1].message, log[1].author) == ("with a body", "Someone")


def test_the_last_commit_of_each_path(repository: Repository) -> None:
    first = repository.resolve("main")
    files = {"README.md": b"two", "a/b/c.txt": b"deep", "big.bin": POINTER.encode(), "new": b"n"}
    second = repository.write("main", files, "Second", SOMEONE)
    found = repository.last_commits(second, ["README.md", "a", "big.bin", "new"])
    assert {path: commit.oid for path, commit in found.items()} == {
        "README.md": second, "a": first, "big.bin": first, "new": second,
    }  # fmt: skip


def test_last_commits_agree_with_the_history_of_each_path(repository: Repository) -> None:
    """Against a slow reading: the newest commit whose parent has something else at the path."""
    draw = random.Random(4)
    names = ["a", "b", "d/a", "d/b", "d/e/a", "x/a"]
    for turn in range(60):
        files = {name: str(draw.randrange(3)).encode() for name in names if draw.random() < 0.7}
        head = repository.write("main", files, f"Turn {turn}", SOMEONE)
    git = pygit2.Repository(str(repository.path))

    def oid(commit: pygit2.Commit, path: str) -> pygit2.Oid | None:
        return commit.tree[path].id if path in commit.tree else None

    history = list(git.walk(head))
    pairs = list(zip(history, history[1:], strict=False))
    paths = sorted({*files, "d", "x"} & {e.path for e in repository.entries(head, "", True)})
    slow = {
        path: str(next(c for c, p in pairs if oid(c, path) != oid(p, path)).id) for path in paths
    }
    fast = repository.last_commits(head, paths)
    assert {path: commit.oid for path, commit in fast.items()} == slow


def test_a_repository_of_another_user_is_opened(repository: Repository) -> None:
    if not hasattr(os, "chown") or os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    for path in [repository.path, *repository.path.rglob("*")]:
        os.chown(path, 12345, 12345)
    assert Repository(repository.path).resolve("main")
