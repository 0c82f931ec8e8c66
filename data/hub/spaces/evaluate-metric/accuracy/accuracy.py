"""Accuracy: the share of right predictions."""

import datasets
import evaluate
import numpy as np
from sklearn.metrics import accuracy_score

DESCRIPTION = """\
The share of predictions that equal their reference. It says little where one label is rare: always
answering with the frequent one scores high.
"""
USAGE = """
Args:
    predictions: one label for each example.
    references: the right ones, in the same order.
    normalize: False counts the right predictions instead of dividing by the number of examples.
    sample_weight: how much each example counts; None for all alike.
Returns:
    {"accuracy": a float from 0 to 1, or a count}
Examples:

    >>> metric = evaluate.load("accuracy")
    >>> metric.compute(predictions=[0, 1, 1, 1], references=[0, 1, 0, 1])
    {'accuracy': 0.75}
"""


class Accuracy(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """The share of right predictions."""

    def _info(self) -> evaluate.MetricInfo:
        label = datasets.Value("int32")
        columns = {"predictions": label, "references": label}
        if self.config_name == "multilabel":
            columns = {name: datasets.List(label) for name in columns}
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=USAGE,
            features=datasets.Features(columns),
        )

    def _compute(
        self,
        predictions: list[int],
        references: list[int],
        normalize: bool = True,
        sample_weight: np.ndarray | None = None,
    ) -> dict[str, float]:
        score = accuracy_score(
            references, predictions, normalize=normalize, sample_weight=sample_weight
        )
        return {"accuracy": float(score)}
