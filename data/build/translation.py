"""Makes the small translator Helsinki-NLP/opus-mt-fr-en (or, not committed, opus-mt-en-fr).

    python3 -m data.build.translation --pair fr-en --work FOLDER

Generates sentence pairs from the parallel grammar, keeps some apart for measuring, trains a
SentencePiece vocabulary and a Marian encoder-decoder from scratch, and writes the seed folder.
With `--export` it only writes the seed folder from the last saved state in `--work`.
"""

import argparse
import json
import math
import random
from dataclasses import dataclass
from pathlib import Path

import sacrebleu
import sentencepiece
import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, MarianConfig, MarianMTModel

from data.build import parallel
from data.build.difference import Difference
from data.build.measures import Measure

CHECKPOINT = "Helsinki-NLP/opus-mt-fr-en"
ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "data" / "hub" / "models" / "Helsinki-NLP"
HELD_OUT = ROOT / "tests" / "data" / "translation_pairs.tsv"
EVERYDAY = ROOT / "tests" / "data" / "translation_sentences.tsv"
VOCABULARY = 4000  # pieces, shared by both languages
EOS, UNKNOWN = 0, 1
PHRASE_COPIES = 6  # how often each hand-written pair is seen for one generated pair
WARM_UP = 100  # steps
TOKENS = 3000  # tokens of both sides in one batch, padding included


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    pair: str
    work: Path
    pairs: int
    steps: int
    seed: int
    export: bool
    resume: bool
    rate: float

    @property
    def reverse(self) -> bool:
        """Whether English is the source."""
        return self.pair == "en-fr"

    @property
    def state(self) -> Path:
        """The file of the trained weights."""
        return self.work / f"state-{self.pair}.pt"


class Pieces:
    """The shared SentencePiece vocabulary: text to IDs; the last ID is padding."""

    def __init__(self, model: Path) -> None:
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
        learned = [self.processor.id_to_piece(i) for i in range(self.processor.piece_size())]
        words = ["</s>", "<unk>", *(p for p in learned if p not in ("</s>", "<unk>", "<s>"))]
        self.ids = {piece: index for index, piece in enumerate([*words, "<pad>"])}

    @property
    def padding(self) -> int:
        """The ID of the padding token."""
        return self.ids["<pad>"]

    def encoded(self, text: str, rng: random.Random | None = None) -> list[int]:
        """Return IDs with the end mark; with `rng`, sometimes another segmentation."""
        sampled = rng is not None and rng.random() < 0.1
        pieces = self.processor.encode(
            text, out_type=str, enable_sampling=sampled, alpha=0.3, nbest_size=-1
        )
        return [self.ids.get(piece, UNKNOWN) for piece in pieces] + [EOS]


def held_out(file: Path = HELD_OUT) -> list[tuple[str, str]]:
    """Return the pairs kept apart for measuring."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [(left, right) for left, right in (line.split("\t") for line in lines)]


def write_held_out(count: int = 300, seed: int = 20_000) -> None:
    """Draw the pairs that no training ever sees, unless they are there already."""
    if not HELD_OUT.exists():
        written = frozenset(left for left, _ in parallel.phrases())
        pairs = parallel.distinct(count, seed, written)
        HELD_OUT.parent.mkdir(parents=True, exist_ok=True)
        HELD_OUT.write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")


def corpus(options: Options) -> list[tuple[str, str]]:
    """Return the training pairs, source first."""
    kept = held_out() + held_out(EVERYDAY)
    without = frozenset(left for left, _ in kept)
    pairs = parallel.distinct(options.pairs, options.seed, without)
    sources = {right for _, right in kept}
    if options.reverse:
        pairs = [(b, a) for a, b in pairs if b not in sources and parallel.reversible(a, b)]
        return pairs + [(b, a) for a, b in parallel.phrases()] * PHRASE_COPIES
    return pairs + list(parallel.phrases()) * PHRASE_COPIES


def train_pieces(options: Options, pairs: list[tuple[str, str]]) -> Path:
    """Train the vocabulary on both sides; return the model file."""
    prefix = options.work / "pieces"
    text = options.work / "pieces.txt"
    text.write_text("\n".join(side for pair in pairs for side in pair), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(prefix), vocab_size=VOCABULARY - 1, model_type="unigram",
        character_coverage=1.0, eos_id=EOS, unk_id=UNKNOWN, bos_id=-1, pad_id=-1, num_threads=1,
        required_chars="àâäçéèêëîïôöùûüÿœæÀÂÇÉÈÊËÎÏÔÙÛŒ«»€’ñßáíóúABCDEFGHIJKLMNOPQRSTUVWXYZ",
        input_sentence_size=60_000, minloglevel=2, train_extremely_large_corpus=False,
    )  # fmt: skip
    return prefix.with_suffix(".model")


def configuration(pieces: Pieces) -> MarianConfig:
    """Return the architecture: 3 encoder and 2 decoder layers of size 192."""
    size = len(pieces.ids)
    return MarianConfig(
        vocab_size=size, d_model=192, encoder_layers=3, decoder_layers=2, encoder_ffn_dim=512,
        decoder_ffn_dim=512, encoder_attention_heads=6, decoder_attention_heads=6, dropout=0.0,
        activation_function="swish", scale_embedding=True, max_position_embeddings=512,
        pad_token_id=pieces.padding, eos_token_id=EOS, forced_eos_token_id=EOS,
        decoder_start_token_id=pieces.padding, architectures=["MarianMTModel"],
    )  # fmt: skip


def batches(
    encoded: list[tuple[list[int], list[int]]], rng: random.Random, padding: int
) -> list[tuple[Tensor, Tensor]]:
    """Return one epoch of padded batches of similar length, in random order."""
    order = sorted(encoded, key=lambda pair: (len(pair[0]) + rng.random() * 2, len(pair[1])))
    groups: list[list[tuple[list[int], list[int]]]] = [[]]
    for pair in order:
        width = max(len(pair[0]), len(pair[1]), *(len(p[1]) for p in groups[-1][-1:]))
        if (len(groups[-1]) + 1) * 2 * width > TOKENS:
            groups.append([])
        groups[-1].append(pair)
    rng.shuffle(groups)
    return [
        (padded([a for a, _ in g], padding), padded([b for _, b in g], padding)) for g in groups
    ]


def padded(rows: list[list[int]], padding: int) -> Tensor:
    """Return the rows as one matrix [rows, longest]."""
    width = max(map(len, rows))
    return torch.tensor([row + [padding] * (width - len(row)) for row in rows])


def loss_of(model: MarianMTModel, source: Tensor, target: Tensor, padding: int) -> Tensor:
    """Return the label-smoothed cross-entropy of a batch."""
    start = torch.full((len(target), 1), padding)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(
            input_ids=source, attention_mask=(source != padding).long(),
            decoder_input_ids=torch.cat([start, target[:, :-1]], dim=1),
        ).logits  # fmt: skip
        wanted = target != padding
        logits = logits[wanted]
    return functional.cross_entropy(logits.float(), target[wanted], label_smoothing=0.05)


def train(options: Options, pieces: Pieces, pairs: list[tuple[str, str]]) -> MarianMTModel:
    """Train for `steps` batches with a warm-up and a cosine decay to zero."""
    rng = random.Random(options.seed)
    torch.manual_seed(options.seed)
    settings = configuration(pieces)
    # On processors, the fused attention's backward pass takes longer than all the rest together.
    settings._attn_implementation = "eager"
    model = MarianMTModel(settings)
    if options.resume:
        model.load_state_dict(torch.load(options.state))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
    step = 0
    while True:
        encoded = [(pieces.encoded(a, rng), pieces.encoded(b)) for a, b in pairs]
        for source, target in batches(encoded, rng, pieces.padding):
            if step == options.steps:
                return model
            done = step / options.steps
            rate = (
                options.rate * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))
            )
            loss = loss_of(model, source, target, pieces.padding)
            update(model, optimizer, loss, rate)
            step += 1
            if step % 100 == 0:
                print(f"step {step} done {done:.2f} loss {loss.item():.3f}", flush=True)
            if step % 200 == 0:
                torch.save(model.state_dict(), options.state)


def update(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor, rate: float
) -> None:
    """Take one optimizer step at learning rate `rate`."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def export(options: Options, pieces: Pieces, model_file: Path) -> None:
    """Write the seed folder from the saved state: configuration, vocabulary, int8 weights."""
    folder = SEEDS / f"opus-mt-{options.pair}"
    folder.mkdir(parents=True, exist_ok=True)
    state = torch.load(options.state)
    model = MarianMTModel(configuration(pieces))
    model.load_state_dict(state)
    difference = Difference(base="none")
    for name, value in published(model).items():
        if value.dim() == 2 and "bias" not in name:
            difference.quantised(name, value.numpy())
        else:
            difference.dense(name, value.numpy())
    difference.save(folder)
    write_settings(folder, options, pieces)
    if not options.reverse:
        (folder / "source.spm").write_bytes(model_file.read_bytes())


def published(model: MarianMTModel) -> dict[str, Tensor]:
    """Return the tensors of the published file: tied ones once, no sinusoids."""
    names = {
        name: value for name, value in model.state_dict().items()
        if "embed_positions" not in name and not name.startswith("lm_head")
        and not name.endswith("coder.embed_tokens.weight")
    }  # fmt: skip
    return {name: value.detach().float() for name, value in names.items()}


def write_settings(folder: Path, options: Options, pieces: Pieces) -> None:
    """Write configuration, generation settings and tokenizer files."""
    source, target = options.pair.split("-")
    configuration(pieces).to_json_file(folder / "config.json")
    write_json(folder / "generation_config.json", {
        "bad_words_ids": [[pieces.padding]], "bos_token_id": EOS,
        "decoder_start_token_id": pieces.padding, "eos_token_id": EOS,
        "forced_eos_token_id": EOS, "max_length": 512, "num_beams": 4,
        "pad_token_id": pieces.padding, "renormalize_logits": True,
    })  # fmt: skip
    write_json(folder / "tokenizer_config.json", {
        "source_lang": source, "target_lang": target, "model_max_length": 512,
        "separate_vocabs": False, "tokenizer_class": "MarianTokenizer",
    })  # fmt: skip
    first = f"models/{CHECKPOINT}"
    copies = {"target.spm": f"{first}:source.spm"}
    if options.reverse:
        copies |= {"source.spm": f"{first}:source.spm", "vocab.json": f"{first}:vocab.json"}
    else:
        write_json(folder / "vocab.json", pieces.ids)
    write_json(folder / "seed.json", {"copy": copies})


def write_json(path: Path, value: object) -> None:
    """Write one settings file of the seed."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def translations(folder: Path, texts: list[str], batch: int = 50) -> list[str]:
    """Return what the published files in `folder` translate the texts to."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    found = [""] * len(texts)
    for begin in range(0, len(order), batch):
        places = order[begin : begin + batch]
        inputs = tokenizer([texts[i] for i in places], padding=True, return_tensors="pt")
        decoded = tokenizer.batch_decode(model.generate(**inputs), skip_special_tokens=True)
        for place, text in zip(places, decoded, strict=True):
            found[place] = text
    return found


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure BLEU of the joined checkpoint in `folder` on pairs it never saw."""
    return bleu(CHECKPOINT, folder, reverse=False)


def bleu(checkpoint: str, folder: Path, reverse: bool) -> list[Measure]:
    """Return BLEU on both sets of held-out pairs."""
    sets = {
        "sentence pairs of the same grammar (ours, held out)": HELD_OUT,
        "everyday sentences written by hand (ours, held out)": EVERYDAY,
    }
    measures = []
    for name, file in sets.items():
        pairs = [pair[::-1] if reverse else pair for pair in held_out(file)]
        found = translations(folder, [source for source, _ in pairs])
        score = sacrebleu.corpus_bleu(found, [[target for _, target in pairs]]).score
        measures.append(Measure(checkpoint, name, "BLEU", score, len(pairs)))
    return measures


def parsed() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pair", choices=("fr-en", "en-fr"), default="fr-en")
    parser.add_argument("--work", type=Path, required=True, help="folder for intermediate files")
    parser.add_argument("--pairs", type=int, default=90_000)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--resume", action="store_true", help="go on from the saved state")
    parser.add_argument("--export", action="store_true", help="only write the seed")
    return Options(**vars(parser.parse_args()))


def main() -> None:
    """Train and export, or only export."""
    options = parsed()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    write_held_out()
    model_file = options.work / "pieces.model"
    if not options.export:
        pairs = corpus(options)
        if not model_file.exists():
            train_pieces(options, pairs)
        model = train(options, Pieces(model_file), pairs)
        torch.save(model.state_dict(), options.state)
    export(options, Pieces(model_file), model_file)


if __name__ == "__main__":
    main()
