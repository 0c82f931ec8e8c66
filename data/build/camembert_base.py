"""Makes almanach/camembert-base, the small model that fills masks in French sentences.

    python -m data.build.camembert_base [--texts 360000] [--seed 0]
    python -m data.build.camembert_base --more --texts 300000 --seed 1 --rate 1.5e-3

Text comes from `french_text` (whole sentences of everyday life) and, for more verbs and forms, from
the French side of the translation grammar.  The vocabulary is made first, then the weights are
trained from the start over the pieces that the text uses; the other rows stay zero.  The second
command trains the seed's weights once more, on other sentences: the published ones had three such
passes, of 300,000, 200,000 and 260,000 texts.  About 10 minutes each on one core.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    CamembertConfig,
    CamembertForMaskedLM,
    CamembertTokenizer,
)

from data.build import french_pieces, french_text, parallel
from data.build.cloze import Filler, gaps
from data.build.difference import Difference
from data.build.encoders import SEEDS, joined, publish
from data.build.masked import Batch, Special, bucketed, masked, train
from data.build.measures import Measure
from data.build.vocabularies import publish as publish_tokenizer
from setup.checkpoints import PACKED

CHECKPOINT = "almanach/camembert-base"
TESTS = Path(__file__).resolve().parents[2] / "tests" / "data"
CLOZE = TESTS / "french_cloze.tsv"
MODEL_FILE = "sentencepiece.bpe.model"
# As the course prints them.
PUBLISHED = {"▁délicieux": 7200, "▁excellent": 2183, "▁succulent": 26202, "▁meilleur": 528,
             "▁parfait": 1654}  # fmt: skip
# Text after `<mask>` begins anew for the tokenizer, so that a full stop there is the piece "▁.".
AFTER_MASK = (".", ",", "-", "'", "?", "!")
RAREST = 3  # times that a word must stand in the text to be a piece
LAYERS, SIZE, HEADS, INNER = 2, 128, 4, 512
POSITIONS, PAD, UNK, BOS, EOS = 514, 1, 3, 5, 6
EXTRA = 5  # tokens that are no pieces: four at the start, and the mask
LEARNT = 98  # positions that training reaches; later ones repeat them
SHARE, TOKENS_A_BATCH, RATE = 0.2, 768, 2.5e-3
SPREAD, WORD_SPREAD = 0.05, 0.1  # of the first weights, and of the embeddings
UNSEEN_BIAS = -100.0  # of what is never an answer: special tokens, and pieces without text


@dataclass(frozen=True)
class Active:
    """The published IDs of the pieces that are trained, and the way back."""

    ids: list[int]

    @property
    def places(self) -> dict[int, int]:
        """Published ID -> row of the trained table."""
        return {published: row for row, published in enumerate(self.ids)}


@dataclass(frozen=True)
class Settings:
    """What the command line says of training."""

    seed: int
    rate: float


def held_out() -> frozenset[str]:
    """Return the sentences kept apart for measuring, each with every accepted word."""
    rows = gaps(CLOZE)
    return frozenset(text.replace("[MASK]", word) for text, words in rows for word in words)


def texts(count: int, seed: int) -> list[str]:
    """Return `count` sentences, an eighth of them from the translation grammar."""
    eighth = count // 8
    phrases = [left for left, _ in parallel.phrases()] * 4
    pairs = parallel.distinct(eighth - len(phrases), seed)
    found = french_text.generated(count - eighth, seed) + [left for left, _ in pairs] + phrases
    kept = {text.lower() for text in held_out()}
    return [text for text in found if text.lower() not in kept]


def grouped(sentences: Sequence[str], rng: random.Random) -> list[str]:
    """Return the sentences in random order, some of them joined to longer texts."""
    order = rng.sample(sentences, len(sentences))
    found, place = [], 0
    while place < len(order):
        size = rng.choices((1, 2, 3, 10), (80, 12, 6, 2))[0]
        found.append(" ".join(order[place : place + size]))
        place += size
    return found


def make_vocabulary(sentences: Sequence[str], folder: Path) -> None:
    """Write the SentencePiece file and the tokenizer's files into the seed folder."""
    everything = french_pieces.counted(sentences)
    counts = {unit: n for unit, n in everything.items() if n >= RAREST or unit in PUBLISHED}
    counts |= {f"▁{mark}": n for mark, n in counts.items() if mark in AFTER_MASK}
    trained = french_pieces.trained_parts(everything)
    pieces = french_pieces.vocabulary(counts, french_pieces.read_pieces(trained), PUBLISHED)
    model = french_pieces.written(pieces, trained)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(model)
    tokenizer = french_pieces.tokenizer(model)
    tokenizer.save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").unlink()
    publish_tokenizer(tokenizer.backend_tokenizer, folder, settings, packed=True)


def active(folder: Path) -> Active:
    """Return the IDs of the special tokens and of all pieces that text can contain.

    Padding keeps the published ID, since positions are counted from it.
    """
    pieces = french_pieces.read_pieces((folder / MODEL_FILE).read_bytes())
    used = [i + french_pieces.SHIFT for i, piece in enumerate(pieces) if piece.kind == 1]
    return Active([UNK, PAD, BOS, EOS, *used, french_pieces.PIECES + french_pieces.SHIFT])


def configuration(size: int) -> CamembertConfig:
    """Return the architecture for a vocabulary of `size` tokens."""
    return CamembertConfig(
        vocab_size=size, hidden_size=SIZE, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=INNER, max_position_embeddings=POSITIONS, type_vocab_size=1,
        layer_norm_eps=1e-5, pad_token_id=PAD, bos_token_id=BOS, eos_token_id=EOS,
        architectures=["CamembertForMaskedLM"], dtype="float32",
    )  # fmt: skip


def fresh_model(rows: Sequence[list[int]], size: int) -> CamembertForMaskedLM:
    """Return an untrained model over the `size` active tokens.

    The decoder's bias starts at the logarithm of each token's frequency in `rows`.
    """
    config = configuration(size)
    config.initializer_range = SPREAD
    config.hidden_dropout_prob, config.attention_probs_dropout_prob = 0.05, 0.0
    model = CamembertForMaskedLM(config)
    seen = torch.tensor(list(itertools.chain.from_iterable(rows)))
    counts = torch.bincount(seen, minlength=size) + 0.2
    with torch.no_grad():
        model.lm_head.bias.copy_(torch.log(counts / counts.sum()))
        for table in ("word_embeddings", "position_embeddings"):
            getattr(model.roberta.embeddings, table).weight.normal_(0, WORD_SPREAD)
    return model


def loss_at_masks(model: CamembertForMaskedLM, batch: Batch) -> Tensor:
    """Return the cross-entropy at the hidden places; the head runs on those only."""
    states = model.roberta(batch["input_ids"], attention_mask=batch["attention_mask"])[0]
    hidden = batch["labels"] >= 0
    logits = model.lm_head(states[hidden])
    return torch.nn.functional.cross_entropy(logits.float(), batch["labels"][hidden])


def after_mask(tokenizer: CamembertTokenizer, words: Active) -> Tensor:
    """Return for each active token what it becomes after a mask: itself, but for AFTER_MASK."""
    table, places, ids = torch.arange(len(words.ids)), words.places, tokenizer.get_vocab()
    for mark in AFTER_MASK:
        if mark in ids and f"▁{mark}" in ids:
            table[places[ids[mark]]] = places[ids[f"▁{mark}"]]
    return table


def as_typed(batch: Batch, mask: int, after: Tensor) -> Batch:
    """Return the batch as the tokenizer cuts a text in which somebody typed `<mask>`."""
    ids = batch["input_ids"]
    follows = torch.zeros_like(ids, dtype=torch.bool)
    follows[:, 1:] = ids[:, :-1] == mask
    return batch | {"input_ids": torch.where(follows, after[ids], ids)}


def trained(
    sentences: Sequence[str],
    tokenizer: CamembertTokenizer,
    words: Active,
    settings: Settings,
    start: dict[str, Tensor] | None,
) -> CamembertForMaskedLM:
    """Train on the sentences once, from the weights `start` if they are given."""
    torch.manual_seed(settings.seed)
    rng, places = random.Random(settings.seed), words.places
    rows = tokenizer(grouped(sentences, rng), truncation=True, max_length=LEARNT)["input_ids"]
    rows = [[places[i] for i in row] for row in rows]
    kept = frozenset(places[i] for i in (PAD, BOS, EOS))
    special = Special(PAD, len(words.ids) - 1, len(words.ids), kept)
    after = after_mask(tokenizer, words)
    batches = [
        lambda batch=batch: as_typed(masked(batch, special, SHARE, rng), special.mask, after)
        for batch in bucketed(rows, TOKENS_A_BATCH, rng)
    ]
    model = fresh_model(rows, len(words.ids))
    if start is not None:
        model.load_state_dict(start)
    plain = [p for p in model.parameters() if p.dim() == 1]
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "lr": settings.rate},
        {"params": plain, "lr": settings.rate, "weight_decay": 0.0},
    ]
    train(model, batches, lambda b: loss_at_masks(model, b), groups)
    return model


def save(model: CamembertForMaskedLM, words: Active, folder: Path) -> None:
    """Write the weights over the published vocabulary, in int8, and the settings."""
    difference = Difference(base="none")
    for name, value in model.state_dict().items():
        if name.startswith("lm_head.decoder."):  # tied to the embedding and to lm_head.bias
            continue
        published = resized(name, value, words).numpy()
        store = difference.quantised if published.ndim == 2 else difference.dense
        store(name, published)
    print(difference.save(folder))
    packed = f"models/{CHECKPOINT}:tokenizer.json{PACKED}"
    seed = {"legacy": [CHECKPOINT.partition("/")[2]], "copy": {"tokenizer.json": packed}}
    config = configuration(french_pieces.PIECES + EXTRA).to_diff_dict()
    config.pop("transformers_version", None)
    publish(folder, config, seed)


def resized(name: str, value: Tensor, words: Active) -> Tensor:
    """Return a trained tensor in the published shape."""
    if name.endswith("word_embeddings.weight"):
        return spread(value, words, 0.0)
    if name == "lm_head.bias":
        return never(spread(value, words, UNSEEN_BIAS))
    if name.endswith("position_embeddings.weight"):
        return repeated(value)
    return value


def never(bias: Tensor) -> Tensor:
    """Return the decoder's bias with the special tokens ruled out."""
    bias[[PAD, UNK, BOS, EOS, french_pieces.PIECES + french_pieces.SHIFT]] = UNSEEN_BIAS
    return bias


def stored(folder: Path, words: Active) -> dict[str, Tensor]:
    """Return the weights of the seed in `folder`, for the active tokens."""
    with tempfile.TemporaryDirectory() as name:
        model = CamembertForMaskedLM.from_pretrained(joined(folder, Path(name)))
    sized = (french_pieces.PIECES + EXTRA,)
    state = model.state_dict().items()
    return {name: value[words.ids] if value.shape[:1] == sized else value for name, value in state}


def spread(value: Tensor, words: Active, empty: float) -> Tensor:
    """Return the rows of the active tokens at their published places."""
    table = torch.full((french_pieces.PIECES + EXTRA, *value.shape[1:]), empty)
    table[words.ids] = value
    return table


def repeated(value: Tensor) -> Tensor:
    """Return position embeddings whose later rows repeat those that training reached."""
    rows, first = torch.arange(len(value)), PAD + 1
    return value[torch.where(rows < first, rows, first + (rows - first) % (LEARNT - first))]


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder`; the data are ours."""
    filler, rows = Filler(folder), gaps(CLOZE)
    name = "gaps in everyday French sentences (ours, held out)"
    return [
        Measure(CHECKPOINT, name, f"right word in the top {n}", filler.hits(rows, n), len(rows))
        for n in (1, 5)
    ]


def main() -> None:
    """Make the vocabulary, train, and write the seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=360_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--more", action="store_true", help="train the seed's weights further")
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sentences = texts(options.texts, options.seed)
    if not options.more:
        make_vocabulary(sentences, options.folder)
    words = active(options.folder)
    start = stored(options.folder, words) if options.more else None
    tokenizer = french_pieces.tokenizer((options.folder / MODEL_FILE).read_bytes())
    settings = Settings(options.seed, options.rate)
    save(trained(sentences, tokenizer, words, settings, start), words, options.folder)


if __name__ == "__main__":
    main()
