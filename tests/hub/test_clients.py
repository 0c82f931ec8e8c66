"""The released clients, unmodified, against a live Hub."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub.conftest import BIG, DATASET, MODEL, WORDS, Live, environment

HF = str(Path(sys.executable).parent / "hf")  # the command line of the same environment


@pytest.fixture
def api(live: Live) -> HfApi:
    return HfApi(endpoint=live.url, token=False)


def test_download_one_file(live: Live, sha: str, tmp_path: Path) -> None:
    path = hf_hub_download(MODEL, "vocab.txt", endpoint=live.url, cache_dir=tmp_path, token=False)
    assert Path(path).read_text() == "\n".join(WORDS)
    assert sha in path


@pytest.mark.parametrize("revision", ["main", "714eb0f"])
def test_download_a_snapshot(live: Live, tmp_path: Path, revision: str) -> None:
    options: dict[str, Any] = {"endpoint": live.url, "cache_dir": tmp_path, "token": False}
    folder = Path(snapshot_download(MODEL, revision=revision, **options))
    assert {path.name for path in folder.iterdir()} > {"config.json", "model.safetensors"}


def test_a_large_file_arrives_whole(live: Live, seeds: Path, tmp_path: Path) -> None:
    name = "weights/big.bin"
    path = hf_hub_download("acme/french", name, endpoint=live.url, local_dir=tmp_path, token=False)
    assert Path(path).read_bytes() == (seeds / "models/acme/french" / name).read_bytes()


def test_a_changed_hub_is_asked_only_for_headers_when_the_file_is_known(
    live: Live, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"endpoint": live.url, "cache_dir": tmp_path, "token": False}
    first = hf_hub_download(MODEL, "config.json", **options)
    stamp = Path(first).resolve().stat().st_mtime_ns
    again = hf_hub_download(MODEL, "config.json", **options)
    assert Path(again).resolve().stat().st_mtime_ns == stamp


def test_info_and_listings(api: HfApi, sha: str) -> None:
    info = api.model_info(MODEL, files_metadata=True)
    assert (info.sha, info.pipeline_tag) == (sha, "text-classification")
    assert info.card_data is not None
    assert info.card_data["license"] == "mit"
    assert all(item.size is not None for item in info.siblings or [])
    assert [model.id for model in api.list_models(author="acme", search="bert")] == [MODEL]
    assert [model.id for model in api.list_models(filter="course", limit=5)] == [MODEL]
    assert [item.id for item in api.list_datasets(language="en", full=True)] == [DATASET]
    assert [space.id for space in api.list_spaces(filter="metric")] == ["evaluate-metric/tally"]
    assert "config.json" in api.list_repo_files(MODEL)
    assert api.dataset_info(DATASET).id == DATASET
    assert api.space_info("evaluate-metric/tally").sdk == "gradio"


def test_an_old_id_is_followed(api: HfApi, live: Live, tmp_path: Path) -> None:
    assert api.model_info("tiny-bert").id == MODEL
    options: dict[str, Any] = {"endpoint": live.url, "cache_dir": tmp_path, "token": False}
    assert Path(hf_hub_download("tiny-bert", "vocab.txt", **options)).exists()


def test_trees_paths_references_and_history(api: HfApi, sha: str) -> None:
    paths = [item.path for item in api.list_repo_tree("other/copied", recursive=True, expand=True)]
    assert "a b/é.txt" in paths
    found = api.get_paths_info("acme/french", ["weights/big.bin", "nope"], expand=True)
    assert [(item.path, item.size) for item in found] == [("weights/big.bin", BIG)]  # type: ignore[union-attr]
    refs = api.list_repo_refs(MODEL, include_pull_requests=True)
    assert [tag.name for tag in refs.tags] == ["714eb0f"]
    assert [commit.commit_id for commit in api.list_repo_commits(MODEL)] == [sha]
    assert api.file_exists(MODEL, "config.json")
    assert not api.file_exists(MODEL, "nope")
    assert not api.revision_exists(MODEL, "nope")
    assert not api.repo_exists("acme/nope")


def test_errors_are_the_clients_own(api: HfApi, live: Live, tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("acme/nope")
    with pytest.raises(RevisionNotFoundError):
        api.model_info(MODEL, revision="nope")
    options: dict[str, Any] = {"endpoint": live.url, "cache_dir": tmp_path, "token": False}
    with pytest.raises(EntryNotFoundError):
        hf_hub_download(MODEL, "nope", **options)


def test_writing_is_refused_in_plain_words(live: Live, tmp_path: Path) -> None:
    api = HfApi(endpoint=live.url, token=(live.state / "token").read_text())
    with pytest.raises(HfHubHTTPError, match="don't have the rights to change models of acme"):
        api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=MODEL)
    with pytest.raises(HfHubHTTPError, match="don't have the rights"):
        api.create_repo("acme/new")


def test_the_file_system(live: Live) -> None:
    files = HfFileSystem(endpoint=live.url, token=False, skip_instance_cache=True)
    assert f"{MODEL}/config.json" in files.ls(MODEL, detail=False)
    wanted = [f"datasets/{DATASET}/data/{split}.jsonl" for split in ("test", "train")]
    assert files.glob(f"datasets/{DATASET}/**/*.jsonl") == wanted
    assert files.read_text(f"datasets/{DATASET}/README.md").startswith("---")
    with files.open("acme/french/weights/big.bin") as stream:
        stream.seek(BIG - 10)
        assert len(stream.read()) == 10


def test_safetensors_are_read_without_their_weights(api: HfApi) -> None:
    found = api.get_safetensors_metadata(MODEL)
    assert found.parameter_count == {"F32": len(WORDS) * 8 + 2 * 8 + 2}


def test_who_am_i(live: Live) -> None:
    token = (live.state / "token").read_text()
    assert HfApi(endpoint=live.url).whoami(token=token)["name"] == "learner"


def test_the_command_line(live: Live, tmp_path: Path) -> None:
    token = (live.state / "token").read_text()

    def hf(*words: str) -> str:
        variables = environment(live.url, tmp_path, token)
        done = subprocess.run([HF, *words], env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    hf("download", DATASET, "--repo-type", "dataset", "--local-dir", str(tmp_path / "copy"))
    assert (tmp_path / "copy/data/train.jsonl").exists()
    assert "learner" in hf("auth", "whoami")


TRANSFORMERS = f"""
import json
from transformers import AutoConfig, AutoModel, AutoTokenizer, pipeline
classify = pipeline("text-classification", "{MODEL}", revision="714eb0f")
guessed = pipeline(model="{MODEL}").task
tokenizer = AutoTokenizer.from_pretrained("tiny-bert")
try:
    AutoTokenizer.from_pretrained("acme/nope")
except OSError as error:
    missing = str(error)
print(json.dumps([
    classify("a good film !")[0]["label"], tokenizer.tokenize("films good"),
    AutoConfig.from_pretrained("{MODEL}").hidden_size,
    AutoModel.from_pretrained("{MODEL}").dtype.__str__(), missing, guessed,
]))
"""


def test_transformers(live: Live, tmp_path: Path) -> None:
    label, tokens, hidden, dtype, missing, task = json.loads(live.python(TRANSFORMERS, tmp_path))
    assert (label, tokens, hidden, dtype) == (
        "POSITIVE",
        ["film", "##s", "good"],
        8,
        "torch.float32",
    )
    assert "is not a valid model identifier" in missing
    assert task == "text-classification"


DATASETS = f"""
import json, os
from datasets import load_dataset
import evaluate
whole = load_dataset("{DATASET}")
first = next(iter(load_dataset("{DATASET}", split="train", streaming=True)))
by_path = load_dataset("json", data_files="hf://datasets/{DATASET}/data/test.jsonl")
url = os.environ["HF_ENDPOINT"] + "/datasets/{DATASET}/resolve/main/data/test.jsonl"
by_url = load_dataset("json", data_files=url)
bare = load_dataset("acme/tables", data_dir="small")
stream = load_dataset("acme/tables", data_dir="large", split="train", streaming=True)
last = list(stream.skip(1990))[-1]
tally = evaluate.load("tally").compute(predictions=[1, 2], references=[1, 3])
print(json.dumps([
    whole.num_rows, first, by_path.num_rows, by_url.num_rows, tally,
    bare.num_rows, last,
    evaluate.list_evaluation_modules("metric"),
]))
"""


def test_datasets_and_evaluate(live: Live, tmp_path: Path) -> None:
    printed = live.python(DATASETS, tmp_path).splitlines()[-1]
    rows, first, by_path, by_url, tally, bare, last, metrics = json.loads(printed)
    assert rows == {"train": 40, "test": 10}
    assert first == {"text": "train review 0", "label": 0}
    assert by_path == by_url == {"train": 10}
    assert (bare, last) == ({"train": 5}, {"n": 1999, "text": "large 1999"})
    assert (tally, metrics) == ({"same": 1}, ["tally"])
