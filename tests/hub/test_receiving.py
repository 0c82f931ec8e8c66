"""What a push may not bring: git's hook refuses it whole, says why, and nothing becomes visible."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hub.conftest import Live, environment

SETTINGS = {"user.name": "U", "user.email": "u@localhost", "protocol.file.allow": "always"}


class Clone:
    """A clone of a fresh repository of the learner's, with the token in its remote."""

    def __init__(self, hub: Live, folder: Path) -> None:
        self.hub, self.folder = hub, folder
        self.name = f"push-{os.urandom(4).hex()}"
        self.token = (hub.state / "token").read_text()
        self.variables = environment(hub.url, folder) | {
            "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_LFS_SKIP_PUSH": "1",
        }  # fmt: skip
        hub.python(
            f"from huggingface_hub import create_repo; create_repo({self.name!r})",
            folder, token=self.token,
        )  # fmt: skip
        remote = hub.url.replace("://", f"://learner:{self.token}@")
        self.git("clone", "-q", f"{remote}/learner/{self.name}", "copy", at=folder)
        self.copy = folder / "copy"

    def git(self, *words: str, at: Path | None = None, code: int = 0) -> str:
        """Run git in the clone; gives what it prints."""
        options = [word for pair in SETTINGS.items() for word in ("-c", "=".join(pair))]
        command = ["git", *options, *words]
        done = subprocess.run(
            command, cwd=at or self.copy, env=self.variables, capture_output=True, check=False
        )
        text = (done.stdout + done.stderr).decode(errors="replace")
        assert done.returncode == code, text
        return text

    def commit(self, name: str | bytes, data: bytes = b"x") -> None:
        """Commit one file of any name."""
        path = os.path.join(os.fsencode(self.copy), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(data)
        self.git("add", ".")
        self.git("commit", "-q", "-m", "change")

    def refused(self, *refs: str) -> str:
        """Push and be refused; gives the reason, once nothing has become visible."""
        before = self.git("ls-remote", "origin")
        told = self.git("push", "origin", *(refs or ["main"]), code=1)
        assert self.git("ls-remote", "origin") == before
        return " ".join(told.replace("remote:", " ").split())


@pytest.fixture
def clone(writable: Live, tmp_path: Path) -> Clone:
    return Clone(writable, tmp_path)


def submodule(clone: Clone) -> None:
    clone.git("clone", "-q", str(clone.copy), "other", at=clone.folder)
    clone.git("submodule", "--quiet", "add", str(clone.folder / "other"), "sub")
    clone.git("commit", "-q", "-m", "change")


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"1" * 64 + b"\nsize 5\n"
CASES: dict[str, tuple[Callable[[Clone], None], str]] = {
    "large": (lambda c: c.commit("big.txt", os.urandom(11_000_000)), "must go through git-lfs"),
    "pointer": (lambda c: c.commit("w.txt", POINTER), "was never uploaded"),
    "card": (lambda c: c.commit("README.md", b"---\na: [\n---\n"), "Invalid YAML"),
    "licence": (lambda c: c.commit("README.md", b"---\nlicense: x\n---\n"), "must be one of"),
    "control": (lambda c: c.commit("a\x01b"), "Invalid path"),
    "backslash": (lambda c: c.commit("a\\b"), "Invalid path"),
    "bytes": (lambda c: c.commit(b"\xff\xfe"), "is not UTF-8"),
    "deep": (lambda c: c.commit("/".join(["d" * 200] * 6)), "Invalid path"),
    "submodule": (submodule, "is a submodule"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_may_not_be_pushed(clone: Clone, case: str) -> None:
    prepare, says = CASES[case]
    prepare(clone)
    assert says in clone.refused()


def test_one_bad_commit_in_the_middle_refuses_all(clone: Clone) -> None:
    clone.commit("big.txt", os.urandom(11_000_000))
    clone.git("rm", "-q", "big.txt")
    clone.git("commit", "-q", "-m", "gone again")
    clone.commit("good.txt")
    assert "big.txt has 11000000 bytes" in clone.refused()


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        ("HEAD:refs/pr/1", "opened and closed on the Hub"),
        ("HEAD:refs/replace/x", "push branches and tags only"),
        ("HEAD:refs/convert/parquet", "push branches and tags only"),
        ("HEAD:refs/heads/" + "a" * 40, "reads as a reference or a commit hash"),
        (":main", "cannot be deleted"),
    ],
)
def test_references_that_a_push_may_not_touch(clone: Clone, ref: str, says: str) -> None:
    clone.commit("a.txt")
    assert says in clone.refused(ref)


def test_the_history_of_main_cannot_be_rewritten_and_others_can(clone: Clone) -> None:
    clone.commit("a.txt")
    clone.git("push", "-q", "origin", "main", "main:topic")
    clone.git("commit", "-q", "--amend", "-m", "rewritten")
    assert "is protected" in clone.refused("+main")
    clone.git("push", "-q", "origin", "+main:topic")
    clone.git("push", "-q", "origin", ":topic")
    assert "topic" not in clone.git("ls-remote", "origin")


def test_a_push_of_several_references_is_taken_whole_or_not(clone: Clone) -> None:
    clone.commit("a.txt")
    assert "push branches and tags only" in clone.refused("main", "HEAD:refs/replace/x")


def test_files_programs_links_and_odd_names_are_taken(clone: Clone) -> None:
    clone.commit("dir/with space/é 文.txt")
    (clone.copy / "run.sh").write_text("#!/bin/sh\n")
    (clone.copy / "run.sh").chmod(0o755)
    (clone.copy / "link").symlink_to("run.sh")
    clone.git("add", ".")
    clone.git("commit", "-q", "-m", "more")
    clone.git("push", "-q", "origin", "main")
    code = (
        f"from huggingface_hub import HfApi; print(HfApi().list_repo_files('learner/{clone.name}'))"
    )
    told = clone.hub.python(code, clone.folder, token=clone.token)
    assert told.strip() == str([".gitattributes", "dir/with space/é 文.txt", "link", "run.sh"])
