"""The published data set and metrics of data/hub, by the released clients from a live Hub."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.conftest import ROOT, Live, ready_url, start

GLUE = "nyu-mll/glue"
LOAD = f"""
import json
from datasets import get_dataset_config_names, load_dataset

def told(splits):
    return {{name: [repr(rows.features), next(iter(rows))] for name, rows in splits.items()}}

result = {{}}
for config in get_dataset_config_names("{GLUE}"):
    whole = load_dataset("{GLUE}", config)
    lazy = load_dataset("{GLUE}", config, streaming=True)
    rows = {{name: part.num_rows for name, part in whole.items()}}
    result[config] = {{"whole": told(whole), "lazy": told(lazy), "rows": rows}}
print(json.dumps(result))
"""
SCORE = """
import json
import evaluate

two = {"predictions": [0, 1, 1, 1], "references": [0, 1, 0, 1]}
result = {c: evaluate.load("glue", c).compute(**two) for c in ("mrpc", "sst2", "cola", "stsb")}
result |= {name: evaluate.load(name).compute(**two) for name in ("accuracy", "f1")}
try:
    evaluate.load("glue", "nope")
except KeyError as err:
    result["error"] = str(err)
print(json.dumps(result))
"""
SWISS = """
import json
from datasets import get_dataset_config_names, load_dataset

name = "HuggingFaceFW/fineweb-2"
result = {}
for config in get_dataset_config_names(name):
    lazy = load_dataset(name, config, split="train", streaming=True)
    result[config] = [next(iter(lazy))["language"], sum(1 for _ in lazy)]
print(json.dumps(result))
"""
SPLITS = ["train", "validation", "test"]
MNLI = ["train", *(f"{name}_{part}" for name in SPLITS[1:] for part in ("matched", "mismatched"))]
CONFIGS = {name: SPLITS for name in ("cola", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb", "wnli")}
CONFIGS |= {"ax": SPLITS[2:], "mnli": MNLI}
CONFIGS |= {f"mnli_{part}": SPLITS[1:] for part in ("matched", "mismatched")}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A live Hub with the true data sets and spaces, without the models."""
    folder = tmp_path_factory.mktemp("classroom")
    for kind in ("datasets", "spaces"):
        shutil.copytree(ROOT / "data" / "hub" / kind, folder / "seeds" / kind)
    with (folder / "log.txt").open("w") as log:
        process = start(folder / "seeds", folder / "state", log=log)
        yield Live(ready_url(process), process, folder / "state")
        process.terminate()
        process.communicate(timeout=20)
    assert "Traceback" not in (folder / "log.txt").read_text()


@pytest.fixture(scope="module")
def loaded(classroom: Live, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What load_dataset gives for each configuration, whole and streamed."""
    text = classroom.python(LOAD, tmp_path_factory.mktemp("home"))
    result: dict[str, Any] = json.loads(text.splitlines()[-1])
    return result


def test_all_configurations_are_found(loaded: dict[str, Any]) -> None:
    assert sorted(loaded) == sorted(CONFIGS)


@pytest.mark.parametrize("config", CONFIGS)
def test_a_configuration_loads_whole_and_streamed(loaded: dict[str, Any], config: str) -> None:
    found = loaded[config]
    assert list(found["whole"]) == CONFIGS[config]
    assert found["whole"] == found["lazy"]


def test_label_names_and_sizes_arrive(loaded: dict[str, Any]) -> None:
    assert loaded["mrpc"]["rows"] == {"train": 3668, "validation": 408, "test": 1725}
    features, _ = loaded["mrpc"]["whole"]["train"]
    assert features == (
        "{'sentence1': Value('string'), 'sentence2': Value('string'), 'label': "
        "ClassLabel(names=['not_equivalent', 'equivalent']), 'idx': Value('int32')}"
    )


def test_metrics_load_and_compute(classroom: Live, tmp_path: Path) -> None:
    result = json.loads(classroom.python(SCORE, tmp_path).splitlines()[-1])
    assert result["mrpc"] == pytest.approx({"accuracy": 0.75, "f1": 0.8})
    assert result["sst2"] == result["accuracy"] == {"accuracy": 0.75}
    assert result["f1"] == pytest.approx({"f1": 0.8})
    assert result["cola"] == pytest.approx({"matthews_correlation": 1 / 3**0.5})
    assert set(result["stsb"]) == {"pearson", "spearmanr"}
    assert "'nope'" in result["error"]
    assert "mrpc, qqp" in result["error"]


def test_the_languages_of_switzerland_are_streamed(classroom: Live, tmp_path: Path) -> None:
    result = json.loads(classroom.python(SWISS, tmp_path).splitlines()[-1])
    rows = {"deu": 640, "fra": 240, "ita": 90, "roh": 60}
    assert result == {f"{code}_Latn": [code, count] for code, count in rows.items()}
