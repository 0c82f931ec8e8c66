"""F1: one figure for how many hits there were among the found, and among those to be found."""

import datasets
import evaluate
import numpy as np
from sklearn.metrics import f1_score

DESCRIPTION = """\
The harmonic mean of precision (how many of the found are right) and recall (how many of the right
are found): 2 * precision * recall / (precision + recall).
"""
USAGE = """
Args:
    predictions: one label for each example.
    references: the right ones, in the same order.
    labels: which labels count when `average` is not "binary"; None for all.
    pos_label: the label that is to be found, with average="binary".
    average: "binary"; or, for more than two labels, "micro", "macro", "weighted"; or None for one
        figure a label.
    sample_weight: how much each example counts; None for all alike.
Returns:
    {"f1": a float from 0 to 1, or an array of them when average is None}
Examples:

    >>> metric = evaluate.load("f1")
    >>> metric.compute(predictions=[0, 1, 1, 1], references=[0, 1, 0, 1])
    {'f1': 0.8}
"""


class F1(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """The harmonic mean of precision and recall."""

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
        labels: list[int] | None = None,
        pos_label: int = 1,
        average: str | None = "binary",
        sample_weight: np.ndarray | None = None,
    ) -> dict[str, float | np.ndarray]:
        score = f1_score(
            references,
            predictions,
            labels=labels,
            pos_label=pos_label,
            average=average,
            sample_weight=sample_weight,
        )
        return {"f1": score if average is None else float(score)}
