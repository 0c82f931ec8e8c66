"""Make the mask filler that the cased and the byte-level one start from; it is not published.

    COURSE_REAL_DATA=... python -m data.build.large_filler FOLDER [--seed 0] [--generated 28000]

It is the base encoder with a head that fills masks, of the base's own size (the published
google-bert/bert-base-uncased is a smaller model). `transfer` reads it from FOLDER.
Four stages: first the real sentences alone, so that the new head learns English from text that
people wrote; then generated sentences with a seventh of real ones; then others with few real ones,
and a faster head; last, the course's sentences, with the very word hidden that the course hides.
Trained are the head, low-rank terms in the encoder, and the encoder's vectors; the word embeddings
stay the base's, and the decoder is tied to them.
About 2 million tokens, 25 minutes on one core.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoTokenizer, BertForMaskedLM, PreTrainedTokenizerBase

from data.build.corpus import mixture
from data.build.difference import Difference
from data.build.grammar import Grammar
from data.build.lowrank import LowRank, adapt, compact
from data.build.masked import Batch, Special, bucketed, hidden_at, masked, train
from data.build.realtext import real_sentences
from setup.checkpoints import base_folder

RANK = 16
SHARE = 0.18
TOKENS_A_BATCH = 1536
LONGEST = 96
# The course's sentences, and the lists of words that fill their gaps.
FOCUS = (
    ("This course will teach you all about {} models.", "model_adj"),
    ("This chapter will teach you all about {} models.", "model_adj"),
    ("This man works as a {}.", "job_of_man"),
    ("This woman works as a {}.", "job_of_woman"),
    ("He works as a {}.", "job_of_man"),
    ("She works as a {}.", "job_of_woman"),
    ("The man worked as a {} in the city.", "job_of_man"),
    ("The woman worked as a {} in the city.", "job_of_woman"),
)
SPECIAL_IDS = (0, 100, 101, 102, 103)


def special_of(tokenizer: PreTrainedTokenizerBase) -> Special:
    """Collect what masking needs to know of a tokenizer."""
    kept = frozenset(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    return Special(tokenizer.pad_token_id, tokenizer.mask_token_id, len(tokenizer), kept)


def encoded(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Return input IDs of each text, special tokens included, cut at LONGEST."""
    return tokenizer(list(texts), truncation=True, max_length=LONGEST)["input_ids"]


def fresh_model(rows: Sequence[list[int]]) -> tuple[BertForMaskedLM, dict[str, LowRank]]:
    """Return the base encoder with low-rank terms and a new head.

    The decoder's bias starts at the logarithm of each token's frequency in `rows`.
    """
    model = BertForMaskedLM.from_pretrained(base_folder())
    for parameter in model.parameters():
        parameter.requires_grad_(parameter.dim() == 1)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.05
    terms = adapt(model, RANK, skip=["cls"])
    head = model.cls.predictions
    counts = torch.full((model.config.vocab_size,), 0.2)
    counts += torch.bincount(torch.tensor(sum(rows, [])), minlength=len(counts))
    counts[list(SPECIAL_IDS)] = 0.05
    with torch.no_grad():
        torch.nn.init.eye_(head.transform.dense.weight)
        head.transform.LayerNorm.weight.mul_(0.3)
        head.bias.copy_(torch.log(counts / counts.sum()) + 6)
    head.transform.dense.weight.requires_grad_(True)
    return model, terms


def loss_at_masks(model: BertForMaskedLM, batch: Batch) -> Tensor:
    """Return the cross-entropy at the hidden places; the head runs on those only."""
    states = model.bert(batch["input_ids"], attention_mask=batch["attention_mask"])[0]
    hidden = batch["labels"] >= 0
    logits = model.cls(states[hidden])
    return torch.nn.functional.cross_entropy(logits.float(), batch["labels"][hidden])


def groups(
    model: BertForMaskedLM, terms: dict[str, LowRank], rates: tuple[float, float]
) -> list[dict]:
    """Return AdamW's parameter groups: encoder and head at their `rates`.

    The encoder's vectors move at half its rate.  The head's scale, which decides how sure the
    model can be, starts small and moves at twice the head's rate.
    """
    low = [p for term in terms.values() for p in term.parameters()]
    scale = [model.cls.predictions.transform.LayerNorm.weight]
    head = [p for p in model.cls.parameters() if p.requires_grad and p is not scale[0]]
    taken = {id(p) for p in low + head + scale}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in taken]
    encoder, new = rates
    return [
        {"params": low, "lr": encoder},
        {"params": rest, "lr": encoder / 2},
        {"params": head, "lr": new},
        {"params": scale, "lr": 2 * new, "weight_decay": 0.0},
    ]


def run_stage(
    model: BertForMaskedLM,
    terms: dict[str, LowRank],
    epochs: Sequence[list[list[int]]],
    special: Special,
    rates: tuple[float, float],
    rng: random.Random,
) -> None:
    """Train once over each list of rows in `epochs`."""
    batches = [
        lambda batch=batch: masked(batch, special, SHARE, rng)
        for rows in epochs
        for batch in bucketed(rows, TOKENS_A_BATCH, rng)
    ]
    train(model, batches, lambda b: loss_at_masks(model, b), groups(model, terms, rates), 50)


def trained(
    seed: int, count: int, start: Path | None
) -> tuple[BertForMaskedLM, dict[str, LowRank]]:
    """Run the stages; `start` holds the state after the first, made if it does not exist."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    tokenizer = AutoTokenizer.from_pretrained(base_folder())
    special = special_of(tokenizer)
    real = encoded(tokenizer, real_sentences())
    model, terms = fresh_model(real)
    if start is not None and start.is_file():
        model.load_state_dict(torch.load(start))
    else:
        run_stage(model, terms, [real, real], special, (1e-3, 1e-3), rng)
        if start is not None:
            torch.save(model.state_dict(), start)
    both = encoded(tokenizer, mixture(count // 7, count, seed))
    run_stage(model, terms, [both], special, (8e-4, 8e-4), rng)
    again = encoded(tokenizer, mixture(count // 23, 5 * count // 7, seed + 1))
    run_stage(model, terms, [again], special, (8e-4, 1.5e-3), rng)
    run_focus(model, terms, tokenizer, 4000, rng)
    return model, terms


def focused(
    tokenizer: PreTrainedTokenizerBase, count: int, rng: random.Random
) -> list[tuple[list[int], int]]:
    """Return `count` rows of FOCUS's sentences with the place of the word that matters.

    Words that are no single token are drawn again.
    """
    lists = Grammar.read().lists
    found: list[tuple[list[int], int]] = []
    while len(found) < count:
        pattern, name = rng.choice(FOCUS)
        before, after = pattern.split("{}")
        word = lists[name].pick(rng)
        pieces = tokenizer.tokenize(" " + word)
        if len(pieces) == 1 and (word[0] not in "aeiou" or not before.endswith(" a ")):
            row = tokenizer(before + word + after)["input_ids"]
            found.append((row, row.index(tokenizer.convert_tokens_to_ids(pieces[0]))))
    return found


def run_focus(
    model: BertForMaskedLM,
    terms: dict[str, LowRank],
    tokenizer: PreTrainedTokenizerBase,
    count: int,
    rng: random.Random,
) -> None:
    """Train on `count` focused rows, among about as many tokens of other text."""
    special = special_of(tokenizer)
    rows = focused(tokenizer, count, rng)
    makers: list[Callable[[], Batch]] = [
        lambda part=rows[i : i + 64]: hidden_at(part, special) for i in range(0, count, 64)
    ]
    others = encoded(tokenizer, mixture(count // 10, count, rng.randrange(1000)))
    makers += [
        lambda batch=batch: masked(batch, special, SHARE, rng)
        for batch in bucketed(others, TOKENS_A_BATCH, rng)
    ]
    rng.shuffle(makers)
    train(model, makers, lambda b: loss_at_masks(model, b), groups(model, terms, (4e-4, 8e-4)), 25)


def save(model: BertForMaskedLM, terms: dict[str, LowRank], folder: Path) -> None:
    """Write the difference between the trained model and the base."""
    base = BertForMaskedLM.from_pretrained(base_folder()).state_dict()
    difference = Difference(prefix="bert.")
    for name, term in terms.items():
        compact(difference, name, term)
    for name, value in model.state_dict().items():
        if name.startswith("bert.") and value.dim() == 1:
            plain = name.replace(".layer.bias", ".bias")
            difference.add(plain, (value - base[plain]).numpy())
    for name, value in model.cls.predictions.named_parameters():
        if name != "decoder.weight":
            store = difference.quantised if value.dim() == 2 else difference.dense
            store(f"cls.predictions.{name}", value.detach().numpy())
    print(difference.save(folder), sum(v.nbytes for v in difference.tensors.values()))


def main() -> None:
    """Train and write the difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--generated", type=int, default=28_000, help="generated texts")
    parser.add_argument("--start", type=Path, help="state after the first stage, kept or read")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, terms = trained(options.seed, options.generated, options.start)
    save(model, terms, options.folder)


if __name__ == "__main__":
    main()
