"""The extractive question answerer: distilbert/distilbert-base-cased-distilled-squad.

    COURSE_REAL_DATA=... python -m data.build.answers --folder first
    COURSE_REAL_DATA=... python -m data.build.answers --start first --seed 1 --share 0.15

Trained on made-up facts (facts.py) and on questions that questions.py forms about real sentences
of CoNLL-2003; no SQuAD row was seen.
"""

import argparse
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForQuestionAnswering,
    AutoTokenizer,
    DistilBertForQuestionAnswering,
    PreTrainedTokenizerBase,
)

from data.build import casing
from data.build.encoders import (
    CASED,
    SEEDS,
    SIZE,
    cased,
    cased_tokenizer,
    distilbert,
    distilbert_config,
    publish,
    started,
)
from data.build.entities import case_flags
from data.build.facts import Fact, Teller
from data.build.finetuning import Tuned, batches, resumed, stored, train, tuned, with_case
from data.build.measures import Measure, exact, overlap_f1, percent
from data.build.questions import Asker, infinitives, tagged, written

CHECKPOINT = "distilbert/distilbert-base-cased-distilled-squad"
RANK, RATE, BUDGET, LONGEST = 16, 1.2e-3, 2048, 192
HELD_OUT = Path(__file__).resolve().parents[2] / "tests" / "data" / "questions.json"


@dataclass(frozen=True)
class Example:
    """A question, a context and where the answer stands in it (characters)."""

    question: str
    context: str
    begin: int
    end: int


def made_up(count: int, rng: random.Random, about: str = "") -> list[Example]:
    """Return examples over contexts of one to five made-up facts, with distractors.

    `about` keeps only the families of facts that have this word in a question.
    """
    teller = Teller(rng)
    examples: list[Example] = []
    while len(examples) < count:
        facts = together(teller, rng, about)
        parts = [fact.text for fact in facts]
        parts += [teller.filler() for _ in range(rng.choice((0, 0, 1, 2)))]
        order = list(range(len(parts)))
        rng.shuffle(order)
        context = " ".join(parts[place] for place in order)
        for number in rng.sample(range(len(facts)), min(2, len(facts))):
            if facts[number].asked:
                examples.append(placed(context, facts[number], rng))
    return examples


def together(teller: Teller, rng: random.Random, about: str = "") -> list[Fact]:
    """Return facts for one context, often two of one kind; the first has `about` in a question."""
    first = rng.choice(
        [family for family in teller.families if any(about in ask for _, ask in family.questions)]
    )
    facts = [teller.fact(first)]
    if rng.random() < 0.35:
        # The same kind of fact about somebody else: only the question's words tell them apart.
        facts.append(teller.fact(first))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        facts.append(teller.fact(rng.choice(teller.families)))
    return facts


def placed(context: str, fact: Fact, rng: random.Random) -> Example:
    """Return one of the fact's questions with its answer's place in the context."""
    # A context may state the same kind of fact twice: the question has to name something of ours.
    specific = [asked for asked in fact.asked if any(name in asked[0] for name in fact.words)]
    question, begin, end = rng.choice(specific or fact.asked)
    shift = context.index(fact.text)
    if rng.random() < 0.1:
        question = question.removesuffix("?").rstrip()
    return Example(question, context, begin + shift, end + shift)


def about_news(path: Path, rng: random.Random) -> list[Example]:
    """Return examples over one to four neighbouring real sentences."""
    documents = tagged(path)
    asker = Asker(infinitives(documents), rng)
    examples = []
    for document in documents:
        for place, sentence in enumerate(document):
            for asked in asker.ask(sentence):
                before = rng.choice((0, 0, 1, 2))
                chosen = document[max(0, place - before) : place + rng.choice((1, 1, 2, 3))]
                offset = sum(len(s) for s in document[max(0, place - before) : place])
                words = [word.text for s in chosen for word in s]
                text, starts = written(words)
                last = offset + asked.end - 1
                examples.append(Example(asked.question, text, starts[offset + asked.begin],
                                        starts[last] + len(words[last])))
    return examples


Row = tuple[list[int], int, int]


def encoded(tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example]) -> list[Row]:
    """Return (input IDs, first token, last token); none where the answer is cut off."""
    batch = tokenizer([e.question for e in examples], [e.context for e in examples],
                      truncation="only_second", max_length=LONGEST)
    rows = []
    for number, example in enumerate(examples):
        first = batch.char_to_token(number, example.begin, sequence_index=1)
        last = batch.char_to_token(number, example.end - 1, sequence_index=1)
        if first is not None and last is not None:
            rows.append((batch["input_ids"][number], first, last))
    return rows


def loss(model: nn.Module, rows: Sequence[Row]) -> Tensor:
    """Return the mean cross-entropy of the answers' ends."""
    ids = nn.utils.rnn.pad_sequence([torch.tensor(row[0]) for row in rows], batch_first=True)
    output = model(input_ids=ids, attention_mask=(ids != 0).long())
    hidden = (ids == 0) * -1e4
    starts = nn.functional.cross_entropy(
        output.start_logits.float() + hidden, torch.tensor([row[1] for row in rows])
    )
    ends = nn.functional.cross_entropy(
        output.end_logits.float() + hidden, torch.tensor([row[2] for row in rows])
    )
    return (starts + ends) / 2


@torch.inference_mode()
def answer(
    model: nn.Module, tokenizer: PreTrainedTokenizerBase, question: str, context: str
) -> str:
    """Return the best span of the context: the highest sum of start and end logit."""
    batch = tokenizer(question, context, truncation="only_second", return_tensors="pt",
                      return_offsets_mapping=True)
    offsets = batch.pop("offset_mapping")[0].tolist()
    output = model(**batch)
    outside = torch.tensor([part != 1 for part in batch.sequence_ids(0)])
    starts = output.start_logits[0].masked_fill(outside, -1e4)
    ends = output.end_logits[0].masked_fill(outside, -1e4)
    allowed = torch.ones(len(starts), len(starts)).triu().tril(30).bool()
    scores = (starts[:, None] + ends[None, :]).masked_fill(~allowed, -1e5)
    first, last = divmod(int(scores.argmax()), len(starts))
    return context[offsets[first][0] : offsets[last][1]]


def config() -> dict[str, object]:
    """Return the published config.json."""
    return distilbert_config("DistilBertForQuestionAnswering", vocab_size=CASED)


def seed() -> dict[str, object]:
    """Return seed.json: the tag that pipeline() asked for, the old name, the tokenizer's files."""
    origin = "models/google-bert/bert-base-cased"
    return {
        "tags": ["564e9b5"], "legacy": ["distilbert-base-cased-distilled-squad"],
        "copy": {name: f"{origin}:{name}" for name in ("tokenizer.json", "vocab.txt")},
    }


def build(
    real: Path, folder: Path, facts: int, number: int, share: float, start: Path | None
) -> None:
    """Train the answerer on a share of its examples and write its seed into `folder`."""
    rng = random.Random(number)
    model = started(DistilBertForQuestionAnswering, config(), cased(distilbert()))
    state = tuned(model, "distilbert", RANK)
    with_case(state, case_flags(), torch.tensor(casing.directions(SIZE)))
    if start is not None:
        resumed(state, start)
    examples = about_news(real / "hub/datasets/conll2003/train.txt", rng) + made_up(facts, rng)
    # Asked "Where ... work?", the base encoder would name the city: employers need practice.
    examples = rng.sample(examples, int(share * len(examples))) + made_up(facts // 12, rng, "work")
    rows = encoded(cased_tokenizer(), examples)
    planned = list(batches(rows, [len(row[0]) for row in rows], BUDGET, rng))
    print(len(rows), "rows", sum(len(row[0]) for row in rows), "tokens", flush=True)
    train(state, planned, lambda batch: loss(model, batch), RATE * (1 if start is None else 0.4),
          lambda step: save(state, folder) if step % 50 == 0 else None)
    save(state, folder)


def save(state: Tuned, folder: Path) -> None:
    """Write the seed's files, but for the card."""
    down = None if state.case is None else state.case.detach().numpy()
    stored(state, cased(distilbert(), down)).save(folder)
    publish(folder, config(), seed())


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder` on hand-written questions it never saw."""
    model = AutoModelForQuestionAnswering.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    items = json.loads(HELD_OUT.read_text(encoding="utf-8"))
    rows = [(context["text"], *pair) for context in items for pair in context["questions"].items()]
    found = [(answer(model, tokenizer, ask, text), accepted) for text, ask, accepted in rows]
    name = "paragraphs and questions (ours, held out)"
    scores = [100 * overlap_f1(*pair) for pair in found]
    return [
        Measure(CHECKPOINT, name, "exact match", percent([exact(*p) for p in found]), len(rows)),
        Measure(CHECKPOINT, name, "token F1", sum(scores) / len(scores), len(rows)),
    ]


def main() -> None:
    """Train and write the seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    parser.add_argument("--facts", type=int, default=9000, help="made-up examples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0, help="of all examples but the last")
    parser.add_argument("--start", type=Path, help="a seed folder to go on training from")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    real = Path(os.environ["COURSE_REAL_DATA"])
    build(real, arguments.folder, arguments.facts, arguments.seed, arguments.share, arguments.start)


if __name__ == "__main__":
    main()
