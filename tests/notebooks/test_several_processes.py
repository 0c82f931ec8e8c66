"""The notebook's `train.py` in one process, in two, on two machines, and where it must refuse."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import evaluate
import psutil
import pytest
import torch
from accelerate import DistributedType
from accelerate.state import AcceleratorState, GradientState
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from setup.processes import spawn, stop
from tests.notebooks.pieces import functions, written

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks/3_fine_tuning/06_several_processes.ipynb"
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch"]
TWO = ("--multi_gpu", "--num_processes", "2", "--main_process_port", "0")
ROWS = "96"
SECONDS = 500  # before a launch that hangs is ended
Seen = dict[str, Any]


@dataclass
class Desk:
    """A folder with `train.py`, a witness and a small checkpoint, and launches from there."""

    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `accelerate launch` with these words."""
        environ = dict(os.environ) | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        record = (self.folder / f"record-{len(self.running)}.txt").open("wb")
        with record:
            self.running.append(
                spawn([*LAUNCH, *words], environ=environ, folder=self.folder, output=record)
            )
        return self.running[-1]

    def finish(self, process: subprocess.Popen[bytes]) -> str:
        """Wait for a launch to succeed; return what it printed."""
        process.wait(SECONDS)
        text = self.printed(process)
        assert process.returncode == 0, text[:4000]
        return text

    def printed(self, process: subprocess.Popen[bytes]) -> str:
        """Return what a launch has printed."""
        record = self.folder / f"record-{self.running.index(process)}.txt"
        return record.read_text(encoding="utf-8", errors="replace")

    def seen(self, output: str, rank: int) -> Seen:
        """Return what the witness of one process wrote down."""
        found: Seen = torch.load(self.folder / output / f"rank-{rank}.pt", weights_only=False)
        return found


def settings(output: str, *words: str) -> list[str]:
    """Return the words for the script that all runs share."""
    common = ["--checkpoint", "small", "--rows", ROWS, "--epochs", "1", "--lr", "1e-3", "--cpu"]
    return [*common, "--output", output, *words]


def small_checkpoint(folder: Path) -> None:
    """Write a classifier without dropout that predicts both classes from the start."""
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.3,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained("google-bert/bert-base-uncased").save_pretrained(folder)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    if "HF_ENDPOINT" not in os.environ:
        pytest.fail("HF_ENDPOINT names no Hub. Run the suite by `python3 -m setup test`.")
    folder = tmp_path_factory.mktemp("desk")
    for name in ("train.py", "who.py"):
        (folder / name).write_text(written(NOTEBOOK, name), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("witness.py"), folder)
    small_checkpoint(folder / "small")
    desk = Desk(folder)
    yield desk
    for process in desk.running:
        stop(process)


@contextlib.contextmanager
def inside(desk: Desk, name: str = "train") -> Iterator[ModuleType]:
    """Import a module of the desk into this process, and work in its folder for a block.

    No accelerator is left behind, whatever happens.
    """
    sys.path.insert(0, str(desk.folder))
    try:
        with contextlib.chdir(desk.folder):
            yield importlib.import_module(name)
    finally:
        sys.path.remove(str(desk.folder))
        for module in ("train", "witness"):
            sys.modules.pop(module, None)
        AcceleratorState._reset_state(reset_partial_state=True)
        GradientState._reset_state()


@pytest.fixture(scope="module")
def alone(desk: Desk) -> Seen:
    """What the only process sees, with batches of 8."""
    with inside(desk, "witness") as witness:
        witness.main(settings("alone"))
    return desk.seen("alone", 0)


@pytest.fixture(scope="module")
def pair(desk: Desk) -> list[Seen]:
    """What each of two processes sees, with batches of 4."""
    desk.finish(desk.start(*TWO, "witness.py", *settings("pair", "--batch-size", "4")))
    return [desk.seen("pair", rank) for rank in (0, 1)]


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Return whether two sets of weights are the same to the last bit."""
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_two_processes_really_run(pair: list[Seen]) -> None:
    assert [seen["processes"] for seen in pair] == [2, 2]


def test_each_process_trains_on_rows_of_its_own(pair: list[Seen], alone: Seen) -> None:
    shares = [set(map(tuple, seen["trained"])) for seen in pair]
    assert [len(seen["trained"]) for seen in pair] == [48, 48]
    assert not shares[0] & shares[1]
    assert shares[0] | shares[1] == set(map(tuple, alone["trained"]))
    first_batch = set(map(tuple, alone["trained"][:8]))
    assert {tuple(row) for seen in pair for row in seen["trained"][:4]} == first_batch


def test_each_validation_row_is_counted_once(pair: list[Seen], alone: Seen) -> None:
    assert not set(pair[0]["own"]) & set(pair[1]["own"])
    for seen in (*pair, alone):
        assert len(seen["rows"]) == len(set(seen["rows"])) == 408
        assert seen["rows"] == alone["rows"]


def test_the_copies_stay_equal_and_move(pair: list[Seen], desk: Desk) -> None:
    begun = BertForSequenceClassification.from_pretrained(desk.folder / "small").state_dict()
    assert equal(pair[0]["weights"], pair[1]["weights"])
    assert not equal(pair[0]["weights"], begun)


def test_twice_four_rows_train_as_eight_do(pair: list[Seen], alone: Seen) -> None:
    assert pair[0]["loss"] == pair[1]["loss"] == pytest.approx(alone["loss"], abs=1e-3)
    assert pair[0]["rate"] == alone["rate"] == pytest.approx(0, abs=1e-9)


def test_accumulated_pieces_train_as_the_whole_batch_does(desk: Desk, alone: Seen) -> None:
    with inside(desk, "witness") as witness:
        witness.main(settings("pieces", "--batch-size", "4", "--accumulate", "2"))
    pieces = desk.seen("pieces", 0)
    assert pieces["loss"] == pytest.approx(alone["loss"], abs=1e-3)
    assert pieces["rate"] == pytest.approx(0, abs=1e-9)


def test_bf16_can_be_asked_of_a_processor(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    with inside(desk) as train:
        train.training_function(train.arguments(settings("half", "--precision", "bf16")))
    told = dict(re.findall(r"^([\w ]+): (.+)$", capsys.readouterr().out, re.MULTILINE))
    assert (told["precision"], told["examples"]) == ("bf16", "408")
    assert 0 < float(told["loss"]) < 5


def test_on_a_tpu_all_batches_have_one_shape(desk: Desk) -> None:
    """A stand-in for the accelerator says TPU; the loaders are made, nothing runs on one."""

    class Tpu:
        distributed_type = DistributedType.XLA
        local_main_process_first = contextlib.nullcontext

    with inside(desk) as train:
        args = train.arguments(settings("tpu"))
        tokenizer = AutoTokenizer.from_pretrained(args.checkpoint)
        loaders = train.make_loaders(args, Tpu, tokenizer)
        lengths = {batch["input_ids"].shape[1] for loader in loaders for batch in loader}
        assert lengths == {train.LONGEST}


def test_two_machines_meet_and_train_as_one(desk: Desk, pair: list[Seen]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    meeting = ["--num_machines", "2", "--main_process_ip", "127.0.0.1"]
    words = [*TWO[:3], *meeting, "--main_process_port", port]
    training = settings("machines", "--batch-size", "4")
    started = [
        desk.start(*words, "--machine_rank", rank, "witness.py", *training) for rank in "10"
    ]
    for process in started:
        desk.finish(process)
    machines = [desk.seen("machines", rank) for rank in (0, 1)]
    assert [seen["processes"] for seen in machines] == [2, 2]
    assert machines[0]["rows"] == pair[0]["rows"]
    assert equal(machines[0]["weights"], machines[1]["weights"])
    assert equal(machines[0]["weights"], pair[0]["weights"])


def test_metrics_of_two_processes_equal_those_of_one(desk: Desk, pair: list[Seen]) -> None:
    with inside(desk) as train:
        args = train.arguments(settings("again", "--batch-size", "4"))
        accelerator = train.make_accelerator(args)
        tokenizer = AutoTokenizer.from_pretrained(args.checkpoint)
        model = BertForSequenceClassification.from_pretrained(args.checkpoint)
        model.load_state_dict(pair[0]["weights"])
        loader = accelerator.prepare(train.make_loaders(args, accelerator, tokenizer)[1])
        rows, predictions, labels = train.predict(accelerator, model, loader)
        accuracy, f1 = train.scores(predictions, labels)
    assert set(predictions) == {0, 1}
    for seen in pair:
        assert (seen["rows"], seen["predictions"]) == (rows, predictions)
        assert seen["labels"] == labels
    wanted = evaluate.load("glue", "mrpc").compute(predictions=predictions, references=labels)
    assert accuracy == wanted["accuracy"]
    assert f1 == pytest.approx(wanted["f1"], abs=1e-12)


def test_the_obvious_flags_run_one_process(desk: Desk) -> None:
    silent = desk.finish(desk.start("--cpu", "--num_processes", "2", "who.py"))
    assert re.findall("rank .*", silent) == ["rank 0 of 1"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="with a GPU the processes would meet on it")
def test_processes_that_do_not_meet_refuse(desk: Desk) -> None:
    words = [word for word in settings("strangers") if word != "--cpu"]
    process = desk.start(*TWO, "train.py", *words)
    process.wait(SECONDS)
    assert process.returncode != 0
    assert "2 processes were started, but this one sees 1" in desk.printed(process)
    assert not (desk.folder / "strangers").exists()


def test_a_kept_state_is_gone_on_from(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch, an interrupt, and the second epoch end where two epochs at once end."""
    words = settings("resumed", "--epochs", "2", "--state", "kept")
    with inside(desk) as train:
        once, calls = train.train_epoch, iter([False, True])

        def interrupted(*things: object) -> float:
            if next(calls):
                raise KeyboardInterrupt
            return float(once(*things))

        monkeypatch.setattr(train, "train_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train.training_function(train.arguments(words))
    assert (desk.folder / "kept/epochs.txt").read_text(encoding="utf-8") == "1"
    assert not (desk.folder / "resumed").exists()
    for run in (words, settings("straight", "--epochs", "2")):
        with inside(desk) as train:
            train.training_function(train.arguments(run))
    names = ("resumed", "straight")
    ends = [(desk.folder / name / "model.safetensors").read_bytes() for name in names]
    assert ends[0] == ends[1]


def runs(process: psutil.Process, seconds: float) -> bool:
    """Tell whether a process still runs after some time; a zombie has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.skipif(os.name != "posix", reason="interrupts as POSIX has them")
def test_an_interrupted_cell_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import pathlib, time\npathlib.Path('up').touch()\ntime.sleep(600)\n", encoding="utf-8"
    )
    cell = "import os, shlex, subprocess, sys\nimport psutil\n\n"
    cell += functions(NOTEBOOK, "start", "stop", "finish")
    cell += "\n\nfinish(start('accelerate launch --num_processes 1 slow.py'))\n"
    kernel = spawn([sys.executable, "-c", cell], folder=tmp_path, output=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "up").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        family = psutil.Process(kernel.pid).children(recursive=True)
        assert len(family) == 2, "a launcher and its script"
        kernel.send_signal(signal.SIGINT)
        kernel.wait(30)
        assert [process for process in family if runs(process, 10)] == []
    finally:
        stop(kernel)
