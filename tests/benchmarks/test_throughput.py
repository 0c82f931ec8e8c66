"""The benchmark calculates rightly, runs anywhere, and reports where there is a GPU."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from tests.benchmarks.throughput import Measurement, measure, multiplied, peak_of
from tests.notebooks.pieces import written

NOTEBOOK = Path(__file__).parents[2] / "notebooks/3_fine_tuning/06_several_processes.ipynb"
NO_GPU = "torch sees no CUDA device; on a machine with one: pytest -m gpu -n 0 -s"
SMALL: dict[str, Any] = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}


def test_the_longest_fitting_name_gives_the_peak() -> None:
    assert peak_of("NVIDIA H100 PCIe") == 756.0
    assert peak_of("NVIDIA H100 80GB HBM3") == 989.4
    assert peak_of("NVIDIA A100-SXM4-80GB") == 312.0
    assert peak_of("NVIDIA A10G") == 125.0
    assert peak_of("Tesla T4") is None


def test_the_share_is_six_operations_for_each_weight_and_token() -> None:
    made_up = Measurement("NVIDIA A100-SXM4-80GB", "bf16", 100_000_000, 260_000.0)
    assert made_up.operations_per_second == pytest.approx(156e12)
    assert made_up.share_of_peak == pytest.approx(0.5)
    assert "50.0% of the peak" in made_up.line()
    assert Measurement("NVIDIA A100", "fp32", 1, 1.0).share_of_peak is None


def test_looked_up_weights_are_not_counted() -> None:
    model = BertForSequenceClassification(BertConfig(vocab_size=50, intermediate_size=16, **SMALL))
    tables = (50 + 512 + 2) * 8
    assert multiplied(model) == model.num_parameters() - tables


def test_it_runs_on_a_processor() -> None:
    config = BertConfig(vocab_size=1050, intermediate_size=16, **SMALL)
    found = measure(config, batch=2, length=8, steps=2, device="cpu")
    assert (found.device, found.precision, found.share_of_peak) == ("processor", "fp32", None)
    assert found.tokens_per_second > 0
    assert "peak unknown" in found.line()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
def test_throughput_on_the_gpu(record_property: Callable[[str, object], None]) -> None:
    found = measure()
    record_property("throughput", found.line())
    print(found.line())
    share = found.share_of_peak
    assert share is None or 0 < share < 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
@pytest.mark.parametrize("precision", ["auto", "no"])
def test_the_same_script_trains_on_the_gpu(tmp_path: Path, precision: str) -> None:
    """One process on one GPU, with the precision that suits it, and in 32 bits."""
    (tmp_path / "train.py").write_text(written(NOTEBOOK, "train.py"), encoding="utf-8")
    words = ["--rows", "64", "--epochs", "1", "--precision", precision]
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "1"]
    done = subprocess.run(
        [*command, "train.py", *words], cwd=tmp_path, env=dict(os.environ),
        text=True, capture_output=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stderr[:4000]
    told = dict(re.findall(r"^([\w ]+): (.+)$", done.stdout, re.MULTILINE))
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    assert (told["device"], told["processes"], told["examples"]) == ("cuda", "1", "408")
    assert told["precision"] == ("bf16" if precision == "auto" and native else "no")
    assert 0 < float(told["loss"]) < 2
