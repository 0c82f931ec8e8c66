"""The released Python client, unmodified, writing to a live Hub."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    CommitScheduler,
    HfApi,
    HfFileSystem,
)
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

from tests.hub.conftest import Live, write
from tests.hub.writing import content, files, refused, titles

pytestmark = pytest.mark.usefixtures("plain_transfers")
NUMBER = itertools.count()
LARGE = bytes(range(256)) * 500  # bytes for a file that its name sends to LFS
Step = CommitOperationAdd | CommitOperationCopy | CommitOperationDelete
START: dict[str, str | bytes] = {
    "README.md": "# Here\n",
    "notes.txt": "one\n",
    "weights/a.bin": LARGE,
}


@pytest.fixture
def api(writable: Live) -> HfApi:
    return HfApi(endpoint=writable.url, token=writable.token)


@pytest.fixture
def guest(writable: Live) -> HfApi:
    """A client without a token."""
    return HfApi(endpoint=writable.url, token=False)


@pytest.fixture
def repo(api: HfApi, tmp_path: Path) -> str:
    """A model with three files, one of them large, in one commit after the first."""
    name = api.create_repo(f"learner/work-{next(NUMBER)}").repo_id
    write(tmp_path / "start", START)
    api.upload_folder(repo_id=name, folder_path=tmp_path / "start", commit_message="start")
    return name


LOGIN = """
from huggingface_hub import create_repo, get_token, list_models, login, logout, whoami
login("{token}")
about = whoami()
print(about["name"], [org["name"] for org in about["orgs"]], about["auth"]["accessToken"]["role"])
made = create_repo("made-after-login").repo_id
print(made in [model.id for model in list_models(author="learner")])
logout()
print(get_token())
"""


def test_login_keeps_the_token_until_logout(writable: Live, tmp_path: Path) -> None:
    printed = writable.python(LOGIN.format(token=writable.token), tmp_path).splitlines()
    assert printed[0] == "learner ['our-class'] write"
    assert printed[1:] == ["True", "None"]
    assert not (tmp_path / "token").exists()


def test_login_writes_the_token_file_and_refuses_a_wrong_token(
    writable: Live, tmp_path: Path
) -> None:
    writable.python(f"import huggingface_hub as h; h.login('{writable.token}')", tmp_path)
    assert (tmp_path / "token").read_text() == writable.token
    wrong = "import huggingface_hub as h\ntry: h.login('hf_wrong')\n"
    wrong += "except Exception as error: print(error)"
    assert "Invalid" in writable.python(wrong, tmp_path)
    assert (tmp_path / "token").read_text() == writable.token


def test_a_repository_is_made_once(api: HfApi, writable: Live) -> None:
    url = api.create_repo("once")
    assert (url, url.repo_id) == (f"{writable.url}/learner/once", "learner/once")
    assert "already created" in refused(409, lambda: api.create_repo("learner/once"))
    assert api.create_repo("learner/once", exist_ok=True).repo_id == "learner/once"
    refused(409, lambda: api.create_repo("learner/ONCE"))
    assert api.list_repo_files("learner/once") == [".gitattributes"]


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_every_kind_in_an_organization(api: HfApi, guest: HfApi, kind: str) -> None:
    more: dict[str, Any] = {"space_sdk": "gradio"} if kind == "space" else {}
    made = api.create_repo("our-class/shared", repo_type=kind, **more)
    assert (made.repo_type, made.repo_id) == (kind, "our-class/shared")
    assert guest.repo_exists("our-class/shared", repo_type=kind)
    api.upload_file(
        path_or_fileobj=b"# All\n", path_in_repo="README.md", repo_id=made.repo_id, repo_type=kind
    )
    listing = {"model": guest.list_models, "dataset": guest.list_datasets}
    found = listing.get(kind, guest.list_spaces)(author="our-class", search="shared")  # type: ignore[operator]
    assert [item.id for item in found] == ["our-class/shared"]
    api.delete_repo(made.repo_id, repo_type=kind)
    assert not guest.repo_exists("our-class/shared", repo_type=kind)


@pytest.mark.parametrize("name", ["acme/mine", "nobody/mine", "other-org/x"])
def test_foreign_namespaces_are_refused(api: HfApi, name: str) -> None:
    assert "rights" in refused(403, lambda: api.create_repo(name))


def test_private_repositories_are_not_there_for_others(api: HfApi, guest: HfApi) -> None:
    name = api.create_repo("learner/secret", private=True).repo_id
    assert api.model_info(name).private
    assert name in [model.id for model in api.list_models(author="learner")]
    assert name not in [model.id for model in guest.list_models(author="learner")]
    with pytest.raises(RepositoryNotFoundError):
        guest.model_info(name)
    api.update_repo_settings(name, private=False)
    assert not guest.model_info(name).private
    api.update_repo_settings(name, private=True)
    assert not guest.repo_exists(name)


def test_a_moved_repository_answers_under_both_names(api: HfApi, repo: str, guest: HfApi) -> None:
    new = f"our-class/{repo.partition('/')[2]}"
    api.move_repo(from_id=repo, to_id=new)
    assert guest.model_info(repo).id == guest.model_info(new).id == new
    assert content(api, repo, "weights/a.bin") == LARGE
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    assert "x.txt" in files(api, new)
    assert files(guest, new) == {*START, "x.txt"}


def test_a_deleted_repository_is_gone(api: HfApi, repo: str) -> None:
    api.delete_repo(repo)
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(repo)
    api.delete_repo(repo, missing_ok=True)
    assert api.create_repo(repo).repo_id == repo
    assert titles(api, repo) == ["initial commit"]


def test_upload_file_from_a_path_from_bytes_and_from_a_stream(
    api: HfApi, repo: str, tmp_path: Path
) -> None:
    (tmp_path / "big.bin").write_bytes(b"path" * 999)
    sources: dict[str, Path | bytes] = {
        "path.bin": tmp_path / "big.bin",
        "bytes.txt": b"bytes",
        "sub/x y é.txt": b"odd",
    }
    for name, source in sources.items():
        info = api.upload_file(path_or_fileobj=source, path_in_repo=name, repo_id=repo)
        assert info.oid == api.model_info(repo).sha
        assert info.commit_message == f"Upload {name} with huggingface_hub"
    with (tmp_path / "big.bin").open("rb") as stream:
        api.upload_file(path_or_fileobj=stream, path_in_repo="stream.bin", repo_id=repo)
    assert content(api, repo, "path.bin") == content(api, repo, "stream.bin") == b"path" * 999
    assert content(api, repo, "sub/x y é.txt") == b"odd"
    by_path = {item.path: item for item in api.get_paths_info(repo, ["path.bin", "bytes.txt"])}
    assert by_path["path.bin"].lfs is not None  # type: ignore[union-attr]
    assert by_path["bytes.txt"].lfs is None  # type: ignore[union-attr]


def test_an_upload_that_changes_nothing_makes_no_commit(api: HfApi, repo: str) -> None:
    before = titles(api, repo)
    api.upload_file(path_or_fileobj=b"one\n", path_in_repo="notes.txt", repo_id=repo)
    api.upload_file(path_or_fileobj=LARGE, path_in_repo="weights/a.bin", repo_id=repo)
    assert titles(api, repo) == before


def test_upload_folder_chooses_by_patterns(api: HfApi, repo: str, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    write(folder, {"a.txt": "a", "b.log": "b", "c/d.txt": "d", "c/e.txt": "e", "f.bin": b"f"})
    api.upload_folder(
        repo_id=repo, folder_path=folder, path_in_repo="in",
        allow_patterns=["*.txt", "*.bin"], ignore_patterns="c/e.txt",
    )  # fmt: skip
    assert files(api, repo) == {*START, "in/a.txt", "in/c/d.txt", "in/f.bin"}
    write(folder / "only", {"a.txt": "new"})
    api.upload_folder(
        repo_id=repo, folder_path=folder / "only", path_in_repo="in", delete_patterns="*.txt"
    )
    assert files(api, repo) == {*START, "in/a.txt", "in/f.bin"}
    assert content(api, repo, "in/a.txt") == b"new"


def test_upload_folder_obeys_gitignore(api: HfApi, repo: str, tmp_path: Path) -> None:
    kept = {".gitignore": "*.log\nbuild/\n", "a.txt": "a"}
    write(tmp_path / "more", {**kept, "b.log": "b", "build/c.txt": "c", "sub/d.log": "d"})
    api.upload_folder(repo_id=repo, folder_path=tmp_path / "more")
    assert files(api, repo) == {*START, *kept}
    api.upload_file(path_or_fileobj=b"late", path_in_repo="late.log", repo_id=repo)
    assert "late.log" not in files(api, repo)


def test_one_commit_adds_deletes_and_copies(api: HfApi, repo: str) -> None:
    steps: list[Step] = [
        CommitOperationAdd("new.txt", b"new"),
        CommitOperationAdd("new.bin", b"large" * 99),
        CommitOperationDelete("notes.txt"),
        CommitOperationCopy("weights/a.bin", "copies/b.bin"),
    ]
    info = api.create_commit(repo, steps, commit_message="many", commit_description="in one")
    assert info.oid == api.model_info(repo).sha
    newest = api.list_repo_commits(repo)[0]
    assert (newest.title, newest.message, newest.authors) == ("many", "in one", ["learner"])
    wanted = {"README.md", "weights/a.bin", "new.txt", "new.bin", "copies/b.bin"}
    assert files(api, repo) == wanted
    assert content(api, repo, "copies/b.bin") == LARGE


def test_a_commit_is_all_or_nothing(api: HfApi, repo: str) -> None:
    steps: list[Step] = [CommitOperationAdd("new.txt", b"new"), CommitOperationDelete("nope.txt")]
    refused(404, lambda: api.create_commit(repo, steps, commit_message="half"))
    assert files(api, repo) == set(START)
    assert titles(api, repo)[0] == "start"


def test_a_commit_on_an_old_parent_is_refused(api: HfApi, repo: str) -> None:
    old = api.model_info(repo).sha
    api.upload_file(path_or_fileobj=b"two", path_in_repo="a.txt", repo_id=repo, parent_commit=old)
    told = refused(412, lambda: api.upload_file(
        path_or_fileobj=b"three", path_in_repo="a.txt", repo_id=repo, parent_commit=old
    ))  # fmt: skip
    assert "A commit has happened since" in told
    assert content(api, repo, "a.txt") == b"two"


def test_files_and_folders_are_deleted(api: HfApi, repo: str) -> None:
    api.delete_file("notes.txt", repo)
    api.delete_folder("weights", repo)
    assert files(api, repo) == {"README.md"}
    refused(404, lambda: api.delete_file("notes.txt", repo))
    write_again = [CommitOperationAdd(f"{name}.log", b"") for name in "abc"]
    api.create_commit(repo, write_again, commit_message="logs")
    api.delete_files(repo, ["a.log", "b.*"])
    assert files(api, repo) == {"README.md", "c.log"}


def test_branches(api: HfApi, repo: str) -> None:
    first = api.list_repo_commits(repo)[-1].commit_id
    api.create_branch(repo, branch="old", revision=first)
    api.create_branch(repo, branch="work/new")
    assert files(api, repo, "old") == set()
    refused(409, lambda: api.create_branch(repo, branch="old"))
    api.create_branch(repo, branch="old", exist_ok=True)
    api.upload_file(path_or_fileobj=b"b", path_in_repo="b.txt", repo_id=repo, revision="work/new")
    assert (files(api, repo, "work/new"), files(api, repo)) == ({*START, "b.txt"}, set(START))
    assert {branch.name for branch in api.list_repo_refs(repo).branches} == {
        "main", "old", "work/new",
    }  # fmt: skip
    api.delete_branch(repo, branch="old")
    refused(404, lambda: api.delete_branch(repo, branch="old"))
    assert "main" in refused(403, lambda: api.delete_branch(repo, branch="main"))
    with pytest.raises(RevisionNotFoundError):
        api.upload_file(path_or_fileobj=b"", path_in_repo="x", repo_id=repo, revision="old")


def test_tags(api: HfApi, repo: str) -> None:
    start = api.model_info(repo).sha
    api.create_tag(repo, tag="v1", tag_message="the first")
    api.upload_file(path_or_fileobj=b"two\n", path_in_repo="notes.txt", repo_id=repo)
    api.create_tag(repo, tag="v0", revision=api.list_repo_commits(repo)[-1].commit_id)
    refused(409, lambda: api.create_tag(repo, tag="v1"))
    api.create_tag(repo, tag="v1", exist_ok=True)
    assert api.model_info(repo, revision="v1").sha == start
    assert content(api, repo, "notes.txt", "v1") == b"one\n"
    assert {tag.name for tag in api.list_repo_refs(repo).tags} == {"v0", "v1"}
    api.delete_tag(repo, tag="v1")
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(repo, tag="v1")


def test_squashing_keeps_the_files_only(api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"two\n", path_in_repo="notes.txt", repo_id=repo)
    assert len(titles(api, repo)) == 3
    api.super_squash_history(repo, commit_message="all of it")
    assert titles(api, repo) == ["all of it"]
    assert files(api, repo) == set(START)
    assert content(api, repo, "weights/a.bin") == LARGE


def test_the_file_system_writes(writable: Live, api: HfApi, repo: str) -> None:
    disk = HfFileSystem(endpoint=writable.url, token=writable.token, skip_instance_cache=True)
    disk.write_text(f"{repo}/sub/note.txt", "by fsspec")
    with disk.open(f"{repo}/big.bin", "wb") as stream:
        stream.write(LARGE)
        stream.write(LARGE)
    assert disk.read_text(f"{repo}/sub/note.txt") == "by fsspec"
    assert content(api, repo, "big.bin") == LARGE * 2
    disk.cp_file(f"{repo}/big.bin", f"{repo}/copy.bin")
    disk.rm(f"{repo}/sub", recursive=True)
    disk.mv(f"{repo}/notes.txt", f"{repo}/moved.txt")
    assert files(api, repo) == {*START, "big.bin", "copy.bin", "moved.txt"} - {"notes.txt"}


def test_the_scheduler_commits_in_the_background(api: HfApi, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    scheduler = CommitScheduler(
        repo_id="learner/scheduled", folder_path=folder, every=0.02, hf_api=api, path_in_repo="data"
    )
    try:
        for number in range(3):
            with scheduler.lock:
                (folder / f"{number}.jsonl").write_text(f"{number}\n")
            scheduler.trigger().result(timeout=60)
    finally:
        scheduler.stop()
    assert files(api, scheduler.repo_id) == {f"data/{number}.jsonl" for number in range(3)}
    assert titles(api, scheduler.repo_id).count("Scheduled Commit") >= 3


def test_uploads_in_the_background_keep_their_order(api: HfApi, repo: str) -> None:
    waiting = [
        api.upload_file(
            path_or_fileobj=f"{number}".encode(), path_in_repo="count.txt", repo_id=repo,
            commit_message=f"count {number}", run_as_future=True,
        )
        for number in range(5)
    ]  # fmt: skip
    done = [future.result(timeout=60) for future in waiting]
    assert len({info.oid for info in done}) == 5
    assert titles(api, repo)[:5] == [f"count {number}" for number in (4, 3, 2, 1, 0)]
    assert content(api, repo, "count.txt") == b"4"
