"""Other clients than the Python library: ``hf`` and ``curl`` make, fill, list, read and delete."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from tests.hub.conftest import Live, environment
from tests.hub.writing import content, files

HF = str(Path(sys.executable).parent / "hf")  # the command line of the same environment
LARGE = bytes(range(256)) * 60_000  # 15 MB: more than git itself takes


class Shell:
    """A shell of a learner's: a home folder, and no token until they sign in."""

    def __init__(self, hub: Live, home: Path) -> None:
        self._variables = environment(hub.url, home)
        self._home = home

    def run(self, *words: str, expect: int = 0) -> str:
        done = subprocess.run(
            words, env=self._variables, cwd=self._home, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout if expect == 0 else done.stdout + done.stderr

    def hf(self, *words: str, expect: int = 0) -> str:
        return self.run(HF, *words, expect=expect)


@pytest.fixture
def shell(writable: Live, tmp_path: Path) -> Shell:
    return Shell(writable, tmp_path)


@pytest.fixture
def signed_in(shell: Shell, writable: Live) -> Shell:
    shell.hf("auth", "login", "--token", writable.token)
    return shell


@pytest.fixture
def api(writable: Live) -> HfApi:
    return HfApi(endpoint=writable.url, token=writable.token)


def test_hf_signs_in_and_out(shell: Shell, writable: Live) -> None:
    assert "Not logged in" in shell.hf("auth", "whoami", expect=1)
    shell.hf("auth", "login", "--token", writable.token)
    about = json.loads(shell.hf("auth", "whoami", "--json"))
    assert (about["user"], about["orgs"]) == ("learner", "our-class")
    assert shell.hf("auth", "token").strip() == writable.token
    shell.hf("auth", "logout")
    assert "Not logged in" in shell.hf("auth", "whoami", expect=1)


def test_hf_makes_fills_lists_reads_and_deletes(
    signed_in: Shell, tmp_path: Path, api: HfApi
) -> None:
    hf = signed_in.hf
    assert "learner/by-hf" in hf("repos", "create", "by-hf")
    assert "already created" in hf("repos", "create", "by-hf", expect=1)
    hf("repos", "create", "by-hf", "--exist-ok")
    (tmp_path / "folder/sub").mkdir(parents=True)
    (tmp_path / "folder/large.bin").write_bytes(LARGE)
    (tmp_path / "folder/sub/small.txt").write_text("small")
    hf("upload", "learner/by-hf", "folder", ".", "--commit-message", "a folder")
    hf("upload", "learner/by-hf", "folder/sub/small.txt", "renamed.txt")
    assert files(api, "learner/by-hf") == {"large.bin", "sub/small.txt", "renamed.txt"}
    assert "learner/by-hf" in hf("models", "ls", "--author", "learner", "-q").split()
    hf("download", "learner/by-hf", "--local-dir", "copy")
    assert (tmp_path / "copy/large.bin").read_bytes() == LARGE
    assert (tmp_path / "copy/renamed.txt").read_text() == "small"
    hf("repos", "delete-files", "learner/by-hf", "renamed.txt")
    assert "renamed.txt" not in files(api, "learner/by-hf")
    hf("repos", "delete", "learner/by-hf", "--yes")
    assert "by-hf" not in hf("models", "ls", "--author", "learner", "-q")


def test_hf_handles_datasets_spaces_and_settings(signed_in: Shell, api: HfApi) -> None:
    hf = signed_in.hf
    hf("repos", "create", "our-class/data", "--type", "dataset", "--private")
    assert api.dataset_info("our-class/data").private
    hf("repos", "settings", "our-class/data", "--type", "dataset", "--public")
    assert not api.dataset_info("our-class/data").private
    hf("repos", "move", "our-class/data", "learner/data", "--type", "dataset")
    assert "learner/data" in hf("datasets", "ls", "--author", "learner", "-q")
    hf("repos", "create", "learner/demo", "--type", "space", "--sdk", "gradio")
    listed = hf("repos", "ls", "-q")
    assert "learner/data" in listed
    assert "learner/demo" in listed


def test_hf_branches_tags_and_talks(signed_in: Shell, api: HfApi, tmp_path: Path) -> None:
    hf, repo = signed_in.hf, api.create_repo("talked-about").repo_id
    hf("repos", "branch", "create", repo, "try")
    hf("repos", "tag", "create", repo, "v1", "-m", "first")
    refs = api.list_repo_refs(repo)
    assert ([tag.name for tag in refs.tags], len(refs.branches)) == (["v1"], 2)
    (tmp_path / "a.txt").write_text("a")
    hf("upload", repo, "a.txt", "--create-pr")
    assert files(api, repo, "refs/pr/1") == {"a.txt"}
    hf("discussions", "comment", repo, "1", "--body", "Looks good.")
    assert "Looks good." in hf("discussions", "info", repo, "1")
    assert "+a" in hf("discussions", "diff", repo, "1")
    hf("discussions", "merge", repo, "1", "--yes")
    assert files(api, repo) == {"a.txt"}
    hf("discussions", "create", repo, "--title", "A question", "--body", "Why?")
    hf("discussions", "rename", repo, "2", "A better question")
    assert "A better question" in hf("discussions", "list", repo)
    hf("discussions", "close", repo, "2", "--yes")
    assert "A better question" not in hf("discussions", "list", repo)
    hf("discussions", "reopen", repo, "2", "--yes")
    assert api.get_discussion_details(repo, 2).status == "open"
    hf("repos", "tag", "delete", repo, "v1", "--yes")
    hf("repos", "branch", "delete", repo, "try")
    assert (api.list_repo_refs(repo).tags, len(api.list_repo_refs(repo).branches)) == ([], 1)


class Curl:
    """curl, as the REST documentation uses it."""

    def __init__(self, shell: Shell, hub: Live) -> None:
        self._shell, self._hub = shell, hub

    def __call__(self, path: str, *options: str) -> str:
        bearer = f"Authorization: Bearer {self._hub.token}"
        words = ["curl", "-sS", "--fail-with-body", "-L", "-H", bearer, *options]
        return self._shell.run(*words, path if "://" in path else self._hub.url + path)

    def send(self, method: str, path: str, body: object) -> Any:  # noqa: ANN401 - any JSON
        """Send JSON; gives the answer's."""
        words = ["-X", method, "-H", "Content-Type: application/json", "-d", json.dumps(body)]
        return json.loads(self(path, *words))

    def commit(self, repo: str, *lines: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        body = "".join(json.dumps(line) + "\n" for line in lines)
        kind = "Content-Type: application/x-ndjson"
        return json.loads(
            self(f"/api/models/{repo}/commit/main", "-H", kind, "--data-binary", body)
        )


@pytest.fixture
def curl(shell: Shell, writable: Live) -> Curl:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return Curl(shell, writable)


def header(title: str) -> dict[str, Any]:
    return {"key": "header", "value": {"summary": title, "description": ""}}


def test_curl_makes_fills_lists_reads_and_deletes(curl: Curl, api: HfApi) -> None:
    made = curl.send("POST", "/api/repos/create", {"name": "by-curl", "type": "model"})
    assert made["name"] == "learner/by-curl"
    small = {"key": "file", "value": {"path": "a.txt", "content": "YQ==", "encoding": "base64"}}
    plain = {"key": "file", "value": {"path": "b.txt", "content": "plain"}}
    done = curl.commit("learner/by-curl", header("two files"), small, plain)
    assert done["success"]
    assert done["commitOid"] == api.model_info("learner/by-curl").sha
    tree = json.loads(curl("/api/models/learner/by-curl/tree/main"))
    assert [item["path"] for item in tree] == [".gitattributes", "a.txt", "b.txt"]
    assert curl("/learner/by-curl/resolve/main/b.txt") == "plain"
    assert curl("/learner/by-curl/resolve/main/b.txt", "-r", "1-3") == "lai"
    assert "learner/by-curl" in curl("/api/models?author=learner")
    gone = {"key": "deletedFile", "value": {"path": "a.txt"}}
    curl.commit("learner/by-curl", header("one less"), gone)
    assert files(api, "learner/by-curl") == {"b.txt"}
    curl.send("DELETE", "/api/repos/delete", {"name": "by-curl", "type": "model"})
    assert "learner/by-curl" not in curl("/api/models?author=learner")


def test_curl_uploads_a_large_file(curl: Curl, api: HfApi, tmp_path: Path) -> None:
    repo = api.create_repo("large-by-curl").repo_id
    (tmp_path / "w.bin").write_bytes(LARGE)
    size, oid = len(LARGE), hashlib.sha256(LARGE).hexdigest()
    asked = {"files": [{"path": "w.bin", "size": size, "sample": "AAEC"}]}
    told = curl.send("POST", f"/api/models/{repo}/preupload/main", asked)
    assert told["files"][0]["uploadMode"] == "lfs"
    batch = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": size}]}
    where = curl.send("POST", f"/{repo}.git/info/lfs/objects/batch", batch)
    curl(where["objects"][0]["actions"]["upload"]["href"], "-T", "w.bin")
    large = {"path": "w.bin", "algo": "sha256", "oid": oid, "size": size}
    curl.commit(repo, header("weights"), {"key": "lfsFile", "value": large})
    assert content(api, repo, "w.bin") == LARGE
    curl(f"/{repo}/resolve/main/w.bin", "-o", "copy.bin")
    assert (tmp_path / "copy.bin").read_bytes() == LARGE
