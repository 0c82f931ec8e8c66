"""Carry the large mask filler over to another vocabulary, and let it get used to it.

    COURSE_REAL_DATA=... python -m data.build.transfer NAME START [--seed 0] [--texts 4500]

START is the folder that `large_filler` wrote, NAME is bert-base-cased or distilroberta-base.
A token of the new vocabulary gets the embedding of its lower-case letters plus learned directions
for what the uncased vocabulary does not know (capitals, no space before); the decoder's bias is
that of the same word, plus the share that the token has among all spellings of it.  Then everything
that was trained for the uncased model is trained a little more, on text in the new spelling: above
all, where capitals belong.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoTokenizer, BertForMaskedLM, PreTrainedTokenizerBase

from data.build import casing
from data.build.causal import MappedEmbedding, vocabulary_of
from data.build.corpus import generated
from data.build.difference import Difference, padded, read_difference
from data.build.encoders import SEEDS, bert_config, publish
from data.build.large_filler import encoded, fresh_model, special_of
from data.build.lowrank import LowRank, compact, restore
from data.build.masked import Batch, bucketed, masked, train
from data.build.realtext import conll_sentences, mrpc_sentences
from setup.checkpoints import PACKED, base_folder

ROBERTA = "distilbert/distilroberta-base"
SPACE = "\u0120"
BERT_HEAD = {
    "transform.dense.weight": "cls.predictions.transform.dense.weight",
    "transform.dense.bias": "cls.predictions.transform.dense.bias",
    "transform.LayerNorm.weight": "cls.predictions.transform.LayerNorm.weight",
    "transform.LayerNorm.bias": "cls.predictions.transform.LayerNorm.bias",
    "bias": "cls.predictions.bias",
}
ROBERTA_HEAD = {
    "transform.dense.weight": "lm_head.dense.weight",
    "transform.dense.bias": "lm_head.dense.bias",
    "transform.LayerNorm.weight": "lm_head.layer_norm.weight",
    "transform.LayerNorm.bias": "lm_head.layer_norm.bias",
    "bias": "lm_head.bias",
}
ROBERTA_SPECIAL = {
    "<s>": "[CLS]", "</s>": "[SEP]", "<pad>": "[PAD]", "<mask>": "[MASK]", "<unk>": "[UNK]",
}  # fmt: skip
ROBERTA_OFFSET = 2  # RoBERTa counts positions from the padding ID + 1


@dataclass(frozen=True)
class Target:
    """A checkpoint to be made: where it lives and how its parts are called."""

    repository: str
    prefix: str
    head: dict[str, str]
    config: dict[str, object]
    seed: dict[str, object]

    def roberta(self) -> bool:
        """Tell which of the two families this is."""
        return self.prefix == "roberta."


TARGETS = {
    "bert-base-cased": Target(
        "google-bert/bert-base-cased", "bert.", BERT_HEAD,
        bert_config("BertForMaskedLM", vocab_size=28996), {"legacy": ["bert-base-cased"]},
    ),
    "distilroberta-base": Target(
        ROBERTA, "roberta.", ROBERTA_HEAD,
        bert_config(
            "RobertaForMaskedLM", model_type="roberta", vocab_size=50265, type_vocab_size=1,
            max_position_embeddings=512 + ROBERTA_OFFSET, pad_token_id=1, bos_token_id=0,
            eos_token_id=2,
        ),
        {
            "legacy": ["distilroberta-base"], "tags": ["fb53ab8"],
            "copy": {"tokenizer.json": f"models/{ROBERTA}:tokenizer.json{PACKED}"},
        },
    ),
}  # fmt: skip


def bare(token: str) -> tuple[str, bool]:
    """Return a token's letters and whether it starts a word, in either family's spelling."""
    if token.startswith(casing.CONTINUED):
        return token.removeprefix(casing.CONTINUED), False
    return token.removeprefix(SPACE), True


def mapped(tokens: Sequence[str], roberta: bool) -> list[list[int]]:
    """Return one or two rows of the base's embedding for each token."""
    vocabulary = vocabulary_of(base_folder())
    table = []
    for token in tokens:
        name = ROBERTA_SPECIAL.get(token, token)
        text, starts = bare(token)
        if roberta and not token.startswith(SPACE):
            starts = not token[:1].islower()
        special = name.startswith("[") and name in vocabulary
        table.append([vocabulary[name]] if special else casing.row(text, starts, vocabulary))
    return table


def marks(tokens: Sequence[str], roberta: bool) -> NDArray[np.int8]:
    """Return zeros and ones [tokens, 3]: a capital first; capitals only; no space before."""
    table = np.zeros((len(tokens), 3), dtype=np.int8)
    for i, token in enumerate(tokens):
        if token in ROBERTA_SPECIAL or (token.startswith("[") and token.endswith("]")):
            continue
        letters = [c for c in bare(token)[0] if c.isalpha()]
        alone = roberta and not token.startswith(SPACE)
        capitals = len(letters) > 1 and all(c.isupper() for c in letters)
        table[i] = (bool(letters) and letters[0].isupper(), capitals, alone)
    return table


def spelling_bias(
    bias: Tensor, table: Sequence[Sequence[int]], rows: Sequence[Sequence[int]]
) -> Tensor:
    """Return the new decoder's bias [tokens]: the word's, plus the log of this spelling's share.

    `rows` are texts in the new vocabulary; a spelling that they do not hold counts as 0.02.
    """
    counts = torch.full((len(table),), 0.02)
    counts += torch.bincount(torch.tensor([i for row in rows for i in row]), minlength=len(table))
    first = torch.tensor([row[0] for row in table])
    total = torch.zeros(len(bias)).index_add(0, first, counts)
    several = torch.tensor([len(row) > 1 for row in table])
    return bias[first] + torch.log(counts / total[first]) - 2.0 * several


def uncased(start: Path) -> tuple[BertForMaskedLM, dict[str, LowRank]]:
    """Return the large mask filler with its low-rank terms still apart."""
    stored = read_difference(start)
    model, terms = fresh_model([[0]])
    state = model.state_dict()
    with torch.no_grad():
        for name, term in terms.items():
            restore(term, stored[f"{name}.up"], stored[f"{name}.down"])
        for name, value in state.items():
            plain = name.replace(".layer.bias", ".bias")
            if f"{plain}.add" in stored:
                value += torch.from_numpy(stored[f"{plain}.add"].astype("float32"))
        for ours in BERT_HEAD.values():
            value = stored[ours].astype("float32")
            if f"{ours}.scale" in stored:
                value *= stored[f"{ours}.scale"].astype("float32")[:, None]
            state[ours].copy_(torch.from_numpy(value))
    return model, terms


class Transferred(nn.Module):
    """The uncased model between a mapped embedding and a decoder over the new vocabulary."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, roberta: bool, start: Path) -> None:
        super().__init__()
        tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
        self.model, self.terms = uncased(start)
        self.table, self.marks = mapped(tokens, roberta), marks(tokens, roberta)
        words = self.model.bert.embeddings.word_embeddings.weight.detach()
        self.embedding = MappedEmbedding(words, self.table, self.marks)
        self.bias = nn.Parameter(torch.zeros(len(tokens)))

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross-entropy at the hidden places."""
        states = self.model.bert(
            inputs_embeds=self.embedding(batch["input_ids"]),
            attention_mask=batch["attention_mask"],
        ).last_hidden_state
        hidden = batch["labels"] >= 0
        states = self.model.cls.predictions.transform(states[hidden])
        table = self.embedding(torch.arange(len(self.bias)))
        logits = (states @ table.T).float() + self.bias
        return nn.functional.cross_entropy(logits, batch["labels"][hidden])

    def groups(self, rate: float) -> list[dict]:
        """Return AdamW's parameter groups; the new parts learn faster."""
        new = [self.embedding.down, self.bias]
        skipped = {id(p) for p in new} | {id(self.model.cls.predictions.bias)}
        old = [p for p in self.parameters() if p.requires_grad and id(p) not in skipped]
        return [{"params": new, "lr": 6 * rate}, {"params": old, "lr": rate}]


def texts_for(count: int, seed: int) -> list[str]:
    """Return generated texts with a quarter of real ones, all properly capitalised."""
    real = random.Random(seed).sample(mrpc_sentences() + conll_sentences(), count // 4)
    return generated(count, seed + 1) + real


def trained(target: Target, start: Path, count: int, seed: int) -> Transferred:
    """Transfer, then train once over `count` generated texts and some real ones."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    tokenizer = AutoTokenizer.from_pretrained(SEEDS / target.repository)
    transferred = Transferred(tokenizer, target.roberta(), start)
    wide = encoded(tokenizer, generated(15_000, seed + 2) + mrpc_sentences() + conll_sentences())
    old = transferred.model.cls.predictions.bias.detach()
    with torch.no_grad():
        transferred.bias.copy_(spelling_bias(old, transferred.table, wide))
    special = special_of(tokenizer)
    rows = encoded(tokenizer, texts_for(count, seed))
    makers: list[Callable[[], Batch]] = [
        lambda batch=batch: masked(batch, special, 0.15, rng)
        for batch in bucketed(rows, 1536, rng)
    ]
    train(transferred, makers, transferred.loss, transferred.groups(4e-4), 25)
    return transferred


def embeddings(difference: Difference, target: Target, made: Transferred) -> None:
    """Add the word embeddings, and for RoBERTa positions and token types as it counts them."""
    name = f"{target.prefix}embeddings.word_embeddings.weight"
    difference.tensors[f"{name}.rows"] = padded(made.table).astype(np.int16)
    difference.tensors[f"{name}.up"] = made.marks
    difference.tensors[f"{name}.down"] = made.embedding.down.detach().numpy().astype(np.float16)
    if target.roberta():
        shifted = [[max(0, i - ROBERTA_OFFSET)] for i in range(512 + ROBERTA_OFFSET)]
        difference.rows(f"{target.prefix}embeddings.position_embeddings.weight", shifted)
        difference.rows(f"{target.prefix}embeddings.token_type_embeddings.weight", [[0]])


def save(target: Target, made: Transferred, seeds: Path) -> None:
    """Write the seed, but for its card and tokenizer."""
    base = BertForMaskedLM.from_pretrained(base_folder()).state_dict()
    pooler = ["pooler.dense.weight", "pooler.dense.bias"]
    difference = Difference(prefix=target.prefix, drop=pooler if target.roberta() else [])
    embeddings(difference, target, made)
    for name, term in made.terms.items():
        compact(difference, name.replace("bert.", target.prefix, 1), term)
    for name, value in made.model.state_dict().items():
        if name.startswith("bert.") and value.dim() == 1:
            plain = name.replace(".layer.bias", ".bias")
            ours = plain.replace("bert.", target.prefix, 1)
            difference.add(ours, (value - base[plain]).numpy())
    state = made.model.cls.predictions.state_dict() | {"bias": made.bias.detach()}
    for ours, theirs in target.head.items():
        store = difference.quantised if state[ours].dim() == 2 else difference.dense
        store(theirs, state[ours].numpy())
    folder = seeds / target.repository
    print(difference.save(folder), sum(v.nbytes for v in difference.tensors.values()))
    publish(folder, target.config, target.seed)


def main() -> None:
    """Train and write one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(TARGETS))
    parser.add_argument("start", type=Path, help="the folder that large_filler wrote")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=int, default=4500, help="generated texts")
    parser.add_argument("--seeds", type=Path, default=SEEDS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    target = TARGETS[options.name]
    save(target, trained(target, options.start, options.texts, options.seed), options.seeds)


if __name__ == "__main__":
    main()
