"""Planting: deterministic, restartable, forgiving to one broken seed, careful with users' work."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pygit2
import pytest
from safetensors.numpy import load_file, save, save_file

from setup import checkpoints
from setup.hub.names import Kind, RepoId
from setup.hub.seeds import Planter
from setup.hub.store import Store
from tests.hub.conftest import write

A = RepoId(Kind.MODEL, "acme", "a")
USER = pygit2.Signature("User", "user@localhost", 1_700_000_000, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "seeds/models/acme/a", {"README.md": "one", "config.json": "{}"})
    return tmp_path / "seeds"


def plant(root: Path, state: Path) -> list[str]:
    """Start and end a Hub's store; gives what the planter reported."""
    said: list[str] = []
    store = Store(state)
    try:
        Planter(store, said.append).plant(root)
    finally:
        store.close()
    return said


def head(state: Path, repo: RepoId = A) -> str:
    store = Store(state)
    try:
        return store.open(repo).resolve("main")
    finally:
        store.close()


def content(state: Path, path: str, repo: RepoId = A) -> bytes:
    store = Store(state)
    try:
        repository = store.open(repo)
        entry = repository.entry(repository.resolve("main"), path)
        if entry.pointer:
            return store.objects.path(entry.pointer.oid).read_bytes()
        return repository.read(entry)
    finally:
        store.close()


def settings(root: Path, name: str = "a", **values: object) -> None:
    write(root / "models/acme" / name, {"seed.json": json.dumps(values)})


def test_the_same_seeds_give_the_same_commit_anywhere(root: Path, tmp_path: Path) -> None:
    plant(root, tmp_path / "x")
    plant(root, tmp_path / "y")
    assert head(tmp_path / "x") == head(tmp_path / "y")


def test_the_second_start_plants_nothing(root: Path, tmp_path: Path) -> None:
    assert plant(root, tmp_path / "s") == ["planting models/acme/a"]
    before = head(tmp_path / "s")
    assert plant(root, tmp_path / "s") == []
    assert head(tmp_path / "s") == before


def test_touched_but_unchanged_seeds_give_no_commit(root: Path, tmp_path: Path) -> None:
    plant(root, tmp_path / "s")
    before = head(tmp_path / "s")
    os.utime(root / "models/acme/a/README.md", (1, 1))
    assert plant(root, tmp_path / "s") == ["planting models/acme/a"]
    assert head(tmp_path / "s") == before


def test_a_changed_seed_becomes_a_new_commit_on_top(root: Path, tmp_path: Path) -> None:
    plant(root, tmp_path / "s")
    before = head(tmp_path / "s")
    write(root / "models/acme/a", {"README.md": "two!", "new/file.txt": "n"})
    plant(root, tmp_path / "s")
    assert content(tmp_path / "s", "README.md") == b"two!"
    assert content(tmp_path / "s", "new/file.txt") == b"n"
    store = Store(tmp_path / "s")
    log = [commit.oid for commit in store.open(A).log(store.open(A).resolve("main"))]
    store.close()
    assert log[1:] == [before]


def test_a_file_taken_out_of_a_seed_is_gone_from_the_next_commit(
    root: Path, tmp_path: Path
) -> None:
    plant(root, tmp_path / "s")
    (root / "models/acme/a/README.md").unlink()
    plant(root, tmp_path / "s")
    store = Store(tmp_path / "s")
    repository = store.open(A)
    names = [entry.path for entry in repository.entries(repository.resolve("main"))]
    store.close()
    assert names == [".gitattributes", "config.json"]


def test_new_seeds_are_planted_beside_the_old_ones(root: Path, tmp_path: Path) -> None:
    plant(root, tmp_path / "s")
    write(root / "datasets/acme/d", {"README.md": "data"})
    assert plant(root, tmp_path / "s") == ["planting datasets/acme/d"]


def test_what_a_user_has_committed_stays(root: Path, tmp_path: Path) -> None:
    plant(root, tmp_path / "s")
    store = Store(tmp_path / "s")
    mine = store.open(A).write("main", {"README.md": b"mine"}, "Mine", USER)
    store.close()
    write(root / "models/acme/a", {"README.md": "three"})
    said = plant(root, tmp_path / "s")
    assert said == ["seed models/acme/a changed, but so did main since: left as it is"]
    assert head(tmp_path / "s") == mine
    assert plant(root, tmp_path / "s") == []


def test_tags_follow_the_seed(root: Path, tmp_path: Path) -> None:
    settings(root, tags=["714eb0f", "v1"])
    plant(root, tmp_path / "s")
    write(root / "models/acme/a", {"README.md": "changed"})
    plant(root, tmp_path / "s")
    store = Store(tmp_path / "s")
    repository = store.open(A)
    assert {repository.resolve(name) for name in ("main", "714eb0f", "v1")} == {
        repository.resolve("main")
    }
    store.close()


def test_copies_come_from_other_seeds_through_their_own_copies(root: Path, tmp_path: Path) -> None:
    write(root / "models/acme/b", {"README.md": "b"})
    write(root / "models/acme/c", {"README.md": "c"})
    settings(root, "b", copy={"other.json": "models/acme/a:config.json"})
    settings(root, "c", copy={"third.json": "models/acme/b:other.json"})
    plant(root, tmp_path / "s")
    c = RepoId(Kind.MODEL, "acme", "c")
    assert content(tmp_path / "s", "third.json", c) == b"{}"
    write(root / "models/acme/a", {"config.json": "{  }"})
    plant(root, tmp_path / "s")
    assert content(tmp_path / "s", "third.json", c) == b"{  }"


def test_weights_are_joined_with_the_base(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base"
    write(base, {"vocab.txt": "[PAD]\n"})
    save_file({"layer.weight": np.ones((2, 2), np.float32)}, base / "model.safetensors")
    monkeypatch.setattr(checkpoints, "base_folder", lambda: base)
    head = {"classifier.weight": np.full((1, 2), 3, np.float16)}
    difference = root / "models/acme/a/weights.join.safetensors.gz"
    difference.write_bytes(gzip.compress(save(head, {"base": "minilm", "prefix": "bert."})))
    settings(root, copy={"vocab.txt": "base:vocab.txt"})
    assert plant(root, tmp_path / "s") == ["planting models/acme/a"]
    (tmp_path / "out").write_bytes(content(tmp_path / "s", "model.safetensors"))
    found = load_file(tmp_path / "out")
    assert found["bert.layer.weight"].tolist() == [[1, 1], [1, 1]]
    assert found["classifier.weight"].tolist() == [[3, 3]]
    assert content(tmp_path / "s", "vocab.txt") == b"[PAD]\n"
    with pytest.raises(Exception, match="Entry not found"):
        content(tmp_path / "s", "weights.join.safetensors.gz")


def test_a_packed_file_is_published_unpacked(root: Path, tmp_path: Path) -> None:
    (root / "models/acme/a/big.json.seed.gz").write_bytes(gzip.compress(b"{}"))
    settings(root, copy={"big.json": "models/acme/a:big.json.seed.gz"})
    plant(root, tmp_path / "s")
    assert content(tmp_path / "s", "big.json") == b"{}"
    with pytest.raises(Exception, match="Entry not found"):
        content(tmp_path / "s", "big.json.seed.gz")


BROKEN: list[tuple[dict[str, str | bytes], str]] = [
    ({"seed.json": "{"}, "not valid JSON"),
    ({"seed.json": "[]"}, "seed.json"),
    ({"seed.json": '{"tag": []}'}, "tag"),
    ({"seed.json": '{"tags": "x"}'}, "must be a list"),
    ({"seed.json": '{"tags": ["a b"]}'}, "Invalid revision"),
    ({"seed.json": '{"legacy": ["a/b"]}'}, "one-word"),
    ({"seed.json": '{"copy": {"x": "models/acme/none:y"}}'}, "does not exist"),
    ({"seed.json": '{"copy": {"x": "models/acme/b:x"}}'}, "copy source"),
    ({"seed.json": '{"copy": {"x": "nowhere"}}'}, "copy source"),
    ({"seed.json": '{"copy": {"x": "models/../../..:etc/passwd"}}'}, "Invalid path"),
    ({"seed.json": '{"copy": {"../x": "models/acme/a:README.md"}}'}, "Invalid path"),
    ({"weights.join.safetensors.gz": b"not gzip"}, "not a gzip file"),
    ({"weights.join.safetensors.gz": gzip.compress(b"not tensors")}, "safetensors"),
    ({"x.seed.gz": b"no", "seed.json": '{"copy": {"x": "models/acme/b:x.seed.gz"}}'}, "gzip"),
]


@pytest.mark.parametrize(("files", "reason"), BROKEN)
def test_a_broken_seed_is_named_and_the_others_are_planted(
    root: Path, tmp_path: Path, files: dict[str, str | bytes], reason: str
) -> None:
    write(root / "models/acme/b", files)
    write(root / "models/acme/z", {"README.md": "z"})
    said = plant(root, tmp_path / "s")
    complaint = [line for line in said if line.startswith("seed models/acme/b left out: ")]
    assert len(complaint) == 1, said
    assert reason in complaint[0]
    assert head(tmp_path / "s")
    assert head(tmp_path / "s", RepoId(Kind.MODEL, "acme", "z"))


def test_a_mended_seed_is_planted_at_the_next_start(root: Path, tmp_path: Path) -> None:
    write(root / "models/acme/b", {"README.md": "b", "seed.json": "{"})
    plant(root, tmp_path / "s")
    settings(root, "b")
    assert plant(root, tmp_path / "s") == ["planting models/acme/b"]


def test_a_folder_with_an_impossible_name_is_left_out(root: Path, tmp_path: Path) -> None:
    write(root / "models/acme/a--b", {"README.md": "x"})
    said = plant(root, tmp_path / "s")
    assert any("a--b left out: Invalid repository id" in line for line in said)


def test_a_deleted_repository_is_not_planted_again(root: Path, tmp_path: Path) -> None:
    plant(root, tmp_path / "s")
    (tmp_path / "s/repos/models/acme/a.git").rename(tmp_path / "gone")
    write(root / "models/acme/a", {"README.md": "again"})
    assert "deleted" in plant(root, tmp_path / "s")[0]


def test_big_text_files_are_large_with_a_rule_of_their_own(root: Path, tmp_path: Path) -> None:
    write(root / "models/acme/a", {"big.txt": b"x" * (11 << 20)})
    plant(root, tmp_path / "s")
    assert b"big.txt filter=lfs" in content(tmp_path / "s", ".gitattributes")
    assert len(content(tmp_path / "s", "big.txt")) == 11 << 20


def test_leftovers_of_a_killed_start_are_cleared(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "s/repos/.new-abc", {"HEAD": "x"})
    write(tmp_path / "s/objects/incoming", {"half": "x", "folder/part": "x"})
    plant(root, tmp_path / "s")
    assert not (tmp_path / "s/repos/.new-abc").exists()
    assert list((tmp_path / "s/objects/incoming").iterdir()) == []


def test_no_seeds_are_no_problem(tmp_path: Path) -> None:
    assert plant(tmp_path / "none", tmp_path / "s") == []
