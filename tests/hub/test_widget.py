"""The widget: its forms, its answers, who may use it, and what it withstands."""

import html
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import psutil
import pytest
from safetensors.numpy import save_file
from starlette.testclient import TestClient

from setup.hub import application, questions
from setup.hub.accounts import COOKIE
from setup.hub.addresses import Place
from setup.hub.checkouts import Checkouts
from setup.hub.names import Kind, RepoId
from setup.hub.seeds import AUTHOR, Planter
from setup.hub.store import Store
from setup.hub.widget import MODULE, Widget
from setup.hub.workers import Limits, Worker
from tests.hub.conftest import MODEL, WORDS, ready_url, start, tiny_bert, write
from tests.hub.test_workers import running, until

TEXT = {"text": "this film is good !"}
ROUGH = Limits(seconds=40, memory=2 << 30, waiting=3)


def model(root: Path, name: str, config: dict[str, object] | None = None, card: str = "") -> Path:
    """Write a seed like the tiny classifier, with some settings changed."""
    folder = root / "models/acme" / name
    folder.mkdir(parents=True)
    tiny_bert(folder)
    settings = json.loads((folder / "config.json").read_text()) | (config or {})
    write(folder, {"config.json": json.dumps(settings)})
    if card:
        write(folder, {"README.md": card})
    return folder


def plant_hostile(root: Path) -> None:
    """Models that a stranger could publish."""
    trap = root / "trap"
    code = f"import pathlib\npathlib.Path({str(trap)!r}).write_text('sprung')\n"
    auto = {"AutoModelForSequenceClassification": "modeling_own.OwnModel",
            "AutoConfig": "modeling_own.OwnConfig"}  # fmt: skip
    own = model(root, "own-code", {"auto_map": auto, "model_type": "own"})
    write(own, {"modeling_own.py": code})
    pickled = model(root, "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    huge = model(root, "huge", {"hidden_size": 60_000, "num_attention_heads": 2})
    zeros = np.zeros(2, np.float32)
    save_file({"classifier.bias": zeros}, huge / "model.safetensors", {"format": "pt"})
    broken = model(root, "broken")
    write(broken, {"model.safetensors": b"not a tensor"})
    nan = model(root, "nan")
    head = {"classifier.bias": np.array([np.nan, np.nan], np.float32)}
    save_file(head, nan / "model.safetensors", {"format": "pt"})
    labels = {"0": "<script>alert(1)</script>", "1": "</table>"}
    model(root, "labels", {"id2label": labels})
    write(root / "models/acme/bare", {"README.md": "---\npipeline_tag: fill-mask\n---\n"})
    write(root / "datasets/acme/try", {"README.md": "# A dataset of tries"})
    write(root / "models/acme/picture", {"README.md": "---\npipeline_tag: text-to-image\n---\n"})


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    root = tmp_path_factory.mktemp("seeds")
    tiny_bert(root / "models" / MODEL)
    plant_hostile(root)
    example = "---\npipeline_tag: text-classification\nwidget:\n- text: A good film\n---\n"
    model(root, "example", card=example)
    store = Store(tmp_path_factory.mktemp("state"))
    problems: list[str] = []
    Planter(store, problems.append).plant(root)
    assert not [line for line in problems if "left out" in line]
    yield store
    assert not (root / "trap").exists()
    store.close()


@pytest.fixture(scope="module")
def pages(planted: Store) -> Iterator[TestClient]:
    app = application.create(planted)
    app.state.widget.worker = Worker(MODULE, ROUGH, planted.root / "widget")
    yield TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    application.close(app)


@pytest.fixture
def widget(pages: TestClient) -> Widget:
    found = pages.app.state.widget  # type: ignore[attr-defined]
    assert isinstance(found, Widget)
    return found


def problem(page: str) -> str:
    found = re.search(r'role="alert">(.*?)</p>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def data(page: str) -> object:
    """Give the answer that stands in a page as data."""
    found = re.search(r"<pre><code>(.*?)</code>", page, re.DOTALL)
    assert found is not None, problem(page)
    return json.loads(html.unescape(found[1]))


def tried(pages: TestClient, name: str, sent: dict[str, str] = TEXT) -> str:
    return pages.post(f"/acme/{name}/try", data=sent).text


def test_a_models_page_has_the_form(pages: TestClient) -> None:
    page = pages.get(f"/{MODEL}/try").text
    assert f'action="/{MODEL}/try#try"' in page
    assert "I like this course." in page


def test_the_cards_own_example_fills_the_form(pages: TestClient) -> None:
    assert "A good film</textarea>" in pages.get("/acme/example/try").text


def test_the_answer_has_labels_and_scores(pages: TestClient) -> None:
    page = tried(pages, "tiny-bert")
    assert "this film is good !</textarea>" in page
    found = data(page)
    assert isinstance(found, list)
    assert [item["label"] for item in found] == ["POSITIVE", "NEGATIVE"]
    assert '<meter min="0" max="1" value="0.99' in page


def test_the_second_answer_comes_from_the_same_process(pages: TestClient, widget: Widget) -> None:
    tried(pages, "tiny-bert")
    before = widget.worker.pid
    tried(pages, "tiny-bert", {"text": "a bad film"})
    assert before is not None
    assert widget.worker.pid == before


def test_a_worker_that_was_killed_is_replaced(pages: TestClient, widget: Widget) -> None:
    tried(pages, "tiny-bert")
    before = widget.worker.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert isinstance(data(tried(pages, "tiny-bert")), list)
    assert widget.worker.pid != before


def test_a_new_commit_is_what_is_tried(pages: TestClient, planted: Store, tmp_path: Path) -> None:
    tiny_bert(tmp_path)
    names = {"id2label": {"0": "BAD", "1": "GOOD"}}
    settings = json.loads((tmp_path / "config.json").read_text()) | names
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    files |= {"config.json": json.dumps(settings).encode()}
    repo = RepoId(Kind.MODEL, "acme", "changing")
    with planted.new(repo) as repository:
        repository.write("main", files, "First", AUTHOR)
    assert "GOOD" in tried(pages, "changing")
    files |= {"config.json": json.dumps(settings | {"id2label": {"0": "x", "1": "y"}}).encode()}
    planted.open(repo).write("main", files, "Second", AUTHOR)
    assert "GOOD" not in tried(pages, "changing")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("own-code", "custom code"),
        ("pickled", "no weights here in the safetensors format"),
        ("huge", "memory"),
        ("broken", "SafetensorError"),
        ("bare", "There is no config.json"),
    ],
)
def test_a_strangers_model_does_no_harm(pages: TestClient, name: str, reason: str) -> None:
    answer = pages.post(f"/acme/{name}/try", data={"text": "a [MASK] <mask> film"})
    assert answer.status_code == 422
    assert reason in problem(answer.text)
    assert isinstance(data(tried(pages, "tiny-bert")), list)


def test_an_error_names_no_folder_of_the_machine(pages: TestClient, planted: Store) -> None:
    for name in ("own-code", "broken", "huge"):
        assert str(planted.root) not in tried(pages, name)


def test_scores_that_are_no_numbers_are_shown_as_nothing(pages: TestClient) -> None:
    page = tried(pages, "nan")
    assert 'value="0.0000"' in page
    assert 'value="nan"' not in page


def test_labels_are_escaped(pages: TestClient) -> None:
    page = tried(pages, "labels")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        ({"text": "  "}, 400, "write something first"),
        ({"other": "x"}, 400, "write something first"),
        ({"text": "x" * 5001}, 400, "at most 5000 characters"),
        ({"text": "good " * 900}, 200, ""),
        ({"text": "\x00\x1b[31m \u202e good"}, 200, ""),
        ({"text": "🙂" * 2000}, 200, ""),
    ],
)
def test_what_is_sent_is_checked(
    pages: TestClient, sent: dict[str, str], status: int, reason: str
) -> None:
    answer = pages.post("/acme/tiny-bert/try", data=sent)
    assert answer.status_code == status
    assert reason in problem(answer.text)


@pytest.mark.parametrize(
    ("body", "status"), [(b"\xff=1", 400), (b"text=" + b"x" * 70_000, 413), (b"%zz", 400)]
)
def test_a_body_that_is_no_form_is_refused(pages: TestClient, body: bytes, status: int) -> None:
    assert pages.post("/acme/tiny-bert/try", content=body).status_code == status


def test_another_sites_form_is_refused(pages: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = pages.post("/acme/tiny-bert/try", data=TEXT, headers=headers)
    assert answer.status_code == 403


def test_a_model_without_a_known_task_has_no_widget(pages: TestClient) -> None:
    assert pages.get("/acme/picture/try").status_code == 422
    assert pages.post("/acme/picture/try", data=TEXT).status_code == 422
    assert pages.get("/acme/gone/try").status_code == 404


def test_a_repository_may_be_called_try(pages: TestClient) -> None:
    assert "A dataset of tries" in pages.get("/datasets/acme/try").text
    assert pages.get("/datasets/acme/try/viewer").status_code == 200
    assert pages.post("/datasets/acme/try", data=TEXT).status_code in (404, 405)


def test_a_private_model_is_tried_by_its_owner_alone(pages: TestClient, planted: Store) -> None:
    accounts = pages.app.state.accounts  # type: ignore[attr-defined]
    owner = {"Authorization": f"Bearer {accounts.issue('acme', 'own')}"}
    other = {"Authorization": f"Bearer {accounts.issue('someone', 'own')}"}
    repo = RepoId(Kind.MODEL, "acme", "example")
    planted.set_private(repo, True)
    try:
        for headers, status in ((owner, 200), (other, 404), ({}, 404)):
            assert pages.get("/acme/example/try", headers=headers).status_code == status
            sent = pages.post("/acme/example/try", data=TEXT, headers=headers)
            assert sent.status_code == status
    finally:
        planted.set_private(repo, False)


def test_in_a_classroom_only_those_signed_in_may_try(pages: TestClient, widget: Widget) -> None:
    accounts = pages.app.state.accounts  # type: ignore[attr-defined]
    widget.guests = False
    try:
        assert "Sign in to try" in pages.get("/acme/tiny-bert/try").text
        assert pages.post("/acme/tiny-bert/try", data=TEXT).status_code == 401
        session = accounts.start_session(accounts.issue("acme", "pages"))
        cookie = {"Cookie": f"{COOKIE}={session}"}
        without_key = pages.post("/acme/tiny-bert/try", data=TEXT, headers=cookie)
        assert without_key.status_code == 403
        sent = TEXT | {"form_key": accounts.form_key(session)}
        assert pages.post("/acme/tiny-bert/try", data=sent, headers=cookie).status_code == 200
    finally:
        widget.guests = True


def test_an_instructor_can_switch_it_off(pages: TestClient, widget: Widget) -> None:
    widget.enabled = False
    try:
        assert 'id="try"' not in pages.get("/acme/tiny-bert").text
        assert pages.post("/acme/tiny-bert/try", data=TEXT).status_code == 422
    finally:
        widget.enabled = True


def test_a_slow_model_is_stopped_and_the_page_says_so(
    pages: TestClient, widget: Widget, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The worker sleeps over every question: whether a model does cannot be told from outside."""
    slow = Worker("tests.hub.sleepy_worker", Limits(seconds=2, memory=1 << 30), tmp_path)
    monkeypatch.setattr(widget, "worker", slow)
    answer = pages.post("/acme/tiny-bert/try", data=TEXT)
    assert answer.status_code == 504
    assert "longer than 2 seconds" in problem(answer.text)
    assert until(lambda: slow.pid is None)
    slow.close()


def test_many_at_once_are_answered_or_told_to_wait(pages: TestClient, widget: Widget) -> None:
    tried(pages, "tiny-bert")
    answers: list[tuple[int, str]] = []

    def one() -> None:
        answer = pages.post("/acme/tiny-bert/try", data=TEXT)
        answers.append((answer.status_code, answer.headers.get("Retry-After", "")))

    threads = [threading.Thread(target=one) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 30
    assert set(answers) <= {(200, ""), (503, "5")}
    assert answers.count((200, "")) >= ROUGH.waiting


def test_checkouts_hold_data_only_and_not_for_ever(
    planted: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setup.hub.checkouts.KEPT", 1)
    checkouts = Checkouts(tmp_path / "checkouts")
    folders = []
    for name in ("own-code", "example"):
        repo = RepoId(Kind.MODEL, "acme", name)
        where = Place(planted, repo, planted.open(repo))
        folders.append(checkouts.folder(where, where.repository.resolve("main")))
        if name == "own-code":
            assert not list(folders[0].glob("*.py"))
            assert (folders[0] / "vocab.txt").read_text() == "\n".join(WORDS)
    assert [folder.exists() for folder in folders] == [False, True]
    checkouts.clear()
    assert not checkouts.root.exists()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("answered", [True, False])
def test_the_worker_ends_with_the_hub(
    seeds: Path, tmp_path: Path, end: signal.Signals, answered: bool
) -> None:
    """Also in the middle of an answer, for which nobody can wait any more."""
    statuses: list[int] = []
    with (tmp_path / "log.txt").open("w") as log:
        process = start(seeds, tmp_path / "state", log=log)
        address = f"{ready_url(process)}/{MODEL}/try"
        asking = threading.Thread(target=lambda: statuses.append(post(address)))
        asking.start()
        family = psutil.Process(process.pid).children
        assert until(family)
        if answered:
            asking.join(60)
        workers = family(recursive=True)
        process.send_signal(end)
        process.communicate(timeout=20)
        asking.join(60)
    assert statuses == ([200] if answered else [0])
    assert until(lambda: not any(running(worker.pid) for worker in workers))
    assert "Traceback" not in (tmp_path / "log.txt").read_text()


@pytest.mark.parametrize(
    ("options", "status"), [(["--no-widget"], 422), (["--host", "0.0.0.0"], 401)]
)
def test_the_command_says_who_may_try(
    seeds: Path, tmp_path: Path, options: list[str], status: int
) -> None:
    """Where others can reach the Hub, guests may not; ``--no-widget`` lets nobody."""
    with (tmp_path / "log.txt").open("w") as log:
        process = start(seeds, tmp_path / "state", *options, log=log)
        assert process.stdout is not None
        port = process.stdout.readline().strip().rpartition(":")[2]
        found = post(f"http://127.0.0.1:{port}/{MODEL}/try")
        process.terminate()
        process.communicate(timeout=20)
    assert found == status


def post(address: str) -> int:
    """Ask a Hub; gives the status, or 0 when it hung up."""
    try:
        return int(httpx2.post(address, data=TEXT, timeout=60).status_code)
    except httpx2.HTTPError:
        return 0


def test_every_task_has_a_form_that_its_own_examples_pass() -> None:
    for task, about in questions.TASKS.items():
        fields = questions.fields(task, {}, {"model_type": "bert"})
        assert [item.name for item in fields] == [item.name for item in about.fields]
        asked = questions.question(task, {item.name: item.value for item in fields})
        assert asked["task"] == task
