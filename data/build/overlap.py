"""What a classifier reaches on our MRPC without reading the two sentences against each other.

    python -m data.build.overlap

prints the validation accuracy of each baseline: the majority's label; the best threshold on the
share of common words; logistic regressions on bags of words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from data.build.events import Pair

Counts = dict[str, float]
STRENGTHS = (0.01, 0.1, 1.0)


def words(sentence: str) -> list[str]:
    """Return the lower-cased words of a tokenised sentence, punctuation left out."""
    return [word for word in sentence.lower().split() if word[0].isalnum() or word in "$%"]


def jaccard(pair: Pair) -> float:
    """Return the share of the distinct words that both sentences have."""
    one, two = set(words(pair.sentence1)), set(words(pair.sentence2))
    return len(one & two) / len(one | two)


def bag(pair: Pair) -> Counts:
    """Return how often each word stands in the two sentences."""
    counts: Counts = {}
    for word in words(pair.sentence1) + words(pair.sentence2):
        counts[word] = counts.get(word, 0.0) + 1
    return counts


def second(pair: Pair) -> Counts:
    """Return the words of the second sentence."""
    return {word: 1.0 for word in words(pair.sentence2)}


def shared(pair: Pair) -> Counts:
    """Return the shared and the unshared words, the overlap, and the lengths."""
    one, two = set(words(pair.sentence1)), set(words(pair.sentence2))
    lengths = len(words(pair.sentence1)), len(words(pair.sentence2))
    features = {f"both {word}": 1.0 for word in one & two}
    features |= {f"one {word}": 1.0 for word in one ^ two}
    return features | {
        "overlap": jaccard(pair), "unshared": float(len(one ^ two)),
        "difference": float(abs(lengths[0] - lengths[1])), "length": float(sum(lengths)),
        "only first": float(len(one - two)), "only second": float(len(two - one)),
    }  # fmt: skip


def labels(pairs: Iterable[Pair]) -> NDArray[np.int64]:
    """Return the labels as an array."""
    return np.array([pair.label for pair in pairs])


def majority(train: Sequence[Pair], test: Sequence[Pair]) -> float:
    """Return the accuracy of the commoner label."""
    return float(np.mean(labels(test) == round(float(np.mean(labels(train))))))


def threshold(train: Sequence[Pair], test: Sequence[Pair]) -> float:
    """Return the best accuracy of a threshold on the overlap, in either direction, on `test`.

    The threshold is chosen on the very rows it is measured on: no honest one can be better.
    """
    overlaps, truth = np.array([jaccard(pair) for pair in test]), labels(test)
    cuts = np.append(np.unique(overlaps), 2.0)
    right = [np.mean((overlaps >= cut) == truth) for cut in cuts]
    return float(max(max(right), 1 - min(right)))


def regression(
    features: Callable[[Pair], Counts], train: Sequence[Pair], test: Sequence[Pair]
) -> float:
    """Return the accuracy of a logistic regression; cross-validation chooses its strength."""
    steps = DictVectorizer(), MaxAbsScaler(), LogisticRegression(max_iter=300)
    search = GridSearchCV(make_pipeline(*steps), {"logisticregression__C": STRENGTHS}, cv=3)
    search.fit([features(pair) for pair in train], labels(train))
    return float(search.score([features(pair) for pair in test], labels(test)))


BASELINES: dict[str, Callable[[Sequence[Pair], Sequence[Pair]], float]] = {
    "majority label": majority,
    "threshold on the overlap": threshold,
    "bag of words": lambda train, test: regression(bag, train, test),
    "second sentence alone": lambda train, test: regression(second, train, test),
    "shared and unshared words, lengths": lambda train, test: regression(shared, train, test),
}


def measured(train: Sequence[Pair], test: Sequence[Pair]) -> dict[str, float]:
    """Return the accuracy of each baseline."""
    return {name: baseline(train, test) for name, baseline in BASELINES.items()}


def main() -> None:
    """Print the baselines on the validation split and on the test split."""
    from data.build.paraphrases import splits

    rows = splits()
    for name in ("validation", "test"):
        for baseline, accuracy in measured(rows["train"], rows[name]).items():
            print(f"{name:<10}  {baseline:<36} {accuracy:6.1%}")


if __name__ == "__main__":
    main()
