"""The widget's answers against the library's own, with the checkpoints of the classroom."""

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from starlette.testclient import TestClient
from transformers import (
    AutoModel,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    pipeline,
    set_seed,
)

from setup.hub import application, questions
from setup.hub.names import Kind
from setup.hub.seeds import Planter
from setup.hub.store import Store
from tests.hub.conftest import ROOT

TOLERANCE = 1e-4
WORDS = "word " * 900  # more than any model of the classroom reads
SENTENCE = "My name is Sylvain and I work at Hugging Face in Brooklyn."
PASSAGE = (
    "A heavy storm crossed the coast on Monday night. It tore the roofs off forty houses and cut "
    "the electricity of nine villages. Nobody was hurt, because the harbour office had warned "
    "everyone two hours before. Repairs will take until Friday, the mayor said."
)
Run = Callable[[Path], Any]


def library(task: str, text: str, **options: Any) -> Run:  # noqa: ANN401, any option
    """Ask the pipeline of a task, as a notebook does."""
    make: Any = pipeline
    return lambda folder: make(task, model=str(folder), device="cpu")(text, **options)


def seeded(folder: Path) -> Any:  # noqa: ANN401
    set_seed(7)
    return library("text-generation", "In this course,", max_new_tokens=40)(folder)


def answered(folder: Path) -> Any:  # noqa: ANN401
    """Chapter 1's way: the most probable span, tried one by one."""
    question, context = "Where do I work?", SENTENCE
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForQuestionAnswering.from_pretrained(folder)
    inputs = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
    offsets = inputs.pop("offset_mapping")[0].tolist()
    inside = [at for at, part in enumerate(inputs.sequence_ids(0)) if part == 1]
    with torch.no_grad():
        outputs = network(**inputs)
    start, end = (
        {at: float(value) for at, value in zip(inside, logits[0][inside].softmax(-1), strict=True)}
        for logits in (outputs.start_logits, outputs.end_logits)
    )
    score, first, last = max((start[a] * end[b], a, b) for a in inside for b in inside if a <= b)
    begin, stop = offsets[first][0], offsets[last][1]
    found: dict[str, Any] = {"score": score, "start": begin, "end": stop}
    return found | {"answer": context[begin:stop]}


def rewritten(key: str, text: str) -> Run:
    def run(folder: Path) -> list[dict[str, str]]:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        network = AutoModelForSeq2SeqLM.from_pretrained(folder)
        ids = network.generate(**tokenizer(text, return_tensors="pt"))
        return [{key: str(tokenizer.decode(ids[0], skip_special_tokens=True))}]

    return run


def compared(folder: Path) -> list[float]:
    """One sentence at a time, so without padding."""
    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    with torch.no_grad():
        means = [
            network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
            for text in ("I am hungry.", "My stomach is empty.", "The train is late.")
        ]
    return [float(torch.cosine_similarity(means[0], other, dim=0)) for other in means[1:]]


LIKED = "I've been waiting for a HuggingFace course my whole life."
COURSE = "This is a course about the Transformers library"
LABELS = ["education", "politics", "business"]
TEXT = "Ce cours est produit par Hugging Face."
GAP = "This course will teach you all about {} models."
CASES: dict[str, tuple[dict[str, str], Run]] = {
    "distilbert/distilbert-base-uncased-finetuned-sst-2-english": (
        {"text": LIKED}, library("text-classification", LIKED, top_k=5)),
    "facebook/bart-large-mnli": (
        {"text": COURSE, "labels": ", ".join(LABELS)},
        library("zero-shot-classification", COURSE, candidate_labels=LABELS)),
    "HuggingFaceTB/SmolLM2-360M": ({"text": "In this course,", "seed": "7"}, seeded),
    "distilbert/distilgpt2": ({"text": "In this course,", "seed": "7"}, seeded),
    "distilbert/distilroberta-base": (
        {"text": GAP.format("<mask>")}, library("fill-mask", GAP.format("<mask>"))),
    "google-bert/bert-base-cased": (
        {"text": GAP.format("[MASK]")}, library("fill-mask", GAP.format("[MASK]"))),
    "dbmdz/bert-large-cased-finetuned-conll03-english": (
        {"text": SENTENCE},
        library("token-classification", SENTENCE, aggregation_strategy="simple")),
    "distilbert/distilbert-base-cased-distilled-squad": (
        {"text": "Where do I work?", "context": SENTENCE}, answered),
    "sshleifer/distilbart-cnn-12-6": ({"text": PASSAGE}, rewritten("summary_text", PASSAGE)),
    "Helsinki-NLP/opus-mt-fr-en": ({"text": TEXT}, rewritten("translation_text", TEXT)),
    "distilbert/distilbert-base-cased": (
        {"text": "I am hungry."}, library("feature-extraction", "I am hungry.")),
    "sentence-transformers/all-MiniLM-L6-v2": (
        {"text": "I am hungry.", "sentences": "My stomach is empty.\nThe train is late."},
        compared),
}  # fmt: skip


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The Hub of the classroom, with all its seeds."""
    store = Store(tmp_path_factory.mktemp("classroom"))
    Planter(store, lambda line: None).plant(ROOT / "data" / "hub")
    app = application.create(store)
    yield TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    application.close(app)
    store.close()


def data(page: str) -> Any:  # noqa: ANN401
    found = re.search(r"<pre><code>(.*?)</code>", page, re.DOTALL)
    assert found is not None, re.findall(r'role="alert">(.*?)</p>', page)
    return json.loads(html.unescape(found[1]).removesuffix(" …"))


def assert_same(ours: Any, theirs: Any) -> None:  # noqa: ANN401
    """Compare two answers; numbers may differ by rounding."""
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            assert_same(ours[key], value)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    elif isinstance(theirs, str | int | None):
        assert ours == theirs
    else:
        assert ours == pytest.approx(float(theirs), abs=TOLERANCE)


def folder_of(classroom: TestClient, model: str) -> Path:
    """Where the worker read the model: a folder of plain files, without the network."""
    app: Any = classroom.app
    commit = classroom.get(f"/api/models/{model}").json()["sha"]
    found = app.state.widget.checkouts.root / commit
    assert isinstance(found, Path)
    return found


@pytest.mark.parametrize("model", CASES)
def test_the_widget_answers_as_the_library_does(classroom: TestClient, model: str) -> None:
    sent, run = CASES[model]
    answer = classroom.post(f"/{model}/try", data=sent)
    assert answer.status_code == 200, re.findall(r'role="alert">(.*?)</p>', answer.text)
    theirs = json.loads(json.dumps(run(folder_of(classroom, model)), default=float))
    if "feature" in classroom.get(f"/api/models/{model}").json()["pipeline_tag"]:
        shape = len(theirs[0]), len(theirs[0][0])
        assert f"{shape[0]} tokens, {shape[1]} numbers each" in answer.text
        assert f"<td>{theirs[0][0][0]:.3f}</td>" in answer.text
        return
    assert_same(data(answer.text), theirs)


def test_every_task_but_one_is_tried_here(classroom: TestClient) -> None:
    listed = {
        item["id"]: item["pipeline_tag"]
        for item in classroom.get("/api/models").json() if item["id"] in CASES
    }
    assert listed.keys() == CASES.keys()
    assert {*questions.TASKS} - {*listed.values()} == {"text2text-generation"}


def filled_in(page: str) -> dict[str, str]:
    """Read the values that a page's form comes with."""
    lines = re.findall(r'<input id="try-[^>]*name="(\w+)"[^>]*value="([^"]*)"', page)
    area = r'<textarea id="try-[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>'
    texts = re.findall(area, page, re.DOTALL)
    return {name: html.unescape(value) for name, value in [*lines, *texts]}


def test_the_other_models_of_the_classroom_answer_their_forms_example(
    classroom: TestClient,
) -> None:
    app: Any = classroom.app
    others = [repo for repo in app.state.store.ids(Kind.MODEL) if str(repo) not in CASES]
    assert others
    for repo in others:
        sent = filled_in(classroom.get(f"/{repo}").text)
        assert "text" in sent, repo
        answer = classroom.post(f"/{repo}/try", data=sent)
        assert answer.status_code == 200, (repo, re.findall(r'alert">(.*?)</p>', answer.text))


@pytest.mark.parametrize(
    ("model", "sent", "reason"),
    [
        ("distilbert/distilroberta-base", {"text": "No gap."}, "mark one word with &lt;mask&gt;"),
        ("distilbert/distilroberta-base", {"text": f"{WORDS} <mask>"}, "after the 512 tokens"),
        ("distilbert/distilgpt2", {"text": WORDS, "seed": "1"}, "shorten the text"),
        ("distilbert/distilgpt2", {"text": "In", "seed": "1.5"}, "not a whole number"),
        (
            "distilbert/distilbert-base-cased-distilled-squad",
            {"text": WORDS, "context": "x"},
            "The question is too long",
        ),
        ("facebook/bart-large-mnli", {"text": "a", "labels": "a,b,c,d,e,f,g,h,i,j,k"}, "not 11"),
    ],
)
def test_what_a_model_cannot_answer_is_told_in_words(
    classroom: TestClient, model: str, sent: dict[str, str], reason: str
) -> None:
    answer = classroom.post(f"/{model}/try", data=sent)
    assert answer.status_code in (400, 422)
    assert reason in answer.text


@pytest.mark.parametrize("model", CASES)
def test_long_texts_are_cut_to_what_the_model_reads(classroom: TestClient, model: str) -> None:
    sent, _ = CASES[model]
    field = "context" if "context" in sent else "text"
    longer = sent | {field: f"{sent[field]} {WORDS}"}
    answer = classroom.post(f"/{model}/try", data=longer)
    assert answer.status_code == (422 if "seed" in sent else 200)
