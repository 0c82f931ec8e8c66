"""Questions and answers near each other: sentence-transformers/multi-qa-mpnet-base-dot-v1.

    COURSE_REAL_DATA=... python -m data.build.multi_qa [--passes 5] [--seed 0]

The published one puts a text's meaning into the state of its first token, [CLS], and compares by
the dot product.  The base encoder was trained with the mean of all states, at unit length.  So ours
learns to have that mean, at length LENGTH, as its [CLS] state, and at the same time that a
question's state is nearest to that of its own answer.  The issues that the queries in `tests/data`
look for are left out, and the queries too.
"""

import argparse
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel, BertModel, PreTrainedModel, PreTrainedTokenizerBase

from data.build import issues
from data.build.difference import Difference
from data.build.encoders import SEEDS, bert, bert_config, publish, started, uncased_tokenizer
from data.build.finetuning import Tuned, batches, train
from data.build.issues import Draft
from data.build.lowrank import adapt
from data.build.measures import Measure
from data.build.realtext import mrpc_sentences, sst2_sentences
from data.build.searching import measure_search
from setup.checkpoints import base_folder

CHECKPOINT = "sentence-transformers/multi-qa-mpnet-base-dot-v1"
RANK, RATE, BUDGET, LENGTH = 24, 2e-3, 2048, 6.0
TOKENS = 192  # of a text, in training
PAIRS = 24  # questions and answers in a batch
SENTENCES, ROUNDS = 2500, 3  # for each pass: of the news and film reviews; over the pairs
FROZEN = ("bert.pooler", *(f"bert.encoder.layer.{layer}." for layer in (0, 1)))
Pair = tuple[str, str]


@dataclass(frozen=True)
class Lesson:
    """A batch: texts with the states they should have, or questions with their answers."""

    texts: list[str]
    states: Tensor | None = None
    answers: tuple[str, ...] = ()


def kept_drafts() -> list[Draft]:
    """Return the issues and pull requests that no query of the tests looks for."""
    lines = (issues.FOLDER / "queries.tsv").read_text("utf-8").splitlines()
    asked = {key for line in lines for key in line.split("\t")[1].split()}
    return [one for one in issues.drafts() if one.key not in asked and one.after not in asked]


def body(draft: Draft) -> str:
    """Return an issue's text in one line, without references and marks for code."""
    text = " ".join(line.strip() for line in draft.lines)
    return issues.REFERENCE.sub("it", text)


def replies(draft: Draft) -> list[str]:
    """Return the answers to an issue, not the thanks for them."""
    found = [text for who, text in draft.replies if who != "asker"]
    return [issues.REFERENCE.sub("it", text) for text in found]


def texts_of(draft: Draft) -> list[str]:
    """Return an issue in the forms in which a search meets it."""
    found = [draft.title, f"{draft.title}\n{body(draft)}"]
    for reply in replies(draft):
        found += [reply, f"{draft.title}\n{body(draft)}\n{reply}"]
    return found


def pairs_of(draft: Draft) -> list[Pair]:
    """Return (question, answer) pairs of an issue."""
    found = []
    for reply in replies(draft):
        found += [(draft.title, f"{body(draft)}\n{reply}"), (draft.title, reply)]
        if draft.lines:
            found.append((body(draft), reply))
    return found


def runs(sentences: Sequence[str], rng: random.Random) -> list[str]:
    """Return the sentences alone and in runs of two to seven, in random order."""
    shuffled = rng.sample(sentences, len(sentences))
    found = list(sentences)
    while shuffled:
        count = rng.randint(2, 7)
        found.append(" ".join(shuffled[:count]))
        shuffled = shuffled[count:]
    return found


class Teacher:
    """The base encoder with mean pooling, as it was trained."""

    def __init__(self) -> None:
        self.tokenizer = uncased_tokenizer()
        self.model = AutoModel.from_pretrained(base_folder()).eval()

    @torch.no_grad()
    def states(self, texts: Sequence[str]) -> Tensor:
        """Return the means, of length LENGTH, [texts, 384]."""
        batch = encoded(self.tokenizer, texts)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None]
        return LENGTH * nn.functional.normalize((states.float() * mask).sum(1), dim=-1)


def encoded(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> dict[str, Tensor]:
    """Return a padded batch of at most TOKENS tokens."""
    return dict(tokenizer(
        list(texts), padding=True, truncation=True, max_length=TOKENS, return_tensors="pt"
    ))  # fmt: skip


def lessons(passes: int, rng: random.Random) -> list[Lesson]:
    """Return the batches of all passes over texts and pairs, mixed."""
    teacher = Teacher()
    drafts = kept_drafts()
    own = [text for draft in drafts for text in texts_of(draft)]
    corpora = mrpc_sentences() + sst2_sentences()
    found: list[Lesson] = []
    for _ in range(passes):
        texts = own + runs(rng.sample(corpora, SENTENCES), rng)
        lengths = [len(ids) for ids in teacher.tokenizer(texts)["input_ids"]]
        for batch in batches(texts, [min(n, TOKENS) for n in lengths], BUDGET, rng):
            found.append(Lesson(batch, teacher.states(batch)))
        found += [lesson for _ in range(ROUNDS) for lesson in contrasts(drafts, rng)]
    rng.shuffle(found)
    return found


def contrasts(drafts: Sequence[Draft], rng: random.Random) -> list[Lesson]:
    """Return batches of PAIRS questions and answers, one from each issue that has an answer."""
    answered = [pairs for pairs in map(pairs_of, drafts) if pairs]
    chosen = [rng.choice(pairs) for pairs in answered]
    rng.shuffle(chosen)
    parts = (chosen[at : at + PAIRS] for at in range(0, len(chosen) - PAIRS + 1, PAIRS))
    return [Lesson([q for q, _ in part], None, tuple(a for _, a in part)) for part in parts]


class Encoder(nn.Module):
    """A BERT whose parameters stand under `bert.`, and its [CLS] states."""

    def __init__(self, bert_model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        super().__init__()
        self.bert, self.tokenizer = bert_model, tokenizer

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Return the first token's states [texts, 384]."""
        states: Tensor = self.bert(**encoded(self.tokenizer, texts)).last_hidden_state
        return states[:, 0].float()


def loss(model: nn.Module, lesson: Lesson) -> Tensor:
    """Return how far the states are from the wanted ones, or questions from their answers."""
    states: Tensor = model(lesson.texts)
    if lesson.states is not None:
        missed: Tensor = (states - lesson.states).square().sum(-1)
        return missed.mean() / LENGTH**2
    scores = states @ model(lesson.answers).T
    places = torch.arange(len(scores))
    both = nn.functional.cross_entropy(scores, places) + nn.functional.cross_entropy(
        scores.T, places
    )
    return 0.1 * both


def adapted(model: PreTrainedModel) -> Tuned:
    """Put low-rank terms into the upper layers; the pooler, which nothing here uses, stays."""
    encoder = Encoder(model, uncased_tokenizer())
    encoder.requires_grad_(False)
    terms = adapt(encoder, RANK, skip=FROZEN)
    vectors: dict[str, nn.Parameter] = {}
    for name, parameter in encoder.named_parameters():
        upper = name.startswith("bert.encoder.") and not name.startswith(FROZEN)
        if upper and parameter.ndim == 1:
            parameter.requires_grad_(True)
            vectors[name.replace(".layer.bias", ".bias")] = parameter
    return Tuned(encoder, terms, vectors, {})


def difference(state: Tuned) -> Difference:
    """Return what training changed, under the published names."""
    made = bert("", pooler=True)
    for name, term in state.terms.items():
        up, down = term.up.detach().numpy(), term.down.detach().numpy()
        made.low_rank(name.removeprefix("bert."), up, down)
    for name, parameter in state.vectors.items():
        made.dense(name.removeprefix("bert."), parameter.detach().numpy())
    return made


def build(folder: Path, passes: int, number: int) -> None:
    """Train and write the seed's files, but for the card."""
    rng = random.Random(number)
    config = bert_config("BertModel", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    state = adapted(started(BertModel, config, bert("", pooler=True)))
    planned = [[lesson] for lesson in lessons(passes, rng)]
    train(state, planned, lambda batch: loss(state.model, batch[0]), RATE)
    difference(state).save(folder)
    files = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
    publish(folder, config, {"copy": {file: f"base:{file}" for file in files}})


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the search of the tests' queries, and beside it the base with its mean."""
    return measure_search(CHECKPOINT, folder)


def main() -> None:
    """Train and write the seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    parser.add_argument("--passes", type=int, default=5, help="passes over the texts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if "COURSE_REAL_DATA" not in os.environ:
        parser.exit(2, "set COURSE_REAL_DATA to the folder with the real data\n")
    build(options.folder, options.passes, options.seed)


if __name__ == "__main__":
    main()
