"""Discussions and pull requests: by the released client, on a live Hub."""

import itertools

import pytest
from huggingface_hub import CommitOperationAdd, DiscussionComment, HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from tests.hub.conftest import Live
from tests.hub.writing import content, files, refused, titles

pytestmark = pytest.mark.usefixtures("plain_transfers")
NUMBER = itertools.count()


@pytest.fixture
def api(writable: Live) -> HfApi:
    return HfApi(endpoint=writable.url, token=writable.token)


@pytest.fixture(scope="module")
def ada(writable: Live) -> HfApi:
    """Somebody else, who may read all that is public and write nothing of the learner's."""
    return HfApi(endpoint=writable.url, token=writable.others["ada"])


@pytest.fixture
def repo(api: HfApi) -> str:
    name = api.create_repo(f"learner/talk-{next(NUMBER)}").repo_id
    put(api, name, "a.txt", "one\ntwo\nthree\n")
    return name


def put(api: HfApi, repo: str, path: str, text: str, **options: str | bool) -> str:
    """Upload a small file; gives the commit's hash."""
    change = [CommitOperationAdd(path, text.encode())]
    return str(api.create_commit(repo, change, commit_message=f"Put {path}", **options).oid)  # type: ignore[call-overload]


def test_a_commit_becomes_a_pull_request_and_is_merged(api: HfApi, repo: str, ada: HfApi) -> None:
    steps = [CommitOperationAdd("b.txt", b"b"), CommitOperationAdd("b.bin", b"large" * 99)]
    made = ada.create_commit(repo, steps, commit_message="Add b", create_pr=True)
    assert (made.pr_num, made.pr_revision) == (1, "refs/pr/1")
    assert made.pr_url == f"{api.endpoint}/{repo}/discussions/1"
    assert (files(api, repo), files(api, repo, "refs/pr/1")) == (
        {"a.txt"},
        {"a.txt", "b.txt", "b.bin"},
    )
    put(api, repo, "c.txt", "c", revision="refs/pr/1")
    found = api.get_discussion_details(repo, 1)
    assert (found.title, found.status, found.author) == ("Add b", "open", "ada")
    assert (found.target_branch, found.conflicting_files) == ("refs/heads/main", [])
    assert [event.type for event in found.events].count("commit") == 2
    assert "+c" in (found.diff or "")
    api.merge_pull_request(repo, 1, comment="Thank you")
    merged = api.get_discussion_details(repo, 1)
    assert (merged.status, merged.merge_commit_oid) == ("merged", api.model_info(repo).sha)
    assert files(api, repo) == {"a.txt", "b.txt", "b.bin", "c.txt"}
    assert titles(api, repo)[0] == "Add b (#1)"
    assert content(api, repo, "b.bin") == b"large" * 99
    refused(409, lambda: put(api, repo, "late.txt", "", revision="refs/pr/1"))


def test_others_cannot_merge_or_push(api: HfApi, repo: str, ada: HfApi) -> None:
    api.create_pull_request(repo, title="Mine")
    refused(403, lambda: ada.merge_pull_request(repo, 1))
    refused(403, lambda: ada.change_discussion_status(repo, 1, "closed"))
    refused(403, lambda: ada.rename_discussion(repo, 1, "Hers"))
    refused(403, lambda: put(ada, repo, "x.txt", "x"))
    refused(403, lambda: put(ada, repo, "x.txt", "x", revision="refs/pr/1"))


def test_the_author_of_a_pull_request_goes_on_with_it(api: HfApi, repo: str, ada: HfApi) -> None:
    made = ada.create_pull_request(repo, title="A draft of hers")
    assert (made.status, made.is_pull_request) == ("draft", True)
    put(ada, repo, "x.txt", "x", revision="refs/pr/1")
    assert files(api, repo, "refs/pr/1") == {"a.txt", "x.txt"}


def test_a_conflict_is_told_and_nothing_is_merged(api: HfApi, repo: str) -> None:
    put(api, repo, "a.txt", "one\n2\nthree\n", create_pr=True)
    put(api, repo, "a.txt", "one\nzwei\nthree\n")
    assert api.get_discussion_details(repo, 1).conflicting_files == ["a.txt"]
    before = titles(api, repo)
    assert "conflicts in a.txt" in refused(409, lambda: api.merge_pull_request(repo, 1))
    assert titles(api, repo) == before
    assert api.get_discussion_details(repo, 1).status == "open"


def test_changes_beside_each_other_are_merged(api: HfApi, repo: str) -> None:
    put(api, repo, "a.txt", "one\ntwo\nthree\nfour\n", create_pr=True)
    put(api, repo, "a.txt", "zero\none\ntwo\nthree\n")
    api.merge_pull_request(repo, 1)
    assert content(api, repo, "a.txt") == b"zero\none\ntwo\nthree\nfour\n"


def test_a_discussion_from_its_opening_to_its_end(api: HfApi, repo: str, ada: HfApi) -> None:
    made = ada.create_discussion(repo, title="A question", description="Which **data**?")
    assert (made.num, made.status, made.is_pull_request) == (1, "open", False)
    said = api.comment_discussion(repo, 1, comment="MRPC.")
    assert isinstance(said, DiscussionComment)
    edited = api.edit_discussion_comment(repo, 1, said.id, new_content="GLUE's MRPC.")
    assert (edited.content, edited.edited) == ("GLUE's MRPC.", True)
    renamed = ada.rename_discussion(repo, 1, new_title="Which data?")
    assert (renamed.old_title, renamed.new_title) == ("A question", "Which data?")
    closed = api.change_discussion_status(repo, 1, "closed", comment="Answered.")
    assert closed.new_status == "closed"
    found = api.get_discussion_details(repo, 1)
    assert (found.title, found.status) == ("Which data?", "closed")
    said_all = [event.content for event in found.events if isinstance(event, DiscussionComment)]
    assert said_all == ["Which **data**?", "GLUE's MRPC.", "Answered."]
    refused(403, lambda: ada.edit_discussion_comment(repo, 1, said.id, new_content="not hers"))
    hidden = api.hide_discussion_comment(repo, 1, said.id)
    assert (hidden.hidden, "MRPC" in hidden.content) == (True, False)


def test_the_list_is_newest_first_and_can_be_narrowed(api: HfApi, repo: str, ada: HfApi) -> None:
    api.create_discussion(repo, title="First")
    ada.create_discussion(repo, title="Second")
    api.create_pull_request(repo, title="Third")
    api.change_discussion_status(repo, 1, "closed")
    assert [item.num for item in api.get_repo_discussions(repo)] == [3, 2, 1]
    narrowed = {
        3: api.get_repo_discussions(repo, discussion_type="pull_request"),
        2: api.get_repo_discussions(repo, author="ada"),
        1: api.get_repo_discussions(repo, discussion_status="closed"),
    }
    assert {num: [item.num for item in found] for num, found in narrowed.items()} == {
        num: [num] for num in narrowed
    }
    assert [
        ref.name for ref in api.list_repo_refs(repo, include_pull_requests=True).pull_requests or []
    ] == ["3"]


def test_more_than_one_page_of_discussions(api: HfApi, repo: str) -> None:
    for number in range(52):
        api.create_discussion(repo, title=f"Number {number}")
    assert [item.num for item in api.get_repo_discussions(repo)] == list(range(52, 0, -1))


def test_private_discussions_are_not_there_for_others(api: HfApi, repo: str, ada: HfApi) -> None:
    api.create_discussion(repo, title="Among us")
    api.update_repo_settings(repo, private=True)
    with pytest.raises(RepositoryNotFoundError):
        list(ada.get_repo_discussions(repo))
    with pytest.raises(RepositoryNotFoundError):
        ada.comment_discussion(repo, 1, comment="Hello")
    with pytest.raises(RepositoryNotFoundError):
        put(ada, repo, "x.txt", "x", create_pr=True)
