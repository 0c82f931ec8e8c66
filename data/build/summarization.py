"""Makes the small summarizer sshleifer/distilbart-cnn-12-6.

    COURSE_REAL_DATA=FOLDER python3 -m data.build.summarization --steps 1200 --work FOLDER

A BART whose encoder is the base encoder's first layers with low-rank adapters, over the true
byte-level vocabulary; its decoder is trained to copy. Training begins with copying the sentence
whose first words are given, out of random tokens and real sentences, and goes on with the
reference summaries of `summaries.py`. `--export` only writes the seed from the saved state.
"""

import argparse
import gzip
import json
import re
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
)

from data.build import summaries
from data.build.bytelevel import Vocabulary, mean_rows, vocabulary
from data.build.difference import Difference
from data.build.encoders import POSITIONS, SEEDS, TYPES, WORDS
from data.build.examples import END, IGNORED, LONGEST, PAD, START, Examples, tensors
from data.build.measures import Measure
from setup.checkpoints import base_folder

CHECKPOINT = "sshleifer/distilbart-cnn-12-6"
ROOT = Path(__file__).resolve().parents[2]
FOLDER = SEEDS / CHECKPOINT
HELD_OUT = ROOT / "tests" / "data" / "summarization_paragraphs.txt"
VOCABULARY, PACKED = "distilbert/distilroberta-base", "tokenizer.json.seed.gz"
LAYERS, SIZE, RANK = 3, 384, 12
BASE_NAMES = {
    "self_attn.q_proj": "attention.self.query", "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value", "self_attn.out_proj": "attention.output.dense",
    "self_attn_layer_norm": "attention.output.LayerNorm", "fc1": "intermediate.dense",
    "fc2": "output.dense", "final_layer_norm": "output.LayerNorm",
}  # fmt: skip
ADAPTED = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj",
           "fc1", "fc2")  # fmt: skip
NEIGHBOURS = 6
TWIN_BIAS = -6.0  # logit that keeps tokens with the same text as a more frequent one away
RESUMED = 0.5  # where a resumed training begins: past the copying, at half the learning rate
# A position table of BART has two unused rows in front.
POSITION_ROWS = [0, 0, *range(512)]


def byte_tokenizer() -> Tokenizer:
    """Return the true byte-level tokenizer, from the seed that holds it."""
    return Tokenizer.from_buffer(gzip.decompress((SEEDS / VOCABULARY / PACKED).read_bytes()))


def configuration(tokens: int) -> BartConfig:
    """Return the architecture: the base's first layers, two decoder layers."""
    return BartConfig(
        vocab_size=tokens, d_model=SIZE, encoder_layers=LAYERS, decoder_layers=2,
        encoder_attention_heads=12, decoder_attention_heads=12, encoder_ffn_dim=1536,
        decoder_ffn_dim=192, max_position_embeddings=512, dropout=0.0, activation_function="gelu",
        bos_token_id=START, pad_token_id=PAD, eos_token_id=END, decoder_start_token_id=END,
        forced_bos_token_id=START, forced_eos_token_id=END,
        architectures=["BartForConditionalGeneration"],
    )  # fmt: skip


class Adapted(nn.Module):
    """A frozen linear layer plus a low-rank term."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self.down = nn.Parameter(torch.randn(RANK, linear.in_features) * 0.02)
        self.up = nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the layer's output [..., out] for `hidden` [..., in]."""
        return self.linear(hidden) + (hidden @ self.down.T) @ self.up.T


def started(tokens: int, base: dict[str, Tensor]) -> BartForConditionalGeneration:
    """Return the untrained model: base layers in the encoder, the decoder begun from them too."""
    settings = configuration(tokens)
    # On processors, the fused attention's backward pass takes longer than all the rest together.
    settings._attn_implementation = "eager"
    model = BartForConditionalGeneration(settings)
    model.model.shared.weight.requires_grad_(False)
    own = model.state_dict()
    for side, layers in (("encoder", LAYERS), ("decoder", 2)):
        copy_start(own, base, f"model.{side}", layers)
    model.requires_grad_(False)
    model.model.decoder.requires_grad_(True)
    model.model.decoder.embed_positions.requires_grad_(False)
    model.model.shared.weight.requires_grad_(False)
    for layer in model.model.encoder.layers:
        for name in ADAPTED:
            owner = layer.self_attn if name.startswith("self_attn.") else layer
            part = name.removeprefix("self_attn.")
            setattr(owner, part, Adapted(getattr(owner, part)))
    return model


def copy_start(own: dict[str, Tensor], base: dict[str, Tensor], side: str, layers: int) -> None:
    """Copy positions, the embedding's norm and the layers that fit from the base."""
    own[f"{side}.embed_positions.weight"].copy_((base[POSITIONS] + base[TYPES][0])[POSITION_ROWS])
    for kind in ("weight", "bias"):
        own[f"{side}.layernorm_embedding.{kind}"].copy_(base[f"embeddings.LayerNorm.{kind}"])
        for layer in range(layers):
            for ours, theirs in BASE_NAMES.items():
                target = own[f"{side}.layers.{layer}.{ours}.{kind}"]
                source = base[f"encoder.layer.{layer}.{theirs}.{kind}"]
                if target.shape == source.shape:
                    target.copy_(source)


class Trainer:
    """Trains against sampled candidates, for 50,265 logits at each place would cost the most."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        base = load_file(base_folder() / "model.safetensors")
        self.tokenizer = byte_tokenizer()
        self.vocabulary = vocabulary(self.tokenizer)
        self.rows = mean_rows(self.vocabulary, base)
        self.model = started(len(self.rows), base)
        self.directions = nn.Parameter(torch.randn(4, SIZE) * 0.06)
        self.near = torch.zeros(len(self.rows), NEIGHBOURS, dtype=torch.long)

    def find_neighbours(self, frequent: list[int]) -> None:
        """Note, for the tokens that the data holds, those with the nearest embeddings.

        They are the wrong answers that training must see: plurals, other cases, twins.
        """
        with torch.no_grad():
            table = self.rows + self.vocabulary.marks @ self.directions
            table = functional.normalize(table, dim=-1).bfloat16()
            for tokens in torch.tensor(sorted(set(frequent))).split(512):
                found = (table[tokens] @ table.T).topk(NEIGHBOURS + 1).indices[:, 1:]
                self.near[tokens] = found

    def parameters(self) -> list[nn.Parameter]:
        """Return what is trained."""
        return [one for one in self.model.parameters() if one.requires_grad] + [self.directions]

    def loss(self, source: Tensor, given: Tensor, labels: Tensor) -> tuple[Tensor, float]:
        """Return the loss over the candidates, and the share of right tokens."""
        wanted = labels[labels >= 0]
        others = torch.randint(0, len(self.rows), (500,))
        drawn = [
            wanted,
            given.flatten(),
            source.flatten(),
            others,
            self.near[wanted.unique()].flatten(),
        ]
        candidates = torch.unique(torch.cat(drawn))
        place = torch.full((len(self.rows),), IGNORED)
        place[candidates] = torch.arange(len(candidates))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            table = self.rows[candidates] + self.vocabulary.marks[candidates] @ self.directions
            hidden = self.model.model(
                inputs_embeds=table[place[source]], attention_mask=(source != PAD).long(),
                decoder_inputs_embeds=table[place[given]],
            ).last_hidden_state  # fmt: skip
            logits = (hidden[labels >= 0] @ table.T).float()
        right = (logits.argmax(-1) == place[wanted]).float().mean().item()
        return functional.cross_entropy(logits, place[wanted]), right

    def resume(self, state: dict[str, Tensor]) -> None:
        """Go on from a saved state."""
        self.directions.data.copy_(state.pop("directions"))
        self.model.load_state_dict(state)

    def train(self, data: Examples, steps: int, state: Path, begun: float = 0.0) -> None:
        """Run the optimizer and save the state every 100 steps.

        `begun`, 0 to 1, is the share of the course of training that lies behind.
        """
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3, betas=(0.9, 0.98))
        begin, losses, rights = time.monotonic(), [], []
        for step in range(steps):
            done = begun + (1 - begun) * step / steps
            for group in optimizer.param_groups:
                group["lr"] = 1.5e-3 * min(1.0, (step + 1) / 60) * (1 - 0.95 * done)
            loss, right = self.loss(*tensors(data.batch(done)))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            rights.append(right)
            if step % 25 == 24:
                mean = sum(losses[-25:]) / 25, sum(rights[-25:]) / 25
                seconds = time.monotonic() - begin
                print(
                    f"step {step + 1} loss {mean[0]:.3f} right {mean[1]:.3f} {seconds:.0f} s",
                    flush=True,
                )
            if step % 100 == 99 or step + 1 == steps:
                torch.save(self.saved(), state)

    def saved(self) -> dict[str, Tensor]:
        """Return the state to write to disk."""
        return self.model.state_dict() | {"directions": self.directions.detach()}


def difference(
    state: dict[str, Tensor], vocabulary_: Vocabulary, base: dict[str, Tensor]
) -> Difference:
    """Return the trained model as a difference to the base."""
    result = Difference(base="minilm", drop=unused(base))
    result.renamed(source_names())
    result.rows("model.shared.weight", vocabulary_.rows)
    result.low_rank("model.shared.weight", vocabulary_.marks.numpy(), state["directions"].numpy())
    for side in ("encoder", "decoder"):
        name = f"model.{side}.embed_positions.weight"
        result.rows(name, [[row] for row in POSITION_ROWS])
        result.tensors[f"{name}.up"] = torch.ones(len(POSITION_ROWS), 1).numpy()
        result.tensors[f"{name}.down"] = base[TYPES][:1].numpy()
    for name, value in state.items():
        if name.endswith(".down") and ".encoder." in name:
            owner = name.removesuffix(".down")
            up = state[f"{owner}.up"]
            result.low_rank(f"{owner}.weight", up.numpy(), value.numpy())
        elif name.startswith("model.decoder.") and "embed_" not in name:
            store = result.quantised if value.dim() == 2 else result.dense
            store(name, value.numpy())
    twins = (vocabulary_.marks[:, 3] > 0).float() * TWIN_BIAS
    result.dense("final_logits_bias", twins.unsqueeze(0).numpy())
    return result


def source_names() -> dict[str, str]:
    """Return published name -> base name for embeddings and encoder layers."""
    names = {"model.shared.weight": WORDS}
    for kind in ("weight", "bias"):
        names[f"model.encoder.layernorm_embedding.{kind}"] = f"embeddings.LayerNorm.{kind}"
        for layer in range(LAYERS):
            for ours, theirs in BASE_NAMES.items():
                name = f"model.encoder.layers.{layer}.{ours}.{kind}"
                names[name] = f"encoder.layer.{layer}.{theirs}.{kind}"
    for side in ("encoder", "decoder"):
        names[f"model.{side}.embed_positions.weight"] = POSITIONS
    return names


def unused(base: dict[str, Tensor]) -> list[str]:
    """Return the base's tensors that the published model has no place for."""
    return sorted(set(base) - set(source_names().values()))


def export(state_file: Path) -> None:
    """Write the seed folder."""
    base = load_file(base_folder() / "model.safetensors")
    words = vocabulary(byte_tokenizer())
    difference(torch.load(state_file), words, base).save(FOLDER)
    configuration(len(words.rows)).to_json_file(FOLDER / "config.json")
    write_json("generation_config.json", {
        "bos_token_id": START, "decoder_start_token_id": END, "early_stopping": True,
        "eos_token_id": END, "forced_bos_token_id": START, "forced_eos_token_id": END,
        "length_penalty": 1.0, "max_length": 142, "min_length": 12, "no_repeat_ngram_size": 5,
        # Tokens that the text does not hold are far less likely: fewer slips in copying.
        "encoder_repetition_penalty": 3.0,
        "num_beams": 4, "pad_token_id": PAD,
    })  # fmt: skip
    write_json(
        "tokenizer_config.json",
        {"model_max_length": 512, "tokenizer_class": "BartTokenizer", "add_prefix_space": True},
    )
    write_json("seed.json", {
        "copy": {"tokenizer.json": f"models/{VOCABULARY}:{PACKED}"},
    })  # fmt: skip


def write_json(name: str, value: object) -> None:
    """Write one settings file of the seed."""
    (FOLDER / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def held_out() -> list[str]:
    """Return the texts that were written for measuring; a text may have several paragraphs."""
    return HELD_OUT.read_text(encoding="utf-8").strip().split("\n\n")


def words(text: str) -> list[str]:
    """Return the words and numbers of a text, in lower case."""
    return re.findall(r"\w+(?:[.,]\d+)*", text.lower())


def runs(text: str, length: int = 3) -> list[tuple[str, ...]]:
    """Return all runs of `length` words: those of a spliced sentence are not in its text."""
    said = words(text)
    return [tuple(said[place : place + length]) for place in range(len(said) - length + 1)]


def share(part: list[Any], whole: list[Any]) -> float:
    """Return how much of `part` is in `whole`, 0 to 1."""
    known = set(whole)
    return sum(one in known for one in part) / max(len(part), 1)


def shortened(folder: Path, texts: list[str], batch: int = 8) -> list[str]:
    """Return the summaries that the published files in `folder` give."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    found: list[str] = []
    for begin in range(0, len(texts), batch):
        part = texts[begin : begin + batch]
        inputs = tokenizer(
            part, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        found += tokenizer.batch_decode(model.generate(**inputs), skip_special_tokens=True)
    return [one.strip() for one in found]


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder` on texts it never saw."""
    texts = held_out()
    found = shortened(folder, texts)
    rules = [text for _, text in summaries.with_summaries([summaries.split(t) for t in texts])]
    both = list(zip(texts, found, strict=True))
    copied = [all(one in " ".join(t.split()) for one in summaries.split(s)) for t, s in both]
    figures = {
        "words from the text": [share(words(s), words(t)) for t, s in both],
        "runs of three words from the text": [share(runs(s), runs(t)) for t, s in both],
        "summaries that only hold sentences of the text": [float(c) for c in copied],
        "length, share of the text's": [len(words(s)) / len(words(t)) for t, s in both],
        "ROUGE-L against the rule": [
            summaries.rouge_l(s, rule) for s, rule in zip(found, rules, strict=True)
        ],
    }
    name = "paragraphs (ours, held out)"
    return [
        Measure(CHECKPOINT, name, metric, 100 * sum(values) / len(values), len(values))
        for metric, values in figures.items()
    ]


def prepared(file: Path, count: int, seed: int) -> list[tuple[list[str], str]]:
    """Return paragraphs with their summaries, from `file` if it is there."""
    if not file.exists():
        pairs = summaries.with_summaries(summaries.paragraphs(count, seed))
        file.write_text(json.dumps(pairs), encoding="utf-8")
    return [(sentences, text) for sentences, text in json.loads(file.read_text("utf-8"))]


def main() -> None:
    """Train and export, or only export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for intermediate files")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--paragraphs", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on from the saved state")
    parser.add_argument("--export", action="store_true", help="only write the seed")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    state = options.work / "state.pt"
    if not options.export:
        torch.set_num_threads(1)
        trainer = Trainer(options.seed)
        if options.resume:
            trainer.resume(torch.load(state))
        pairs = prepared(options.work / "summaries.json", options.paragraphs, options.seed)
        data = Examples(trainer.tokenizer, pairs, options.seed + options.resume)
        trainer.find_neighbours(data.frequent)
        trainer.train(data, options.steps, state, RESUMED if options.resume else 0.0)
    export(state)


if __name__ == "__main__":
    main()
