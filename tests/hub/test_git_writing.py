"""git and git-lfs push to a live Hub; what one way writes, every other way sees at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi, hf_hub_download

from tests.hub.conftest import Live, environment
from tests.hub.writing import content, files, titles

pytestmark = [
    pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed"),
    pytest.mark.usefixtures("plain_transfers"),
]
HF = str(Path(sys.executable).parent / "hf")
LARGE = os.urandom(12_000_000)
PERSON = "[user]\nname = L\nemail = l@localhost\n[init]\ndefaultBranch = main\n"
KEPT = "[credential]\nhelper = store\n"  # git's own helper: a file in the home folder


class Person:
    """Somebody with a home folder of their own and git-lfs set up, who is asked for a token."""

    def __init__(self, hub: Live, home: Path, token: str = "", name: str = "learner") -> None:
        self.home, self.hub = home, hub
        self.variables = environment(hub.url, home) | {"HOME": str(home)}
        home.mkdir(exist_ok=True)
        (home / ".gitconfig").write_text(PERSON + KEPT)
        if token:
            address = hub.url.replace("://", f"://{name}:{token}@")
            (home / ".git-credentials").write_text(f"{address}\n")
        self.git("lfs", "install", "--skip-repo")

    def git(self, *words: str, at: str = ".", expect: int = 0) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.home / at, env=self.variables,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def clone(self, repo: str, *options: str) -> Path:
        name = repo.partition("/")[2]
        self.git("clone", "-q", *options, f"{self.hub.url}/{repo}", name)
        return self.home / name

    def save(self, at: str, name: str, data: bytes, message: str = "change") -> None:
        path = self.home / at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.git("add", ".", at=at)
        self.git("commit", "-q", "-m", message, at=at)


@pytest.fixture
def api(writable: Live) -> HfApi:
    return HfApi(endpoint=writable.url, token=writable.token)


@pytest.fixture
def learner(writable: Live, tmp_path: Path) -> Person:
    return Person(writable, tmp_path / "home", writable.token)


@pytest.fixture
def repo(api: HfApi) -> str:
    return api.create_repo(f"learner/git-{os.urandom(4).hex()}").repo_id


def test_small_and_large_files_are_pushed_and_fetched(
    learner: Person, repo: str, api: HfApi, writable: Live, tmp_path: Path
) -> None:
    at = learner.clone(repo).name
    (learner.home / at / "config.json").write_text("{}")
    learner.save(at, "model.safetensors", LARGE, "First model version")
    assert "model.safetensors" in learner.git("lfs", "ls-files", at=at)
    learner.git("push", "-q", at=at)
    assert titles(api, repo) == ["First model version", "initial commit"]
    assert content(api, repo, "model.safetensors") == LARGE
    other = Person(writable, tmp_path / "other")  # reading needs no token
    copy = other.clone(repo)
    assert (copy / "model.safetensors").read_bytes() == LARGE
    learner.save(at, "sub/b.txt", b"b")
    learner.git("push", "-q", at=at)
    assert "main" in other.git("fetch", at=copy.name)
    other.git("pull", "-q", "--ff-only", at=copy.name)
    assert (copy / "sub/b.txt").read_bytes() == b"b"


def test_a_file_that_lfs_does_not_know_yet_is_tracked_first(
    learner: Person, repo: str, api: HfApi
) -> None:
    at = learner.clone(repo).name
    learner.save(at, "table.csv", LARGE)
    assert "git-lfs" in learner.git("push", at=at, expect=1)
    learner.git("reset", "-q", "--soft", "HEAD~1", at=at)
    learner.git("rm", "-q", "--cached", "table.csv", at=at)
    learner.git("lfs", "track", "*.csv", at=at)
    learner.git("add", ".", at=at)
    learner.git("commit", "-q", "-m", "tracked", at=at)
    learner.git("push", "-q", at=at)
    assert content(api, repo, "table.csv") == LARGE


def test_branches_and_tags_are_pushed(learner: Person, repo: str, api: HfApi) -> None:
    at = learner.clone(repo).name
    learner.git("checkout", "-q", "-b", "work/one", at=at)
    learner.save(at, "a.txt", b"a")
    learner.git("tag", "-a", "v1", "-m", "first", at=at)
    learner.git("push", "-q", "origin", "work/one", "v1", at=at)
    refs = api.list_repo_refs(repo)
    assert {branch.name for branch in refs.branches} == {"main", "work/one"}
    assert [tag.name for tag in refs.tags] == ["v1"]
    assert files(api, repo, "v1") == {"a.txt"}
    learner.git("push", "-q", "origin", "--delete", "work/one", "v1", at=at)
    assert ([branch.name for branch in api.list_repo_refs(repo).branches]) == ["main"]


def test_forced_pushes_are_refused_on_main_only(learner: Person, repo: str, api: HfApi) -> None:
    at = learner.clone(repo).name
    learner.save(at, "a.txt", b"a")
    learner.git("push", "-q", "origin", "main", "main:try", at=at)
    learner.git("commit", "-q", "--amend", "-m", "other history", at=at)
    assert "rejected" in learner.git("push", "origin", "main", at=at, expect=1)
    told = learner.git("push", "--force", "origin", "main", at=at, expect=1)
    assert "history of main is protected" in " ".join(told.replace("remote:", "").split())
    learner.git("push", "-q", "--force", "origin", "main:try", at=at)
    assert titles(api, repo)[0] == "change"
    assert titles(api, repo, "try")[0] == "other history"


def test_a_push_that_is_behind_pulls_first(learner: Person, repo: str, api: HfApi) -> None:
    at = learner.clone(repo).name
    api.upload_file(path_or_fileobj=b"api", path_in_repo="api.txt", repo_id=repo)
    learner.save(at, "git.txt", b"git")
    assert "fetch first" in learner.git("push", at=at, expect=1)
    learner.git("pull", "-q", "--rebase", at=at)
    learner.git("push", "-q", at=at)
    assert files(api, repo) == {"api.txt", "git.txt"}


def test_a_pull_request_is_fetched_changed_and_pushed(
    learner: Person, repo: str, api: HfApi
) -> None:
    made = api.create_pull_request(repo, title="By git")
    at = learner.clone(repo).name
    learner.git("fetch", "-q", "origin", f"refs/pr/{made.num}:pr/{made.num}", at=at)
    learner.git("checkout", "-q", f"pr/{made.num}", at=at)
    learner.save(at, "w.bin", LARGE)
    learner.git("push", "-q", "origin", f"pr/{made.num}:refs/pr/{made.num}", at=at)
    assert (files(api, repo, "refs/pr/1"), files(api, repo)) == ({"w.bin"}, set())
    api.change_discussion_status(repo, made.num, "open")
    api.merge_pull_request(repo, made.num)
    learner.git("checkout", "-q", "main", at=at)
    learner.git("pull", "-q", at=at)
    assert (learner.home / at / "w.bin").read_bytes() == LARGE


@pytest.mark.parametrize("who", ["nobody", "wrong", "reader", "ada"])
def test_a_push_needs_the_right_token(
    writable: Live, tmp_path: Path, repo: str, api: HfApi, who: str
) -> None:
    tokens = {"nobody": "", "wrong": "hf_wrong", **writable.others}
    person = Person(writable, tmp_path / who, tokens[who], who)
    at = person.clone(repo).name
    person.save(at, "a.bin", b"large")
    told = person.git("push", at=at, expect=128)
    says = {"nobody": "could not read Username", "wrong": "Authentication failed"}
    assert says.get(who, "error: 403") in told
    assert files(api, repo) == set()


def test_a_private_repository_is_cloned_by_its_owner_only(
    writable: Live, tmp_path: Path, api: HfApi
) -> None:
    repo = api.create_repo("private-git", private=True).repo_id
    api.upload_file(path_or_fileobj=LARGE, path_in_repo="w.bin", repo_id=repo)
    owner = Person(writable, tmp_path / "owner", writable.others["reader"])
    assert (owner.clone(repo) / "w.bin").read_bytes() == LARGE
    ada = Person(writable, tmp_path / "ada", writable.others["ada"], "ada")
    assert "not found" in ada.git("clone", f"{writable.url}/{repo}", expect=128)
    guest = Person(writable, tmp_path / "guest")
    assert "could not read Username" in guest.git("clone", f"{writable.url}/{repo}", expect=128)


def test_hf_gives_git_its_token(writable: Live, tmp_path: Path, repo: str, api: HfApi) -> None:
    person = Person(writable, tmp_path / "home")
    words = [HF, "auth", "login", "--token", writable.token, "--add-to-git-credential"]
    subprocess.run(words, env=person.variables, capture_output=True, check=True)
    at = person.clone(repo).name
    person.save(at, "a.txt", b"a")
    person.git("push", "-q", at=at)
    assert files(api, repo) == {"a.txt"}


def seen(api: HfApi, person: Person, repo: str, path: str, tmp: Path) -> set[bytes]:
    """Read a file of main in each way that there is."""
    at = f"{repo.partition('/')[2]}-{len(list(person.home.iterdir()))}"
    person.git("clone", "-q", f"{api.endpoint}/{repo}", at)
    downloaded = hf_hub_download(
        repo, path, endpoint=api.endpoint, cache_dir=tmp / at, token=api.token
    )
    page = requests.get(f"{api.endpoint}/{repo}/blob/main/{path}", timeout=60)
    assert (page.status_code, path in page.text) == (200, True)
    assert path in api.list_repo_files(repo)
    assert api.model_info(repo).sha == person.git("rev-parse", "HEAD", at=at).strip()
    ways = [(person.home / at / path).read_bytes(), Path(downloaded).read_bytes()]
    return {*ways, content(api, repo, path)}


def test_what_one_way_writes_every_other_way_sees(
    learner: Person, repo: str, api: HfApi, tmp_path: Path
) -> None:
    at = learner.clone(repo).name
    for number, name in enumerate(("config.json", "weights.bin")):
        first, second, third = (bytes([number, turn]) * 999 for turn in range(3))
        api.upload_file(path_or_fileobj=first, path_in_repo=name, repo_id=repo)
        assert seen(api, learner, repo, name, tmp_path) == {first}
        learner.git("pull", "-q", at=at)
        learner.save(at, name, second)
        learner.git("push", "-q", at=at)
        assert seen(api, learner, repo, name, tmp_path) == {second}
        api.upload_file(path_or_fileobj=third, path_in_repo=name, repo_id=repo, create_pr=True)
        api.merge_pull_request(repo, number + 1)
        assert seen(api, learner, repo, name, tmp_path) == {third}
