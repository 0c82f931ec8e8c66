"""Names from outside: what passes is safe to join to a folder and to put in a header."""

import pytest

from setup.hub.errors import BadRequest
from setup.hub.names import Kind, file_path, is_word, repo_id, revision_name

GOOD_WORDS = ["bert-base-uncased", "gpt2", "opus-mt-fr-en", "a", "A_b.c-1", "_x", "1.0"]
BAD_WORDS = [
    "",
    ".",
    "..",
    "-a",
    "a-",
    ".a",
    "a.",
    "a--b",
    "a..b",
    "a/b",
    "a b",
    "a.git",
    "é",
    "a\n",
]


@pytest.mark.parametrize("word", GOOD_WORDS)
def test_words_of_real_ids_pass(word: str) -> None:
    assert is_word(word)


@pytest.mark.parametrize("word", BAD_WORDS)
def test_words_that_no_id_can_have_are_refused(word: str) -> None:
    assert not is_word(word)
    with pytest.raises(BadRequest, match="Invalid repository id"):
        repo_id(Kind.MODEL, "acme", word)


def test_an_id_has_at_most_96_characters() -> None:
    assert str(repo_id(Kind.MODEL, "a" * 47, "b" * 48)) == "a" * 47 + "/" + "b" * 48
    with pytest.raises(BadRequest, match="96"):
        repo_id(Kind.MODEL, "a" * 48, "b" * 48)


@pytest.mark.parametrize("owner", ["api", "datasets", "Spaces"])
def test_owners_that_addresses_need_are_reserved(owner: str) -> None:
    with pytest.raises(BadRequest):
        repo_id(Kind.MODEL, owner, "name")


@pytest.mark.parametrize(
    "path", ["", "a", "a/b.txt", "a b/é.txt", "...", ".gitattributes", "a.git/b"]
)
def test_paths_of_real_files_pass(path: str) -> None:
    assert file_path(path) == path


@pytest.mark.parametrize(
    "path", ["/a", "a/", "a//b", ".", "a/./b", "../a", "a/..", "a\\b", "a\0", "a\n", ".git/config"]
)
def test_paths_that_leave_the_repository_are_refused(path: str) -> None:
    with pytest.raises(BadRequest, match="Invalid path"):
        file_path(path)


def test_a_path_in_an_error_is_cut_to_a_readable_length() -> None:
    with pytest.raises(BadRequest) as caught:
        file_path("x" * 5000)
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("revision", ["main", "v1.0", "714eb0f", "refs/pr/1", "feature/x", "é"])
def test_names_of_branches_and_tags_pass(revision: str) -> None:
    assert revision_name(revision) == revision


@pytest.mark.parametrize(
    "revision",
    ["", "HEAD~1", "main^", "main:README.md", "a..b", "@{1}", "a b", "a\n", "-x", "/a", "a/", "*"],
)
def test_what_git_reads_as_an_expression_is_refused(revision: str) -> None:
    with pytest.raises(BadRequest, match="Invalid revision"):
        revision_name(revision)


def test_kinds_know_their_words() -> None:
    assert [kind.plural for kind in Kind] == ["models", "datasets", "spaces"]
    assert [kind.prefix for kind in Kind] == ["", "datasets/", "spaces/"]
    assert Kind.from_plural("spaces") is Kind.SPACE
    assert Kind.from_plural("kernels") is None
