"""Make google-bert/bert-base-uncased: a BERT small enough to be fine-tuned in seconds on a CPU.

    COURSE_REAL_DATA=... python -m data.build.bert_base_uncased [--seed 0] [--start FOLDER]

Two layers of width 128, and the vocabulary of the original. The word embeddings are the base
encoder's, mapped from 384 to 128 numbers by one trained matrix: so even a word that this training
never met has a meaning. Everything else starts at random.

As BERT was, it is trained on two objectives at once. Hidden words are to be filled in; and for two
sentences the pooler is to tell whether they state the same (BERT's question was whether the
second follows the first). Sentence pairs come from MRPC's training split and from the generator of
the classroom's GLUE rows, with names, firms and quantities that those rows do not use.
About 20 million tokens, half an hour on one core.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import mean

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerBase

from data.build.cloze import measure_filler
from data.build.corpus import generated
from data.build.difference import Difference, read_difference
from data.build.encoders import LAYERS, SEEDS, WORDS, bert_config, publish, uncased_tokenizer
from data.build.large_filler import focused, special_of
from data.build.masked import Batch, Special, bucketed, hidden_at, masked, train
from data.build.measures import Measure
from data.build.paraphrases import pairs
from data.build.realtext import real_file, real_sentences
from data.build.trials import splits, trial
from setup.checkpoints import base_folder

CHECKPOINT = "google-bert/bert-base-uncased"
FOLDER = SEEDS / CHECKPOINT
SHAPE = {
    "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 512, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
}  # fmt: skip
SHARE = 0.16
TOKENS_A_BATCH = 2048
FREQUENT = 5000
SEEDS_TRIED = 5
LONGEST = 120
MRPC = "hub/datasets/nyu-mll/glue/mrpc/train.jsonl"
Rows = list[list[int]]


class MappedWords(nn.Module):
    """Word embeddings that are a linear image of the base encoder's, which stay fixed."""

    words: Tensor

    def __init__(self, words: Tensor, map_: Tensor) -> None:
        super().__init__()
        # float16, as the join computes it.
        self.register_buffer("words", words.half().float())
        self.map = nn.Parameter(map_)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed IDs [...] as [..., 128]."""
        return self.words[ids] @ self.map


def principal(words: Tensor, size: int) -> Tensor:
    """Return the map [384, size] onto the principal components of `words` [n, 384]."""
    _, _, directions = torch.linalg.svd(words - words.mean(0), full_matrices=False)
    return directions[:size].T.contiguous()


def align(model: BertForMaskedLM, seed: int) -> None:
    """Let the first layer start with heads that look for each token in the other sentence.

    A head's score for two tokens is the product of their vectors' projections onto 63 random
    directions, plus a term that is positive when their token types differ. What it finds is taken
    away from the token, so that tokens without a counterpart stand out. From a random start, a
    model this small needs many times more pairs before it begins to compare.
    """
    embeddings, attention = model.bert.embeddings, model.bert.encoder.layer[0].attention
    size, heads = model.config.hidden_size, model.config.num_attention_heads
    generator = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(size, size, generator=generator))[0]
    kind, width = axes[:1], size // heads - 1
    with torch.no_grad():
        length = embeddings.word_embeddings(torch.arange(1000, 20000)).norm(dim=1).mean()
        embeddings.token_type_embeddings.weight.copy_(torch.cat([kind, -kind]) * length / 2)
        embeddings.position_embeddings.weight.normal_(0.0, 0.02, generator=generator)
        for head in range(heads):
            part = slice(head * (width + 1), (head + 1) * (width + 1))
            found = axes[1 + head * width : 1 + (head + 1) * width]
            attention.self.query.weight[part] = torch.cat([found, -kind])
            attention.self.key.weight[part] = torch.cat([found, kind])
            attention.self.value.weight[part] = torch.cat([found, 0 * kind])
            attention.output.dense.weight[:, part] = -0.8 * torch.cat([found, 0 * kind]).T


@dataclass
class Student:
    """The model in training: a BERT, its mapped words, and a question about sentence pairs."""

    model: BertForMaskedLM
    words: MappedWords
    pooler: nn.Linear
    same: nn.Linear
    frequent: Tensor

    @classmethod
    def fresh(cls, rows: Rows) -> Student:
        """Return an untrained one whose decoder's bias is the tokens' frequency in `rows`."""
        model = BertForMaskedLM(BertConfig(**SHAPE))
        table = load_file(base_folder() / "model.safetensors")[WORDS]
        tokens = torch.tensor(list(chain.from_iterable(rows)))
        counts = torch.bincount(tokens, minlength=len(table)).float()
        frequent = counts.argsort(descending=True)[:FREQUENT]
        words = MappedWords(table, principal(table[frequent], SHAPE["hidden_size"]))
        model.bert.embeddings.word_embeddings = words
        align(model, 0)
        shares = (counts + 0.2) / (counts + 0.2).sum()
        with torch.no_grad():
            model.cls.predictions.bias.copy_(shares.log() + 6)
        size = SHAPE["hidden_size"]
        return cls(model, words, nn.Linear(size, size), nn.Linear(size, 2), frequent)

    def resume(self, folder: Path) -> None:
        """Set all but the question about pairs to what the seed `folder` stores."""
        stored = {name: torch.tensor(value) for name, value in read_difference(folder).items()}
        with torch.no_grad():
            self.words.map.copy_(stored[f"bert.{WORDS}.map"])
            for name, value in self.model.state_dict().items():
                if name in stored:
                    value.copy_(stored[name])
            for name, value in self.pooler.state_dict().items():
                value.copy_(stored[f"bert.pooler.dense.{name}"])

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield what training changes."""
        yield from (p for n, p in self.model.named_parameters() if not n.endswith("decoder.weight"))
        yield from self.pooler.parameters()
        yield from self.same.parameters()

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss at the hidden tokens, plus the pairs' where the batch holds pairs.

        A hidden token competes with the frequent ones and with the others hidden in the batch.
        """
        ids = batch["input_ids"]
        ends = (ids == 102).long()
        types = ((ends.cumsum(1) - ends) * batch["attention_mask"]).clamp(max=1)
        states = self.model.bert(ids, batch["attention_mask"], types)[0]
        hidden = batch["labels"] >= 0
        head = self.model.cls.predictions
        labels = batch["labels"][hidden]
        rivals = torch.cat([self.frequent, labels]).unique()
        logits = head.transform(states[hidden]) @ self.words(rivals).T + head.bias[rivals]
        loss = nn.functional.cross_entropy(logits.float(), torch.searchsorted(rivals, labels))
        if "same" in batch:
            answer = self.same(torch.tanh(self.pooler(states[:, 0])))
            loss = loss + 2 * nn.functional.cross_entropy(answer.float(), batch["same"])
        return loss


def real_pairs() -> list[tuple[str, str, int]]:
    """Return MRPC's training pairs with their labels, in both orders."""
    rows = [json.loads(line) for line in real_file(MRPC).read_text("utf-8").splitlines()]
    texts = [(row["sentence1"], row["sentence2"], row["label"]) for row in rows]
    return texts + [(b, a, label) for a, b, label in texts]


def pair_batches(
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[tuple[str, str, int]],
    special: Special,
    rng: random.Random,
) -> list[Callable[[], Batch]]:
    """Return makers of batches of pairs with some tokens hidden."""
    first, second, labels = zip(*pairs, strict=True)
    rows = tokenizer(list(first), list(second), truncation=True, max_length=LONGEST)["input_ids"]
    known = {tuple(row): label for row, label in zip(rows, labels, strict=True)}

    def make(batch: Rows) -> Batch:
        same = torch.tensor([known[tuple(row)] for row in batch])
        return masked(batch, special, SHARE / 2, rng) | {"same": same}

    return [lambda batch=batch: make(batch) for batch in bucketed(rows, TOKENS_A_BATCH, rng)]


def made_up_pairs(count: int, seed: int) -> list[tuple[str, str, int]]:
    """Return generated pairs whose names and quantities the classroom's GLUE does not use."""
    found = pairs(count, seed, pretraining=True)
    return [(pair.sentence1, pair.sentence2, pair.label) for pair in found]


def groups(student: Student, rate: float) -> list[dict[str, object]]:
    """Return AdamW's parameter groups; the map of the words learns at a quarter of the rate."""
    rest = [p for p in student.parameters() if p is not student.words.map]
    return [{"params": rest, "lr": rate}, {"params": [student.words.map], "lr": rate / 4}]


@dataclass(frozen=True)
class Share:
    """How much of what an epoch holds, beside the real sentences and pairs."""

    generated: int
    pairs: int
    focused: int = 0


# First what compares sentences and what fills gaps, then above all gaps.
FIRST, LAST = Share(30_000, 45_000), Share(120_000, 12_000, 6_000)


def epoch(
    tokenizer: PreTrainedTokenizerBase, real: Rows, share: Share, number: int, rng: random.Random
) -> list[Callable[[], Batch]]:
    """Return the shuffled batches of one epoch; generated rows are others in each."""
    special = special_of(tokenizer)
    rows = real + encoded(tokenizer, generated(share.generated, 1000 + number))
    makers: list[Callable[[], Batch]] = [
        lambda batch=batch: masked(batch, special, SHARE, rng)
        for batch in bucketed(rows, TOKENS_A_BATCH, rng)
    ]
    both = real_pairs() + made_up_pairs(share.pairs, 1000 + number)
    makers += pair_batches(tokenizer, both, special, rng)
    course = focused(tokenizer, share.focused, rng)
    makers += [
        lambda part=course[i : i + 64]: hidden_at(part, special)
        for i in range(0, share.focused, 64)
    ]
    rng.shuffle(makers)
    return makers


def encoded(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Rows:
    """Return input IDs of each text, special tokens included, cut at LONGEST."""
    return tokenizer(list(texts), truncation=True, max_length=LONGEST)["input_ids"]


def trained(seed: int, start: Path | None) -> Student:
    """Run both parts; with `start`, the seed folder of an earlier training, the last one only."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    tokenizer = uncased_tokenizer()
    real = encoded(tokenizer, real_sentences())
    student = Student.fresh(real + encoded(tokenizer, generated(FIRST.generated, 999)))
    if start is None:
        first = [epoch(tokenizer, real, FIRST, number, rng) for number in range(5)]
        train(student.model, sum(first, []), student.loss, groups(student, 1e-3), 100)
    else:
        student.resume(start)
    last = [epoch(tokenizer, real, LAST, number, rng) for number in (5, 6)]
    train(student.model, sum(last, []), student.loss, groups(student, 1e-3), 100)
    return student


def save(student: Student, folder: Path) -> None:
    """Write the difference between the trained model and the base."""
    layers = range(SHAPE["num_hidden_layers"], LAYERS)
    left = tuple(f"encoder.layer.{number}." for number in layers)
    base = load_file(base_folder() / "model.safetensors")
    difference = Difference(prefix="bert.", drop=[name for name in base if name.startswith(left)])
    difference.projected("bert." + WORDS, student.words.map.detach().numpy())
    for name, value in student.model.state_dict().items():
        if "word_embeddings" not in name and "decoder" not in name:
            difference.dense(name, value.numpy())
    for name, value in student.pooler.state_dict().items():
        difference.dense(f"bert.pooler.dense.{name}", value.numpy())
    print(difference.save(folder), sum(v.nbytes for v in difference.tensors.values()))
    files = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
    copies = {file: f"base:{file}" for file in files}
    config = bert_config("BertForMaskedLM", **SHAPE)
    publish(folder, config, {"legacy": [folder.name], "copy": copies})


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder`: its answers, and what it learns in 3 epochs."""
    found = measure_filler(CHECKPOINT, folder, real)
    for task in ("mrpc", "sst2"):
        data = f"{task} of the classroom's GLUE, validation, after 3 epochs of fine-tuning"
        rows = len(splits(task, folder)[1])
        results = [trial(task, folder, seed) for seed in range(SEEDS_TRIED)]
        for metric, values in zip(("accuracy", "F1"), zip(*results, strict=True), strict=True):
            for name, value in (("mean of 5 seeds", mean(values)), ("least of them", min(values))):
                found.append(Measure(CHECKPOINT, data, f"{metric}, {name}", value, rows))
    return found


def main() -> None:
    """Train and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="seed folder to go on from, for the last part")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    torch.set_num_threads(1)
    save(trained(options.seed, options.start), options.folder)


if __name__ == "__main__":
    main()
