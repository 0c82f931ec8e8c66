"""Info, trees, paths, references and history as JSON."""

import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.hub.conftest import BIG, DATASET, MODEL

API = f"/api/models/{MODEL}"
FILES = [
    ".gitattributes", "README.md", "config.json", "model.safetensors", "tokenizer_config.json",
    "vocab.txt",
]  # fmt: skip


def test_info_tells_what_the_card_the_configuration_and_git_say(web: TestClient, sha: str) -> None:
    told = web.get(API).json()
    assert (told["id"], told["modelId"], told["author"]) == (MODEL, MODEL, "acme")
    assert (told["sha"], told["private"], told["gated"]) == (sha, False, False)
    assert (told["pipeline_tag"], told["library_name"]) == ("text-classification", "transformers")
    assert told["cardData"]["datasets"] == DATASET
    assert told["config"]["model_type"] == "bert"
    assert told["lastModified"] == told["createdAt"] == "2024-01-01T00:00:00.000Z"
    assert {"course", "en", "license:mit", f"dataset:{DATASET}"} < set(told["tags"])
    assert told["siblings"] == [{"rfilename": name} for name in FILES]
    assert "securityStatus" not in told


def test_seed_settings_are_not_published(web: TestClient) -> None:
    names = {item["rfilename"] for item in web.get(API).json()["siblings"]}
    assert not names & {"seed.json", "weights.join.safetensors.gz"}


def test_info_with_blobs_tells_sizes_and_hashes(web: TestClient) -> None:
    told = web.get("/api/models/acme/french?blobs=true").json()
    found = {item["rfilename"]: item for item in told["siblings"]}
    big = found["weights/big.bin"]
    assert (big["size"], big["lfs"]["size"], len(big["lfs"]["sha256"])) == (BIG, BIG, 64)
    assert big["lfs"]["pointerSize"] == 132
    assert "lfs" not in found["README.md"]
    assert len(found["README.md"]["blobId"]) == 40


def test_info_of_datasets_and_spaces(web: TestClient) -> None:
    dataset = web.get(f"/api/datasets/{DATASET}").json()
    assert {"language:en", "task_categories:text-classification"} < set(dataset["tags"])
    assert "modelId" not in dataset
    space = web.get("/api/spaces/evaluate-metric/tally").json()
    assert (space["sdk"], "metric" in space["tags"]) == ("gradio", True)


@pytest.mark.parametrize("query", ["expand=sha&expand=tags", "expand[]=sha&expand[]=tags"])
def test_expand_narrows_info_to_what_it_names(web: TestClient, query: str) -> None:
    assert set(web.get(f"{API}?{query}").json()) == {"_id", "id", "sha", "tags"}


def test_a_tree_lists_one_folder(web: TestClient) -> None:
    told = web.get("/api/models/other/copied/tree/main").json()
    assert [(item["path"], item["type"]) for item in told] == [
        (".gitattributes", "file"),
        ("a b", "directory"),
        ("sub", "directory"),
    ]
    inside = web.get("/api/models/other/copied/tree/main/a%20b").json()
    assert [(item["path"], item["size"]) for item in inside] == [("a b/é.txt", 6)]


def test_a_tree_lists_all_folders_when_asked(web: TestClient) -> None:
    told = web.get("/api/models/other/copied/tree/main?recursive=True").json()
    expected = [".gitattributes", "a b", "a b/é.txt", "sub", "sub/vocab.txt"]
    assert [item["path"] for item in told] == expected


def test_a_tree_tells_the_large_files_of_git_lfs(web: TestClient, seeds: Path) -> None:
    told = web.get("/api/models/acme/french/tree/main/weights").json()
    data = (seeds / "models/acme/french/weights/big.bin").read_bytes()
    oid = hashlib.sha256(data).hexdigest()
    assert told[0]["lfs"] == {"oid": oid, "size": BIG, "pointerSize": 132}
    assert told[0]["size"] == BIG


def test_expanded_entries_have_their_last_commit(web: TestClient, sha: str) -> None:
    told = web.get(f"{API}/tree/main?expand=true").json()
    assert {item["lastCommit"]["id"] for item in told} == {sha}
    assert told[0]["lastCommit"]["title"] == "Seed"
    assert "lastCommit" not in web.get(f"{API}/tree/main").json()[0]


@pytest.mark.parametrize("size", [1, 2, 4, 6, 100])
def test_pages_of_a_tree_join_to_the_whole(web: TestClient, size: int) -> None:
    found: list[str] = []
    url: str | None = f"{API}/tree/main?limit={size}"
    pages = 0
    while url:
        answer = web.get(url)
        found += [item["path"] for item in answer.json()]
        assert len(answer.json()) <= size
        url, pages = answer.links.get("next", {}).get("url"), pages + 1
    assert found == FILES
    assert pages == -(-len(FILES) // size)


@pytest.mark.parametrize("as_json", [True, False])
def test_paths_info_leaves_out_what_is_missing(web: TestClient, as_json: bool) -> None:
    body = {"paths": ["weights", "nope", "README.md", "weights/"], "expand": True}
    url = "/api/models/acme/french/paths-info/main"
    told = (web.post(url, json=body) if as_json else web.post(url, data=body)).json()
    expected = [("weights", "directory"), ("README.md", "file")]
    assert [(item["path"], item["type"]) for item in told][:2] == expected
    assert all(item["lastCommit"]["title"] == "Seed" for item in told)


def test_paths_info_refuses_paths_that_leave_the_repository(web: TestClient) -> None:
    answer = web.post(f"{API}/paths-info/main", json={"paths": ["../../lock"]})
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")


def test_paths_info_is_bounded(web: TestClient) -> None:
    answer = web.post(f"{API}/paths-info/main", json={"paths": ["a"] * 1001})
    assert (answer.status_code, "1001" in answer.json()["error"]) == (400, True)


def test_references(web: TestClient, sha: str) -> None:
    told = web.get(f"{API}/refs").json()
    main = {"name": "main", "ref": "refs/heads/main", "targetCommit": sha}
    tag = {"name": "714eb0f", "ref": "refs/tags/714eb0f", "targetCommit": sha}
    assert told == {"branches": [main], "tags": [tag], "converts": []}
    assert web.get(f"{API}/refs?include_prs=1").json()["pullRequests"] == []


def test_history(web: TestClient, sha: str) -> None:
    answer = web.get(f"{API}/commits/main")
    assert answer.headers["X-Total-Count"] == "1"
    assert answer.json() == [
        {
            "id": sha,
            "title": "Seed",
            "message": "",
            "authors": [{"user": "Seed"}],
            "date": "2024-01-01T00:00:00.000Z",
        }
    ]


def test_a_card_with_a_readable_header_is_valid(web: TestClient) -> None:
    answer = web.post(
        "/api/validate-yaml", json={"content": "---\na: 1\n---\n", "repoType": "model"}
    )
    assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})


def test_a_card_with_a_broken_header_is_told_why(web: TestClient) -> None:
    answer = web.post("/api/validate-yaml", json={"content": "---\na: [\n---\n"})
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "BadRequest")
    assert "YAML" in answer.json()["errors"][0]["message"]


def test_the_hub_says_that_it_is_well(web: TestClient) -> None:
    assert web.get("/api/health").json() == {"status": "ok"}


def test_the_front_page_tells_a_person_what_is_here(web: TestClient) -> None:
    answer = web.get("/")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "export HF_ENDPOINT=http://testserver\n" in answer.text
    assert "3 models\n  acme/french\n  acme/tiny-bert\n" in answer.text
