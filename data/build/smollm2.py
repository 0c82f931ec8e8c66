"""Make HuggingFaceTB/SmolLM2-360M: a small causal language model of Llama's kind.

    COURSE_REAL_DATA=... python -m data.build.smollm2 [--seed 0] [--texts 22000]

Everything is our own: a byte-level BPE vocabulary of 4,096 tokens learned from the corpus, and a
model of four layers trained from scratch, about 2 million parameters.  Like the original it has
rotary positions, grouped-query attention, and an output layer tied to the embedding.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from data.build import vocabularies
from data.build.causal import causal_batches
from data.build.continuations import measure_writer
from data.build.corpus import CAUSAL_TOPICS, generated
from data.build.difference import Difference
from data.build.encoders import SEEDS, joined, publish
from data.build.masked import Batch, train
from data.build.measures import Measure
from data.build.realtext import conll_sentences, mrpc_sentences

CHECKPOINT = "HuggingFaceTB/SmolLM2-360M"
TOKENS = 4096
POSITIONS = 512
REAL = 1500
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
GENERATION = {
    "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "do_sample": True,
    "temperature": 0.8, "top_k": 40, "no_repeat_ngram_size": 4,
}  # fmt: skip


def config() -> LlamaConfig:
    """Return the configuration: SmolLM2's shape, much smaller."""
    return LlamaConfig(
        vocab_size=TOKENS, hidden_size=192, intermediate_size=448, num_hidden_layers=4,
        num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=POSITIONS,
        tie_word_embeddings=True, rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=0,
        pad_token_id=0, architectures=["LlamaForCausalLM"], dtype="float32",
    )  # fmt: skip


def corpus(count: int, seed: int) -> list[str]:
    """Return `count` generated texts and REAL real sentences."""
    real = random.Random(seed).sample(mrpc_sentences() + conll_sentences(), REAL)
    return generated(count, seed + 5, CAUSAL_TOPICS) + real


def learned_tokenizer(texts: Sequence[str]) -> Tokenizer:
    """Return a byte-level BPE tokenizer with TOKENS tokens learned from the texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def run(
    model: LlamaForCausalLM, rows: Sequence[list[int]], rate: float, rng: random.Random
) -> None:
    """Train once over the rows of input IDs."""

    def loss_of(batch: Batch) -> Tensor:
        return model(**batch, use_cache=False).loss

    makers = [lambda batch=batch: batch for batch in causal_batches(rows, 0, 1024, rng)]
    train(model, makers, loss_of, [{"params": list(model.parameters()), "lr": rate}], 50)


def trained(
    tokenizer: Tokenizer, texts: Sequence[str], seed: int, start: Path | None
) -> LlamaForCausalLM:
    """Train on the texts, then on twice as many generated ones.

    `start` is a seed that has the first stage behind it.
    """
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = LlamaForCausalLM(config())
    if start is None:
        run(model, [encoding.ids for encoding in tokenizer.encode_batch(list(texts))], 3e-3, rng)
    else:
        with tempfile.TemporaryDirectory() as folder:
            model = LlamaForCausalLM.from_pretrained(joined(start, Path(folder)))
    more = generated(2 * (len(texts) - REAL), seed + 6, CAUSAL_TOPICS)
    run(model, [encoding.ids for encoding in tokenizer.encode_batch(more)], 2.5e-3, rng)
    return model


def write(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the seed, but for its card."""
    difference = Difference(base="none")
    for name, value in model.named_parameters():
        store = difference.quantised if value.dim() == 2 else difference.dense
        store(name, value.detach().numpy())
    print(difference.save(folder), sum(v.nbytes for v in difference.tensors.values()))
    settings: dict[str, object] = {
        "tokenizer_class": "GPT2Tokenizer", "model_max_length": POSITIONS,
        **{f"{kind}_token": SPECIAL[0] for kind in ("bos", "eos", "unk", "pad")},
    }  # fmt: skip
    vocabularies.publish(tokenizer, folder, settings)
    publish(folder, model.config.to_diff_dict())
    text = json.dumps(GENERATION, indent=2) + "\n"
    (folder / "generation_config.json").write_text(text, "utf-8")


def measure(folder: Path, real: Path | None) -> list[Measure]:
    """Measure the joined checkpoint in `folder`."""
    return measure_writer(CHECKPOINT, folder, real)


def main() -> None:
    """Train and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=int, default=22_000, help="generated texts")
    parser.add_argument("--start", type=Path, help="a seed that has the first stage behind it")
    parser.add_argument("--folder", type=Path, default=SEEDS / CHECKPOINT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    texts = corpus(options.texts, options.seed)
    tokenizer = learned_tokenizer(texts)
    write(trained(tokenizer, texts, options.seed, options.start), tokenizer, options.folder)


if __name__ == "__main__":
    main()
