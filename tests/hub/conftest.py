"""Fixtures: a folder of tiny seeds, a Hub in memory, and a Hub in a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file
from starlette.testclient import TestClient

from setup.hub import application
from setup.hub.accounts import Accounts
from setup.hub.seeds import Planter
from setup.hub.store import Store

ROOT = Path(__file__).resolve().parents[2]
MODEL = "acme/tiny-bert"
DATASET = "acme/reviews"
WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]",
    "a", "film", "good", "bad", "this", "is", "very", "not", "!", ".", "##s",
]  # fmt: skip
BIG = 3_000_000  # bytes of the file that range tests read
NO_PROXY = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
CARD = """---
license: mit
language: en
pipeline_tag: text-classification
datasets: acme/reviews
tags: [course]
---
# A tiny classifier
"""


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def tiny_bert(folder: Path) -> None:
    size = {"vocab_size": len(WORDS), "hidden_size": 8, "num_hidden_layers": 1}
    size |= {"num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 32}
    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", **size}
    config |= {"id2label": {"0": "NEGATIVE", "1": "POSITIVE"}}
    write(
        folder,
        {
            "README.md": CARD,
            "config.json": json.dumps(config),
            "vocab.txt": "\n".join(WORDS),
            "tokenizer_config.json": json.dumps({"tokenizer_class": "BertTokenizer"}),
        },
    )
    draw = np.random.default_rng(0)
    head = {
        "bert.embeddings.word_embeddings.weight": draw.normal(size=(len(WORDS), 8)),
        "classifier.weight": draw.normal(size=(2, 8)),
        "classifier.bias": np.array([0.0, 9.0]),
    }
    tensors = {name: value.astype(np.float32) for name, value in head.items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def reviews(folder: Path) -> None:
    header = "configs:\n- config_name: default\n  data_files:\n"
    header += "".join(
        f"  - split: {split}\n    path: data/{split}.jsonl\n" for split in ("train", "test")
    )
    rows = {"train": 40, "test": 10}
    lines = {
        f"data/{split}.jsonl": "".join(
            json.dumps({"text": f"{split} review {n}", "label": n % 2}) + "\n" for n in range(count)
        )
        for split, count in rows.items()
    }
    card = f"---\nlanguage: en\ntask_categories: [text-classification]\n{header}---\n# Reviews\n"
    write(folder, {"README.md": card, **lines})


def tables(folder: Path) -> None:
    """A dataset without a card: two configurations as Parquet, which git-lfs keeps."""
    for name, count in {"small": 5, "large": 2000}.items():
        path = folder / name / "train-00000-of-00001.parquet"
        path.parent.mkdir(parents=True)
        rows = pa.table({"n": list(range(count)), "text": [f"{name} {n}" for n in range(count)]})
        pq.write_table(rows, path, row_group_size=500)


METRIC = """
import datasets
import evaluate


class Tally(evaluate.Metric):
    def _info(self):
        features = datasets.Features({
            "predictions": datasets.Value("int64"), "references": datasets.Value("int64"),
        })
        return evaluate.MetricInfo(
            description=self.config_name, citation="", inputs_description="", features=features
        )

    def _compute(self, predictions, references):
        return {"same": sum(p == r for p, r in zip(predictions, references))}
"""


def plant_all(root: Path) -> None:
    """Write the seeds that most tests read."""
    tiny_bert(root / "models" / MODEL)
    settings = {"tags": ["714eb0f"], "legacy": ["tiny-bert"]}
    write(root / "models" / MODEL, {"seed.json": json.dumps(settings)})
    french = "---\nlanguage: fr\nlibrary_name: keras\npipeline_tag: translation\n---\n# Une\n"
    big = np.random.default_rng(1).bytes(BIG)
    write(root / "models/acme/french", {"README.md": french, "weights/big.bin": big})
    copies = {"copy": {"sub/vocab.txt": f"models/{MODEL}:vocab.txt"}}
    write(root / "models/other/copied", {"seed.json": json.dumps(copies), "a b/é.txt": "accent"})
    reviews(root / "datasets" / DATASET)
    tables(root / "datasets/acme/tables")
    write(
        root / "spaces/evaluate-metric/tally",
        {"README.md": "---\nsdk: gradio\ntags: [metric]\n---\n", "tally.py": METRIC},
    )


@pytest.fixture(scope="session", autouse=True)
def direct() -> Iterator[None]:
    """Keep a machine's proxy out of the way to the Hubs that the tests start."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NO_PROXY.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("seeds")
    plant_all(root)
    return root


@pytest.fixture(scope="session")
def store(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(tmp_path_factory.mktemp("state"))
    problems: list[str] = []
    Planter(opened, problems.append).plant(seeds)
    assert not [line for line in problems if "left out" in line]
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def web(store: Store) -> TestClient:
    """The application in memory; redirects are not followed, errors come as answers."""
    app = application.create(store)
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(scope="session")
def sha(web: TestClient) -> str:
    """The commit that main of the tiny model points to."""
    return str(web.get(f"/api/models/{MODEL}").json()["sha"])


def raw_get(web: TestClient, raw: str) -> tuple[int, dict[str, str]]:
    """Send an address byte by byte as written: clients tidy ``..`` away before sending."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": raw, "raw_path": raw.encode(), "headers": []}
    scope |= {"query_string": b"", "server": ("localhost", 80), "scheme": "http", "root_path": ""}
    asyncio.run(web.app(scope, receive, send))  # type: ignore[arg-type]
    headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], headers


@dataclass
class Live:
    """A Hub that runs in a process of its own."""

    url: str
    process: subprocess.Popen[str]
    state: Path
    others: dict[str, str] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """The token of the account ``learner``, which may write."""
        return (self.state / "token").read_text()

    def python(self, code: str, home: Path, *, token: str = "") -> str:
        """Run code with the real clients pointed at this Hub; gives what it prints."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(self.url, home, token),
            cwd=home,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment(url: str, home: Path, token: str = "") -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    return kept | {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "GIT_TERMINAL_PROMPT": "0",
        **NO_PROXY,
        **({"HF_TOKEN": token} if token else {}),
    }


def start(
    seeds: Path, state: Path, *options: str, log: int | IO[str] = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start a Hub on a free port; its first line on stdout is the ready line."""
    command = [sys.executable, "-m", "setup.hub", "--seeds", str(seeds), "--state", str(state)]
    return subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
    )


def ready_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Hub ready at http://127.0.0.1:"), process.communicate()
    return line.split()[-1]


@contextmanager
def running(seeds: Path, state: Path, *options: str) -> Iterator[Live]:
    """A Hub that lives as long as the block; its log must tell of no defect and no token."""
    log = state / "log.txt"
    with log.open("w") as stream:  # a pipe that nobody reads would fill up
        process = start(seeds, state, *options, log=stream)
        hub = Live(ready_url(process), process, state)
        try:
            yield hub
        finally:
            process.terminate()
            process.communicate(timeout=20)
    assert "Traceback" not in log.read_text()
    assert "hf_" not in log.read_text()


@pytest.fixture(scope="session")
def live(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(seeds, tmp_path_factory.mktemp("live")) as hub:
        yield hub


@pytest.fixture(scope="module")
def writable(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A Hub of the module's own, to write to, where people may sign up.

    ``others`` has the token of another person, ``ada``, and the learner's for reading, ``reader``.
    """
    state = tmp_path_factory.mktemp("writable")
    accounts = Accounts(state)
    others = {"ada": accounts.issue("ada", "hers")}
    others["reader"] = accounts.issue("learner", "reading", "read")
    with running(seeds, state, "--sign-up") as hub:
        hub.others = others
        yield hub


@pytest.fixture
def plain_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_HUB_DISABLE_XET=1 does to a client that starts with it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
