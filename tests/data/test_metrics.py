"""The metrics on the local Hub, against figures worked by hand and computed independently."""

import importlib.util
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import pytest
from evaluate.loading import get_imports

SPACES = Path(__file__).resolve().parents[2] / "data" / "hub" / "spaces" / "evaluate-metric"
PLAIN = ("sst2", "mnli", "mnli_matched", "mnli_mismatched", "qnli", "rte", "wnli", "hans")
Numbers = Sequence[float]
Make = Callable[..., evaluate.Metric]


@pytest.fixture
def metric(tmp_path: Path) -> Make:
    """Return a function that makes the metric of a script and a configuration."""

    def make(name: str, config: str = "default") -> evaluate.Metric:
        script = SPACES / name / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"{name}_metric", script)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        kind = getattr(module, name.capitalize())
        return kind(config_name=config, cache_dir=str(tmp_path), keep_in_memory=True)

    return make


def counts(found: Numbers, right: Numbers) -> tuple[int, int, int, int]:
    """Return true positives, false positives, false negatives, true negatives."""
    pairs = list(zip(found, right, strict=True))
    return pairs.count((1, 1)), pairs.count((1, 0)), pairs.count((0, 1)), pairs.count((0, 0))


def f1(found: Numbers, right: Numbers) -> float:
    hits, wrong, missed, _ = counts(found, right)
    return 2 * hits / (2 * hits + wrong + missed)


def matthews(found: Numbers, right: Numbers) -> float:
    tp, fp, fn, tn = counts(found, right)
    return (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def pearson(one: Numbers, other: Numbers) -> float:
    a, b = (np.asarray(values) - np.mean(values) for values in (one, other))
    return float((a @ b) / math.sqrt((a @ a) * (b @ b)))


def ranks(values: Numbers) -> list[float]:
    """Return the rank of each value; equal ones share the mean of theirs."""
    ordered = sorted(values)
    return [ordered.index(v) + (ordered.count(v) - 1) / 2 for v in values]


def drawn(config: str) -> tuple[list[float], list[float]]:
    """Return made-up predictions and references."""
    rng = np.random.default_rng(5)
    if config == "stsb":
        grades = np.round(rng.uniform(0, 5, 200), 1).astype(np.float32)
        near = np.round(grades + rng.normal(size=200), 1).astype(np.float32)
        return near.tolist(), grades.tolist()
    right = rng.integers(0, 2, 200)
    return np.where(rng.random(200) < 0.7, right, 1 - right).tolist(), right.tolist()


@pytest.mark.parametrize("config", PLAIN)
def test_plain_tasks_give_accuracy(metric: Make, config: str) -> None:
    result = metric("glue", config).compute(predictions=[0, 2, 1, 1], references=[0, 2, 0, 1])
    assert result == {"accuracy": 0.75}


@pytest.mark.parametrize("config", ["mrpc", "qqp"])
def test_paraphrases_worked_by_hand(metric: Make, config: str) -> None:
    # Found 1 three times, twice rightly: precision 2/3. Both right ones found: recall 1.
    result = metric("glue", config).compute(predictions=[0, 1, 1, 1], references=[0, 1, 0, 1])
    assert list(result) == ["accuracy", "f1"]
    assert result == pytest.approx({"accuracy": 3 / 4, "f1": 4 / 5})


def test_matthews_worked_by_hand(metric: Make) -> None:
    # 2 true, 1 false positives, 1 false negative, 1 true negative: (2*1 - 1*1) / sqrt(3*3*2*2)
    found, right = [1, 1, 1, 0, 0], [1, 1, 0, 1, 0]
    result = metric("glue", "cola").compute(predictions=found, references=right)
    assert result == pytest.approx({"matthews_correlation": 1 / 6})


def test_correlations_worked_by_hand(metric: Make) -> None:
    # Deviations (-1, 0, 1) and (-1.5, -0.5, 2): 3.5 / sqrt(2 * 6.5); the order is the same.
    result = metric("glue", "stsb").compute(predictions=[1, 2, 3], references=[0.5, 1.5, 4])
    expected = {"pearson": 3.5 / math.sqrt(13), "spearmanr": 1.0}
    assert result == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("config", ["mrpc", "qqp", "cola", "stsb", *PLAIN])
def test_computed_independently(metric: Make, config: str) -> None:
    found, right = drawn(config)
    expected = {"accuracy": float(np.mean(np.equal(found, right)))}
    if config in ("mrpc", "qqp"):
        expected["f1"] = f1(found, right)
    elif config == "cola":
        expected = {"matthews_correlation": matthews(found, right)}
    elif config == "stsb":
        expected = {"pearson": pearson(found, right)}
        expected["spearmanr"] = pearson(ranks(found), ranks(right))
    result = metric("glue", config).compute(predictions=found, references=right)
    assert result == pytest.approx(expected, abs=1e-6)
    assert list(result) == list(expected)
    assert {type(value) for value in result.values()} == {float}


def test_batches_add_up(metric: Make) -> None:
    found, right = drawn("mrpc")
    whole, parts = metric("glue", "mrpc"), metric("glue", "mrpc")
    for i in range(0, len(found), 8):
        parts.add_batch(predictions=found[i : i + 8], references=right[i : i + 8])
    assert parts.compute() == whole.compute(predictions=found, references=right)


@pytest.mark.parametrize("config", ["default", "MRPC", "ax"])
def test_an_unknown_task_is_named_with_the_known_ones(metric: Make, config: str) -> None:
    with pytest.raises(KeyError, match=f"'{config}'.*sst2, .*mrpc, .*hans"):
        metric("glue", config)


def test_unequal_lengths_are_refused(metric: Make) -> None:
    with pytest.raises(ValueError, match="Mismatch"):
        metric("glue", "mrpc").compute(predictions=[0, 1], references=[0, 1, 1])


def test_accuracy(metric: Make) -> None:
    found, right = [0, 1, 2, 2], [0, 1, 1, 2]
    assert metric("accuracy").compute(predictions=found, references=right) == {"accuracy": 0.75}
    options: dict[str, Any] = {"normalize": False}
    counted = metric("accuracy").compute(predictions=found, references=right, **options)
    assert counted == {"accuracy": 3.0}


def test_f1(metric: Make) -> None:
    found, right = drawn("mrpc")
    result = metric("f1").compute(predictions=found, references=right)
    assert result == pytest.approx({"f1": f1(found, right)})
    flipped = metric("f1").compute(predictions=found, references=right, pos_label=0)
    assert flipped == pytest.approx({"f1": f1([1 - x for x in found], [1 - x for x in right])})


def test_f1_over_several_labels(metric: Make) -> None:
    found, right = [0, 1, 2, 2], [0, 1, 1, 2]
    each = metric("f1").compute(predictions=found, references=right, average=None)["f1"]
    assert each == pytest.approx([1, 2 / 3, 2 / 3])
    macro = metric("f1").compute(predictions=found, references=right, average="macro")
    assert macro == pytest.approx({"f1": 7 / 9})


@pytest.mark.parametrize("name", ["glue", "accuracy", "f1"])
def test_a_script_needs_only_what_is_required(name: str) -> None:
    found = {(kind, package) for kind, package, _, _ in get_imports(SPACES / name / f"{name}.py")}
    allowed = {"datasets", "evaluate", "numpy", "scipy", "sklearn"}
    assert found <= {("library", package) for package in allowed}


@pytest.mark.parametrize("name", ["glue", "accuracy", "f1"])
def test_a_script_warns_of_nothing(metric: Make, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        config = "mrpc" if name == "glue" else "default"
        metric(name, config).compute(predictions=[0, 1], references=[0, 1])
