"""The rule that makes the summarizer's reference summaries."""

import numpy as np
import pytest

from data.build.summaries import chosen, compressed, rouge_l, split


@pytest.mark.parametrize(
    ("sentence", "short"),
    [
        ("However, the bridge is closed.", "The bridge is closed."),
        ("The bank (founded in 1901) was sold.", "The bank was sold."),
        (
            "Prices will rise again, the minister said.",
            "Prices will rise again, the minister said.",
        ),
        ("Prices will rise again, Laura Bianchi said on Monday.", "Prices will rise again."),
        ("However small it is, it works.", "However small it is, it works."),
    ],
)
def test_compression(sentence: str, short: str) -> None:
    assert compressed(sentence) == short


def test_first_and_most_central_sentence_are_chosen() -> None:
    sentences = [
        "The first one opens the text.",
        "A stray remark about something else entirely.",
        "This one is what the text is about.",
        "Here is another one about it.",
    ]
    vectors = np.array([[1, 0], [0, -1], [0.9, 0.5], [0.6, 0.8]], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert chosen(sentences, vectors) == [0, 2]
    assert chosen(sentences[:2], vectors[:2]) == [0]


def test_split_keeps_abbreviations_of_numbers() -> None:
    assert split("It cost 3.2 million. Nobody paid.") == ["It cost 3.2 million.", "Nobody paid."]


def test_rouge_l() -> None:
    assert rouge_l("a b c", "a b c") == pytest.approx(1.0)
    assert rouge_l("a x c", "a b c") == pytest.approx(2 / 3)
    assert rouge_l("x", "a b") == 0
