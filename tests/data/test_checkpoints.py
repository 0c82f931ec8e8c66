"""The join of a base encoder with a committed difference, rule by rule."""

import gzip
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save, save_file

from data.build.difference import Difference, factored, quantise_rows
from setup.checkpoints import DIFFERENCE, CheckpointError, base_folder, join

RANDOM = np.random.default_rng(7)
BASE = {
    "words.weight": RANDOM.standard_normal((10, 4), dtype=np.float32),
    "layer.weight": RANDOM.standard_normal((6, 4), dtype=np.float32),
    "layer.bias": RANDOM.standard_normal(6, dtype=np.float32),
    "pooler.weight": RANDOM.standard_normal((4, 4), dtype=np.float32),
}
Joined = dict[str, np.ndarray]


@pytest.fixture
def joined(tmp_path: Path) -> Callable[[Difference], Joined]:
    def make(difference: Difference) -> Joined:
        difference.save(tmp_path / "seed")
        return load_file(join_at(tmp_path))

    (tmp_path / "base").mkdir()
    save_file(BASE, tmp_path / "base" / "model.safetensors")
    return make


def join_at(folder: Path) -> Path:
    output = folder / "out" / "model.safetensors"
    join(folder / "seed", folder / "base", output)
    return output


def test_untouched_tensors_are_the_bases_under_the_prefix(joined: Callable) -> None:
    result = joined(Difference(prefix="bert.", drop=["pooler.weight"]))
    assert set(result) == {"bert.words.weight", "bert.layer.weight", "bert.layer.bias"}
    assert all((result["bert." + name] == BASE[name]).all() for name in BASE if "pool" not in name)


def test_low_rank_and_dense_terms_are_added(joined: Callable) -> None:
    up, down = RANDOM.standard_normal((6, 2)), RANDOM.standard_normal((2, 4))
    difference = Difference(prefix="bert.")
    difference.low_rank("bert.layer.weight", up, down)
    difference.add("bert.layer.bias", np.full(6, 0.5))
    result = joined(difference)
    np.testing.assert_allclose(result["bert.layer.weight"] - BASE["layer.weight"], up @ down,
                               atol=5e-3)
    np.testing.assert_allclose(result["bert.layer.bias"], BASE["layer.bias"] + 0.5, atol=1e-6)


def test_rows_are_means_of_base_rows(joined: Callable) -> None:
    difference = Difference()
    difference.rows("words.weight", [[3], [1, 2], [0, 4, 5]])
    words = joined(difference)["words.weight"]
    expected = [BASE["words.weight"][rows].mean(0) for rows in ([3], [1, 2], [0, 4, 5])]
    np.testing.assert_allclose(words, expected, atol=1e-6)


def test_a_projected_tensor_is_the_base_in_another_space(joined: Callable) -> None:
    map_ = RANDOM.standard_normal((4, 3)).astype(np.float16)
    difference = Difference()
    difference.projected("words.weight", map_)
    difference.add("words.weight", np.ones((10, 3)))
    words = joined(difference)["words.weight"]
    rounded = BASE["words.weight"].astype(np.float16).astype(np.float64)
    assert (words == (rounded @ map_.astype(np.float64)).astype(np.float32) + 1).all()


def test_a_map_that_does_not_fit_the_base_is_named(joined: Callable) -> None:
    difference = Difference()
    difference.projected("words.weight", np.ones((5, 3)))
    with pytest.raises(CheckpointError, match=r"words\.weight.*\(5, 3\)"):
        joined(difference)


def test_source_renames_and_new_tensors_are_kept(joined: Callable) -> None:
    difference = Difference(drop=["pooler.weight", "words.weight", "layer.bias"])
    difference.renamed({"ffn.lin1.weight": "layer.weight"})
    difference.dense("head.weight", np.ones((2, 4)))
    result = joined(difference)
    assert set(result) == {"ffn.lin1.weight", "head.weight"}
    assert (result["ffn.lin1.weight"] == BASE["layer.weight"]).all()
    assert result["head.weight"].dtype == np.float32


def test_quantised_tensors_come_back_within_half_a_step(joined: Callable) -> None:
    value = RANDOM.standard_normal((50, 40)) * np.linspace(0.01, 3, 50)[:, None]
    difference = Difference(base="none")
    difference.quantised("new.weight", value)
    result = joined(difference)
    assert set(result) == {"new.weight"}
    step = np.abs(value).max(1, keepdims=True) / 127
    assert (np.abs(result["new.weight"] - value) <= 0.51 * step + 1e-3 * np.abs(value)).all()
    assert np.abs(quantise_rows(value)[0]).max() == 127


def test_the_same_inputs_give_the_same_bytes(joined: Callable, tmp_path: Path) -> None:
    difference = Difference()
    difference.low_rank("layer.weight", np.ones((6, 2)), np.ones((2, 4)))
    joined(difference)
    first = sha256(join_at(tmp_path).read_bytes()).hexdigest()
    assert sha256(join_at(tmp_path).read_bytes()).hexdigest() == first
    with safe_open(tmp_path / "out" / "model.safetensors", "numpy") as file:
        assert file.metadata() == {"format": "pt"}


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"layer.weight.up": np.ones((6, 2), np.float16)}, "layer.weight.*only one of"),
        ({"layer.bias.add": np.ones(7, np.float16)}, "layer.bias.*does not have shape"),
        ({"words.weight.rows": np.array([[10]], np.int32)}, "words.weight.*rows outside 0..9"),
        ({"head.weight": np.ones((2, 2), np.int8)}, "head.weight.*without .scale"),
        ({"nobody.weight.add": np.ones(2, np.float16)}, "base has no tensor 'nobody.weight'"),
        (
            {"layer.weight.up": np.ones((6, 2)), "layer.weight.down": np.ones((3, 4))},
            r"layer.weight.*does not give \(6, 4\)",
        ),
    ],
)
def test_a_difference_that_does_not_fit_names_the_tensor(
    joined: Callable, tmp_path: Path, stored: Joined, message: str
) -> None:
    (tmp_path / "seed").mkdir()
    packed = gzip.compress(save(stored, metadata={"base": "minilm"}))
    (tmp_path / "seed" / DIFFERENCE).write_bytes(packed)
    with pytest.raises(CheckpointError, match=message):
        join_at(tmp_path)
    assert not list((tmp_path / "out").glob("*")), "a failed join must leave nothing behind"


def test_a_broken_file_and_bad_metadata_name_the_seed(joined: Callable, tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    seed.mkdir()
    (seed / DIFFERENCE).write_bytes(b"not gzip")
    with pytest.raises(CheckpointError, match="seed.*not a gzip file"):
        join_at(tmp_path)
    (seed / DIFFERENCE).write_bytes(gzip.compress(b"not safetensors"))
    with pytest.raises(CheckpointError, match="seed.*not a safetensors file"):
        join_at(tmp_path)
    other = save({"a": np.ones(1)}, metadata={"base": "gpt", "source": "{}"})
    (seed / DIFFERENCE).write_bytes(gzip.compress(other))
    with pytest.raises(CheckpointError, match="'gpt', not 'minilm'"):
        join_at(tmp_path)


def test_the_base_is_found_and_its_hash_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads((base_folder() / "config.json").read_text())["hidden_size"] == 384
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setenv("COURSE_BASE_MODEL", str(tmp_path))
    with pytest.raises(CheckpointError, match="SHA-256"):
        base_folder()


def test_factoring_keeps_the_strongest_directions() -> None:
    delta = RANDOM.standard_normal((8, 3)) @ RANDOM.standard_normal((3, 5))
    up, down = factored(delta, 3)
    np.testing.assert_allclose(up @ down, delta, atol=1e-4)
