"""Uploads in the browser: read as they arrive, nothing kept of what is not whole or not allowed."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub.attributes import LARGE
from setup.hub.errors import BadRequest, TooLarge
from setup.hub.pages import parts
from tests.hub.pages.people import Person

ADDRESS = "/learner/mine/upload/main"
TYPE = "multipart/form-data; boundary=xx"


class Basket:
    """Keeps files in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._name = ""

    def begin(self, name: str) -> None:
        self._name, self.files[name] = name, b""

    def take(self, block: bytes) -> None:
        self.files[self._name] += block

    def finish(self) -> None:
        self._name = ""


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--xx\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


FORM = part("title", "Größe".encode()) + part("files", b"\r\n--x\0" * 9, "a b.bin") + b"--xx--\r\n"


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_form_is_read_however_it_is_cut(step: int) -> None:
    basket = Basket()
    reader = parts.Reader(TYPE, basket)
    for start in range(0, len(FORM), step):
        reader.feed(FORM[start : start + step])
    reader.end()
    assert reader.fields == {"title": "Größe"}
    assert basket.files == {"a b.bin": b"\r\n--x\0" * 9}


def test_a_form_that_is_cut_off_is_refused() -> None:
    reader = parts.Reader(TYPE, Basket())
    reader.feed(FORM[:-10])
    with pytest.raises(BadRequest, match="cut off"):
        reader.end()


def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(BadRequest):
        parts.Reader("application/json", Basket())
    with pytest.raises(BadRequest):
        parts.Reader(TYPE, Basket()).feed(b"something else")


def test_fields_are_bounded() -> None:
    with pytest.raises(TooLarge):
        parts.Reader(TYPE, Basket()).feed(part("title", b"x" * (parts.MAX_FIELD + 1)))
    with pytest.raises(TooLarge):
        parts.Reader(TYPE, Basket()).feed(part("a", b"") * (parts.MAX_PARTS + 1))


def send(person: Person, body: bytes) -> int:
    answer = person.web.post(ADDRESS, content=body, headers={"Content-Type": TYPE})
    return int(answer.status_code)


def kept(hub: TestClient) -> list[Path]:
    """Give the large files that the Hub holds, finished or not, but those of seeds."""
    store = hub.app.state.store  # type: ignore[attr-defined]
    return [path for path in store.objects.root.rglob("*") if path.is_file()]


def test_nothing_is_kept_without_the_key(hub: TestClient, learner: Person) -> None:
    before = kept(hub)
    big = part("files", b"x" * (LARGE + 1), "big.dat")
    late = big + part("form_key", learner.key().encode())
    for body in (big, late, part("form_key", b"0" * 64) + big):
        assert send(learner, body + b"--xx--\r\n") in (400, 403)
    assert kept(hub) == before


def test_nothing_is_kept_of_an_upload_that_is_cut_off(hub: TestClient, learner: Person) -> None:
    before = kept(hub)
    body = part("form_key", learner.key().encode()) + part("files", b"x" * (LARGE + 9), "big.dat")
    assert send(learner, body[:-5]) == 400
    assert kept(hub) == before
    assert learner.web.get("/learner/mine/raw/main/big.dat").status_code == 404


def test_a_wrong_folder_is_told_when_all_has_been_read(learner: Person) -> None:
    fields = part("form_key", learner.key().encode()) + part("folder", b"../up")
    files = part("files", b"x", "a.txt") + part("files", b"y", "b.txt")
    answer = learner.web.post(
        ADDRESS, content=fields + files + b"--xx--\r\n", headers={"Content-Type": TYPE}
    )
    assert answer.status_code == 400
    assert "Invalid path" in answer.text
    assert 'value="../up"' in answer.text


def test_several_files_make_one_commit(learner: Person) -> None:
    fields = part("form_key", learner.key().encode())
    files = part("files", b"x", "a.txt") + part("files", b"\0", "b.bin")
    assert send(learner, fields + files + b"--xx--\r\n") == 303
    commits = learner.web.get("/api/models/learner/mine/commits/main").json()
    assert [item["title"] for item in commits] == ["Upload 2 files", "initial commit"]
    assert "oid sha256" in learner.web.get("/learner/mine/raw/main/b.bin").text


def test_no_file_is_told(learner: Person) -> None:
    fields = part("form_key", learner.key().encode()) + part("files", b"", "")
    assert send(learner, fields + b"--xx--\r\n") == 400
