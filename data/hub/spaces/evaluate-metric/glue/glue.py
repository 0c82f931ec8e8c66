"""The metrics of the GLUE benchmark, one set for each of its tasks."""

import datasets
import evaluate
import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import f1_score, matthews_corrcoef

DESCRIPTION = """\
Scores predictions the way the GLUE benchmark does: each configuration is one of its tasks and
gives the figures that the benchmark reports for it.
"""
USAGE = """
Args:
    predictions: one label (stsb: one number) for each example.
    references: the right ones, in the same order.
Returns:
    a dictionary of floats:
    "accuracy" for every task but stsb and cola,
    "f1" (of label 1) beside it for mrpc and qqp,
    "pearson" and "spearmanr" for stsb,
    "matthews_correlation" for cola.
Examples:

    >>> metric = evaluate.load("glue", "mrpc")
    >>> metric.compute(predictions=[0, 1, 1, 1], references=[0, 1, 0, 1])
    {'accuracy': 0.75, 'f1': 0.8}

    >>> metric = evaluate.load("glue", "stsb")
    >>> metric.compute(predictions=[0.0, 1.0, 2.0], references=[1.0, 2.0, 3.0])
    {'pearson': 1.0, 'spearmanr': 1.0}

    >>> metric = evaluate.load("glue", "cola")
    >>> metric.compute(predictions=[0, 1, 1, 0], references=[0, 1, 1, 0])
    {'matthews_correlation': 1.0}
"""
CITATION = """\
@inproceedings{wang2019glue,
  title={{GLUE}: A Multi-Task Benchmark and Analysis Platform for Natural Language Understanding},
  author={Wang, Alex and Singh, Amanpreet and Michael, Julian and Hill, Felix and Levy, Omer
          and Bowman, Samuel R.},
  booktitle={International Conference on Learning Representations},
  year={2019}
}
"""


def accuracy(predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
    """Return the share of equal pairs."""
    return {"accuracy": float(np.mean(np.equal(predictions, references)))}


def accuracy_and_f1(predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
    """Return accuracy, and F1 of label 1."""
    f1 = float(f1_score(y_true=references, y_pred=predictions))
    return accuracy(predictions, references) | {"f1": f1}


def correlations(predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
    """Return the correlation of the numbers, and that of their ranks."""
    return {
        "pearson": float(pearsonr(predictions, references)[0]),
        "spearmanr": float(spearmanr(predictions, references)[0]),
    }


def matthews(predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
    """Return Matthews' correlation: 0 for a guess, 1 for all right, -1 for all wrong."""
    return {"matthews_correlation": float(matthews_corrcoef(references, predictions))}


SCORES = {
    "sst2": accuracy,
    "mnli": accuracy,
    "mnli_mismatched": accuracy,
    "mnli_matched": accuracy,
    "cola": matthews,
    "stsb": correlations,
    "mrpc": accuracy_and_f1,
    "qqp": accuracy_and_f1,
    "qnli": accuracy,
    "rte": accuracy,
    "wnli": accuracy,
    "hans": accuracy,
}


class Glue(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """The metric of one GLUE task, which the configuration names."""

    def _info(self) -> evaluate.MetricInfo:
        if self.config_name not in SCORES:
            raise KeyError(
                f"GLUE has no task {self.config_name!r}; choose a configuration among "
                + ", ".join(SCORES)
            )
        kind = datasets.Value("float32" if self.config_name == "stsb" else "int64")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=USAGE,
            features=datasets.Features({"predictions": kind, "references": kind}),
            format="numpy",
        )

    def _compute(self, predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
        return SCORES[self.config_name](predictions, references)
