"""The base encoder in each published shape: BERT's or DistilBERT's, uncased or cased.

All shapes compute the same hidden states from the same input; names differ, and DistilBERT has no
token-type embedding, so the base's row 0, which single sentences use, goes into its positions.
"""

import gzip
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from data.build import casing
from data.build.difference import Difference, distilbert_names
from setup.checkpoints import DIFFERENCE, PACKED, base_folder, join

UNCASED, CASED = 30522, 28996  # sizes of BERT's vocabularies
LAYERS, SIZE, HEADS, INNER = 6, 384, 12, 1536
WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
TYPES = "embeddings.token_type_embeddings.weight"
POOLER = ["pooler.dense.bias", "pooler.dense.weight"]
SEEDS = Path(__file__).resolve().parent.parent / "hub" / "models"
CASED_VOCABULARY = SEEDS / "google-bert/bert-base-cased/vocab.txt"


def distilbert_config(architecture: str, **more: object) -> dict[str, Any]:
    """Return config.json of a DistilBERT with the base's sizes; `more` adds or replaces keys."""
    return {
        "architectures": [architecture], "model_type": "distilbert",
        "dim": SIZE, "hidden_dim": INNER, "n_layers": LAYERS, "n_heads": HEADS,
        "activation": "gelu", "dropout": 0.1, "attention_dropout": 0.1,
        "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": False,
        "initializer_range": 0.02, "max_position_embeddings": 512, "pad_token_id": 0,
        "vocab_size": UNCASED, "dtype": "float32",
    } | more


def bert_config(architecture: str, **more: object) -> dict[str, Any]:
    """Return config.json of a BERT with the base's sizes; `more` adds or replaces keys."""
    return {
        "architectures": [architecture], "model_type": "bert",
        "hidden_size": SIZE, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02, "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512, "pad_token_id": 0, "type_vocab_size": 2,
        "vocab_size": UNCASED, "dtype": "float32",
    } | more


def distilbert(prefix: str = "distilbert.") -> Difference:
    """Return the difference that is the base itself, in DistilBERT's shape."""
    difference = Difference(prefix=prefix, drop=[TYPES, *POOLER])
    names = distilbert_names(LAYERS)
    difference.renamed({prefix + ours: base for ours, base in names.items()})
    types = load_file(base_folder() / "model.safetensors")[TYPES]
    name = prefix + POSITIONS
    difference.tensors[f"{name}.up"] = np.ones((512, 1), dtype=np.float32)
    difference.tensors[f"{name}.down"] = types[:1]
    return difference


def bert(prefix: str = "bert.", pooler: bool = False) -> Difference:
    """Return the difference that is the base itself, in BERT's shape."""
    return Difference(prefix=prefix, drop=[] if pooler else list(POOLER))


def cased(difference: Difference, down: np.ndarray | None = None) -> Difference:
    """Give the difference the cased vocabulary; `down` [flags, 384] are its case directions."""
    tokens = CASED_VOCABULARY.read_text(encoding="utf-8").rstrip("\n").split("\n")
    lines = (base_folder() / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    name = difference.prefix + WORDS
    difference.rows(name, casing.rows(tokens, {token: i for i, token in enumerate(lines)}))
    texts = [token.removeprefix(casing.CONTINUED) for token in tokens]
    down = casing.directions(SIZE) if down is None else down
    difference.low_rank(name, casing.flags(texts), down)
    return difference


def publish(folder: Path, config: Mapping[str, Any], seed: Mapping[str, Any] | None = None) -> None:
    """Write config.json and, if given, seed.json into a seed folder.

    A DistilBERT also gets tokenizer_config.json. Like the full-size checkpoints' it names no class,
    so that AutoTokenizer takes BERT's and returns token types, which the model ignores.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Mapping[str, Any]] = {"config.json": config}
    if seed:
        files["seed.json"] = seed
    if config["model_type"] == "distilbert":
        files["tokenizer_config.json"] = {
            "do_lower_case": config["vocab_size"] == UNCASED, "model_max_length": 512,
        }
    for name, content in files.items():
        text = json.dumps(content, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


def started(
    kind: type[PreTrainedModel], config: Mapping[str, Any], difference: Difference
) -> PreTrainedModel:
    """Return a model of class `kind` with the difference's weights; its new head is random."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        publish(folder, config)
        difference.save(folder)
        join(folder, base_folder(), folder / "model.safetensors")
        torch.manual_seed(0)
        return kind.from_pretrained(folder, dtype=torch.float32)


def joined(seed: Path, folder: Path, seeds: Path = SEEDS) -> Path:
    """Make in `folder` the published files of the seed folder, as the local Hub does."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in seed.iterdir():
        if _is_published(file):
            (folder / file.name).write_bytes(file.read_bytes())
    extra = seed / "seed.json"
    copies = json.loads(extra.read_text()).get("copy", {}) if extra.exists() else {}
    for name, origin in copies.items():
        place, _, path = origin.partition(":")
        source = base_folder() if place == "base" else seeds.parent / place
        (folder / name).write_bytes(content(source / path))
    if (seed / DIFFERENCE).exists():
        join(seed, base_folder(), folder / "model.safetensors")
    return folder


def content(source: Path) -> bytes:
    """Return the bytes that a file of a seed stands for: a packed one is unpacked."""
    data = source.read_bytes()
    return gzip.decompress(data) if source.name.endswith(PACKED) else data


def _is_published(file: Path) -> bool:
    own = file.name in ("seed.json", DIFFERENCE) or file.name.endswith(PACKED)
    return file.is_file() and not own


def uncased_tokenizer() -> PreTrainedTokenizerBase:
    """Return the tokenizer of the base encoder."""
    return AutoTokenizer.from_pretrained(base_folder())


def cased_tokenizer() -> PreTrainedTokenizerBase:
    """Return the tokenizer of bert-base-cased, from its seed."""
    config = AutoConfig.for_model("bert")
    return AutoTokenizer.from_pretrained(CASED_VOCABULARY.parent, config=config)
