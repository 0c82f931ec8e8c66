"""How many tokens per second a device trains on: `python -m tests.benchmarks.throughput`.

A BERT of the published base size with random weights is trained on random tokens, with the
precision that the notebook's `train.py` chooses: bf16 where the device computes in it. The share
of the device's peak says how much of what its maker promises is used for the calculation itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

BATCH, LENGTH = 64, 128
WARM_UP, STEPS = 5, 20

# Dense bf16 operations per second, in tera, as NVIDIA's data sheets of the products give them
# (where a sheet states the value "with sparsity", half of it). The longest name that fits counts.
PEAKS = {
    "A10": 125.0, "A100": 312.0, "H100": 989.4, "H100 PCIe": 756.0, "H200": 989.4,
    "L4": 121.0, "L40S": 362.0,
}  # fmt: skip


@dataclass(frozen=True)
class Measurement:
    """One measured training: what it ran on and how fast it was."""

    device: str
    precision: str
    weights: int  # those that are multiplied: all but the embedding tables
    tokens_per_second: float

    @property
    def operations_per_second(self) -> float:
        """Estimate by 6 N per token: a multiplication and an addition forward, twice that back.

        The rule is from Kaplan et al., "Scaling Laws for Neural Language Models" (2020), section
        2.1; N leaves out the embeddings, and the attention scores are left out as well.
        """
        return 6.0 * self.weights * self.tokens_per_second

    @property
    def share_of_peak(self) -> float | None:
        """The part of the device's bf16 peak that is used; None where no peak is known."""
        peak = peak_of(self.device)
        if peak is None or self.precision != "bf16":
            return None
        return self.operations_per_second / (peak * 1e12)

    def line(self) -> str:
        """Return the result as one line of text."""
        share = self.share_of_peak
        used = "peak unknown" if share is None else f"{share:.1%} of the peak"
        rate = f"{self.tokens_per_second:,.0f} tokens per second"
        tera = f"{self.operations_per_second / 1e12:.1f} TFLOP/s"
        return f"{self.device}, {self.precision}: {rate}, {tera}, {used}"


def peak_of(device: str) -> float | None:
    """Return the dense bf16 peak of a device in TFLOP/s.

    >>> peak_of("NVIDIA L40S"), peak_of("NVIDIA L4"), peak_of("some processor")
    (362.0, 121.0, None)
    """
    fitting = [name for name in PEAKS if name in device]
    return PEAKS[max(fitting, key=len)] if fitting else None


def multiplied(model: nn.Module) -> int:
    """Return the number of weights outside embedding tables, which are only looked up."""
    looked_up = sum(
        weight.numel()
        for module in model.modules()
        if isinstance(module, nn.Embedding)
        for weight in module.parameters()
    )
    return sum(weight.numel() for weight in model.parameters()) - looked_up


def wait_for(device: torch.device) -> None:
    """Wait until a device has done all that it was told to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure(
    config: BertConfig | None = None,
    batch: int = BATCH,
    length: int = LENGTH,
    steps: int = STEPS,
    device: str | None = None,
) -> Measurement:
    """Train some steps and return the speed, on the GPU where there is one."""
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    bf16 = place.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    torch.manual_seed(0)
    with place:
        model = BertForSequenceClassification(config or BertConfig()).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    tokens = torch.randint(1000, model.config.vocab_size, (batch, length), device=place)
    labels = torch.arange(batch, device=place) % 2

    def step() -> None:
        with torch.autocast(place.type, torch.bfloat16, enabled=bf16):
            loss = model(input_ids=tokens, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(min(WARM_UP, steps)):
        step()
    wait_for(place)
    begun = time.perf_counter()
    for _ in range(steps):
        step()
    wait_for(place)
    rate = steps * batch * length / (time.perf_counter() - begun)
    name = torch.cuda.get_device_name(place) if place.type == "cuda" else "processor"
    return Measurement(name, "bf16" if bf16 else "fp32", multiplied(model), rate)


if __name__ == "__main__":
    print(measure().line())
