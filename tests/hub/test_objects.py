"""Large files: stored whole or not at all, found by their hash."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup.hub.attributes import LARGE, Attributes
from setup.hub.errors import BadRequest
from setup.hub.objects import ObjectStore, Pointer

OID = hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def test_content_is_stored_under_its_hash(objects: ObjectStore) -> None:
    pointer = objects.add([b"a", b"bc"])
    assert pointer == Pointer(OID, 3)
    assert objects.path(OID).read_bytes() == b"abc"
    assert objects.has(pointer)


def test_the_same_content_is_stored_once(objects: ObjectStore) -> None:
    assert objects.add([b"abc"]) == objects.add([b"abc"])
    assert len([path for path in objects.root.rglob("*") if path.is_file()]) == 1


def test_an_upload_that_breaks_off_leaves_nothing(objects: ObjectStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        objects.add(broken())
    assert [path for path in objects.root.rglob("*") if path.is_file()] == []


def test_an_object_of_another_size_is_not_there(objects: ObjectStore) -> None:
    objects.add([b"abc"])
    assert not objects.has(Pointer(OID, 4))
    assert not objects.has(Pointer("0" * 64, 3))


@pytest.mark.parametrize(
    "oid", ["", "abc", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"]
)
def test_only_hashes_name_objects(objects: ObjectStore, oid: str) -> None:
    with pytest.raises(BadRequest, match="Invalid object id"):
        objects.path(oid)


def test_a_pointer_reads_what_it_writes() -> None:
    assert Pointer.decode(Pointer(OID, 3).encode()) == Pointer(OID, 3)


@pytest.mark.parametrize("data", [b"", b"text", Pointer(OID, 3).encode() + b"more\n", b"v" * 2000])
def test_other_files_are_no_pointers(data: bytes) -> None:
    assert Pointer.decode(data) is None


def test_weights_and_big_files_are_large() -> None:
    rules = Attributes()
    assert rules.is_large("model.safetensors", 10)
    assert rules.is_large("a/b/data.parquet", 10)
    assert not rules.is_large("vocab.txt", LARGE)
    assert rules.is_large("vocab.txt", LARGE + 1)


def test_a_rule_of_its_own_covers_a_big_file_that_no_rule_names() -> None:
    rules = Attributes("*.bin filter=lfs\n# *.md filter=lfs").including(["data/big.txt"])
    assert rules.covers("data/big.txt")
    assert not rules.covers("other/big.txt")
    assert rules.covers("x.bin")
    assert not rules.covers("README.md")
