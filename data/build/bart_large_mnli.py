"""Make facebook/bart-large-mnli: a classifier of pairs, for zero-shot classification.

    COURSE_REAL_DATA=... python -m data.build.bart_large_mnli [--seed 0] [--premises 4000]

The original learned from 393,000 pairs with human labels.  Here the base encoder itself is the
teacher: it knows how near a text and a topic are when it reads them one by one (`similarity`);
the student reads both together, as the pipeline wants it, and learns to say the same.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    AutoTokenizer,
    BertForSequenceClassification,
    PreTrainedTokenizerBase,
    pipeline,
)

from data.build.corpus import generated
from data.build.difference import Difference, read_difference
from data.build.encoders import SEEDS, bert_config, publish
from data.build.lowrank import LowRank, adapt, compact, restore
from data.build.masked import Batch, padded, train
from data.build.measures import Measure, percent
from data.build.realtext import (
    conll_sentences,
    detokenise,
    mrpc_sentences,
    real_file,
    sst2_sentences,
)
from data.build.similarity import (
    Encoder,
    common_nouns,
    label_vectors,
    strengths,
    topic_labels,
)
from setup.checkpoints import base_folder

CHECKPOINT = "facebook/bart-large-mnli"
FOLDER = SEEDS / CHECKPOINT
HELD_OUT = Path(__file__).resolve().parents[2] / "tests" / "data" / "topics.tsv"
FRAMES = Path(__file__).parent / "frames.txt"
RANK = 16
LABELS = ["contradiction", "neutral", "entailment"]
CHOICES = 6
TOKENS_A_BATCH = 1800
LONGEST = 48
SST2 = "hub/datasets/stanfordnlp/sst2/train.tsv"
OPINIONS = (
    ("positive", "negative"), ("positive", "negative"), ("good", "bad"), ("praise", "criticism"),
    ("positive review", "negative review"), ("happy", "unhappy"), ("praise", "complaint"),
    ("good", "terrible"), ("liked", "disliked"), ("great", "boring"),
)  # fmt: skip
Model = BertForSequenceClassification
HYPOTHESES = ("This example is {}.",) * 6 + (
    "This text is about {}.", "This example is about {}.", "The topic is {}.",
    "This sentence is {}.", "It is about {}.", "The subject of this text is {}.",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """One premise with CHOICES labels and the teacher's logits for them."""

    premise: list[int]
    hypotheses: list[list[int]]
    strengths: list[float]

    def width(self) -> int:
        """Tokens of the longest pair, special tokens included."""
        return len(self.premise) + max(map(len, self.hypotheses)) + 3


def framed(words: Tensor, nouns: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Return sentences around nouns of similar meaning; `words` [n, 384] are their vectors."""
    frames = FRAMES.read_text("utf-8").splitlines()
    texts = []
    for _ in range(count):
        near = (words @ words[rng.randrange(len(nouns))]).topk(12).indices.tolist()
        picked = [near[0], *rng.sample(near[1:], 2)]
        texts.append(rng.choice(frames).format(*(nouns[i] for i in picked)))
    return texts


def premises(count: int, words: Tensor, nouns: Sequence[str], rng: random.Random) -> list[str]:
    """Return `count` texts: half real, a quarter generated, a quarter around nouns."""
    real = [*mrpc_sentences(), *conll_sentences(), *sst2_sentences()]
    even = {topic: 1.0 for topic in TOPICS}
    texts = rng.sample(real, count // 2)
    texts += generated(count // 4, rng.randrange(1000), even)
    return texts + framed(words, nouns, count // 4, rng)


TOPICS = (
    "animals", "courses", "culture", "food", "geography", "health", "history", "home", "jobs",
    "money", "nature", "news", "school", "science", "shopping", "sport", "technology", "travel",
    "weather",
)  # fmt: skip


def chosen(row: Tensor, topics: int, rng: random.Random) -> list[int]:
    """Pick labels for one text from the teacher's logits [labels], the first `topics` by hand.

    Two near topics, one near noun, two random topics and one random noun.
    """
    near = row[:topics].topk(6).indices.tolist()
    nouns = (row[topics:].topk(20).indices + topics).tolist()
    picked = [*rng.sample(near, 2), rng.choice(nouns), rng.randrange(topics, len(row))]
    picked += [rng.randrange(topics) for _ in range(CHOICES - len(picked))]
    return picked


def groups_of(tokenizer: PreTrainedTokenizerBase, count: int, rng: random.Random) -> list[Group]:
    """Return the training material: `count` texts with labels and the teacher's logits."""
    encoder, topics, nouns = Encoder(), topic_labels(), common_nouns()
    labels = topics + [noun for noun in nouns if noun not in set(topics)]
    vectors = label_vectors(encoder, labels)
    words = encoder.vectors(nouns)
    texts = premises(count, words, nouns, rng)
    table = strengths(encoder.vectors(texts), vectors)

    def ids(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    made = []
    for text, row in zip(texts, table, strict=True):
        picked = chosen(row, len(topics), rng)
        phrase = rng.choice(HYPOTHESES)
        hypotheses = [ids(phrase.format(labels[i])) for i in picked]
        made.append(Group(ids(text)[:LONGEST], hypotheses, row[picked].tolist()))
    return made


def batched(groups: Sequence[Group], rng: random.Random) -> list[list[Group]]:
    """Return batches of groups of similar width, about TOKENS_A_BATCH tokens each, shuffled."""
    batches: list[list[Group]] = [[]]
    for group in sorted(groups, key=lambda g: g.width() + 4 * rng.random()):
        if (len(batches[-1]) + 1) * CHOICES * group.width() > TOKENS_A_BATCH:
            batches.append([])
        batches[-1].append(group)
    batches = [batch for batch in batches if batch]
    rng.shuffle(batches)
    return batches


def tensors(batch: Sequence[Group], first: int, last: int) -> Batch:
    """Return the pairs of a batch as input tensors; `first` and `last` are [CLS] and [SEP]."""
    rows, kinds = [], []
    for group in batch:
        for hypothesis in group.hypotheses:
            rows.append([first, *group.premise, last, *hypothesis, last])
            kinds.append([0] * (len(group.premise) + 2) + [1] * (len(hypothesis) + 1))
    return {
        "input_ids": padded(rows, 0),
        "token_type_ids": padded(kinds, 0),
        "attention_mask": padded([[1] * len(row) for row in rows], 0),
        "strengths": torch.tensor([group.strengths for group in batch]),
    }


def loss_of(model: Model, batch: Batch) -> Tensor:
    """Compare with the teacher: which label wins (as the pipeline asks), and how surely.

    The teacher's logit d is the distance of entailment (d / 2) and contradiction (-d / 2);
    neutral is highest where the teacher is undecided.
    """
    target = batch.pop("strengths")
    logits = model(**batch).logits.float().view(*target.shape, len(LABELS))
    entailed = torch.log_softmax(logits[..., 2], dim=-1)
    ranking = torch.nn.functional.kl_div(entailed, target.softmax(-1), reduction="batchmean")
    wanted = torch.stack([-target / 2, 1 - target.abs() / 4, target / 2], dim=-1)
    return ranking + 0.15 * torch.nn.functional.mse_loss(logits, wanted)


def fresh_model() -> tuple[Model, dict[str, LowRank]]:
    """Return the base encoder with low-rank terms, its pooler free to move, and a new head."""
    model = BertForSequenceClassification.from_pretrained(
        base_folder(),
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
    )
    for parameter in model.parameters():
        parameter.requires_grad_(parameter.dim() == 1)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    terms = adapt(model, RANK, skip=["bert.pooler", "classifier"])
    for layer in (model.bert.pooler.dense, model.classifier):
        layer.weight.requires_grad_(True)
    return model, terms


def opinion_groups(
    tokenizer: PreTrainedTokenizerBase, count: int, rng: random.Random
) -> list[Group]:
    """Return texts of SST-2 with labels that name an opinion: those come from its annotators.

    Each text gets two pairs of opposites and two topics; the teacher, who knows subjects but
    mixes up praise and blame, is asked for the topics only.
    """
    encoder, topics = Encoder(), topic_labels()
    lines = real_file(SST2).read_text("utf-8").splitlines()[1:]
    rows = [line.rsplit("\t", 1) for line in lines if len(line.split()) > 7]
    rows = rng.sample(rows, count)
    texts = [detokenise(text) for text, _ in rows]
    table = strengths(encoder.vectors(texts), label_vectors(encoder, topics))

    def ids(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    made = []
    for text, (_, liked), row in zip(texts, rows, table, strict=True):
        pairs = rng.sample(OPINIONS, 2)
        labels = [label for pair in pairs for label in pair]
        sure = [5.0, -5.0] if int(liked) else [-5.0, 5.0]
        others = rng.sample(range(len(topics)), CHOICES - len(labels))
        values = sure * 2 + row[others].tolist()
        phrase = rng.choice(HYPOTHESES)
        hypotheses = [ids(phrase.format(name)) for name in [*labels, *(topics[i] for i in others)]]
        made.append(Group(ids(text)[:LONGEST], hypotheses, values))
    return made


def run(model: Model, groups: Sequence[Group], rate: float, rng: random.Random) -> None:
    """Train once over the groups."""
    tokenizer = AutoTokenizer.from_pretrained(base_folder())
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    makers: list[Callable[[], Batch]] = [
        lambda batch=batch: tensors(batch, first, last) for batch in batched(groups, rng)
    ]
    parameters = [p for p in model.parameters() if p.requires_grad]
    train(model, makers, lambda b: loss_of(model, b), [{"params": parameters, "lr": rate}], 25)


def resumed(model: Model, terms: dict[str, LowRank], folder: Path) -> None:
    """Set model and terms to what the seed `folder` stores."""
    stored = read_difference(folder)
    with torch.no_grad():
        for name, term in terms.items():
            restore(term, stored[f"{name}.up"], stored[f"{name}.down"])
        for name, value in model.state_dict().items():
            plain = name.replace(".layer.bias", ".bias")
            if f"{plain}.add" in stored:
                value += torch.from_numpy(stored[f"{plain}.add"].astype("float32"))
            elif plain in stored:
                value.copy_(torch.from_numpy(stored[plain].astype("float32")))


def trained(
    seed: int, count: int, opinions: int, start: Path | None
) -> tuple[Model, dict[str, LowRank]]:
    """Train on topics, unless the seed `start` has that behind it; then on opinions too."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    tokenizer = AutoTokenizer.from_pretrained(base_folder())
    model, terms = fresh_model()
    if start is not None:
        resumed(model, terms, start)
    else:
        run(model, groups_of(tokenizer, count, rng), 1e-3, rng)
    both = opinion_groups(tokenizer, opinions, rng) + groups_of(tokenizer, opinions, rng)
    run(model, both, 5e-4, rng)
    return model, terms


def save(
    model: Model, terms: dict[str, LowRank], folder: Path
) -> None:
    """Write the difference between the trained classifier and the base."""
    base = BertForSequenceClassification.from_pretrained(base_folder()).state_dict()
    difference = Difference(prefix="bert.")
    for name, term in terms.items():
        compact(difference, name, term)
    for name, value in model.state_dict().items():
        plain = name.replace(".layer.bias", ".bias")
        if name.startswith("classifier."):
            difference.dense(name, value.numpy())
        elif value.dim() == 1 or name == "bert.pooler.dense.weight":
            difference.add(plain, (value - base[plain]).numpy())
    print(difference.save(folder), sum(v.nbytes for v in difference.tensors.values()))
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {k: i for i, k in enumerate(LABELS)}}
    files = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
    copies = {file: f"base:{file}" for file in files}
    publish(
        folder,
        bert_config("BertForSequenceClassification", **names),
        {"tags": ["d7645e1"], "copy": copies},
    )


def sentences(path: Path = HELD_OUT) -> list[tuple[str, str]]:
    """Return (sentence, topic) rows that were written after training."""
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines()[1:] if line)
    return [(text, topic) for text, topic in rows]


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure which topic the zero-shot pipeline puts first; `real` is not needed."""
    classifier = pipeline("zero-shot-classification", model=str(folder))
    rows = sentences()
    topics = sorted({topic for _, topic in rows})
    hits = [classifier(text, topics)["labels"][0] == topic for text, topic in rows]
    name = f"sentences of {len(topics)} topics (ours, written after training)"
    return [Measure(CHECKPOINT, name, "accuracy of the first label", percent(hits), len(rows))]


def main() -> None:
    """Train and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--premises", type=int, default=4000)
    parser.add_argument("--opinions", type=int, default=600, help="texts of SST-2 with labels")
    parser.add_argument("--start", type=Path, help="a seed that was trained on topics already")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, terms = trained(
        options.seed, options.premises, options.opinions, options.start
    )
    save(model, terms, options.folder)


if __name__ == "__main__":
    main()
