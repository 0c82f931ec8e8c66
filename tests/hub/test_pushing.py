"""push_to_hub of every library of the course, and cards, against a live Hub."""

import json
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from tests.hub.conftest import MODEL, Live
from tests.hub.writing import content, files, titles


def run(hub: Live, home: Path, code: str) -> Any:  # noqa: ANN401 - whatever the code prints
    """Run code as the learner; gives the JSON of its last line."""
    return json.loads(hub.python(code, home, token=hub.token).splitlines()[-1])


def as_learner(hub: Live) -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.token)


PARTS = f"""
import json
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, pipeline
model = AutoModelForSequenceClassification.from_pretrained("{MODEL}")
tokenizer = AutoTokenizer.from_pretrained("{MODEL}")
made = model.push_to_hub("dummy-model", commit_message="the model")
tokenizer.push_to_hub("dummy-model", commit_message="the tokenizer")
AutoConfig.from_pretrained("{MODEL}", num_labels=3).push_to_hub("learner/dummy-config")
classify = pipeline("text-classification", "learner/dummy-model")
classify.push_to_hub("our-class/dummy-pipeline", private=True)
again = pipeline("text-classification", "our-class/dummy-pipeline")
same = again("a good film !") == classify("a good film !")
labels = AutoConfig.from_pretrained("learner/dummy-config").num_labels
print(json.dumps([same, labels, made.repo_url.repo_id]))
"""


def test_models_tokenizers_configurations_and_pipelines(writable: Live, tmp_path: Path) -> None:
    assert run(writable, tmp_path, PARTS) == [True, 3, "learner/dummy-model"]
    api = as_learner(writable)
    assert titles(api, "learner/dummy-model")[:2] == ["the tokenizer", "the model"]
    assert {"model.safetensors", "tokenizer.json"} < files(api, "learner/dummy-model")
    assert "config.json" in files(api, "learner/dummy-config")
    info = api.model_info("our-class/dummy-pipeline", files_metadata=True)
    assert info.private
    large = [item.rfilename for item in info.siblings or [] if item.lfs]
    assert large == ["model.safetensors"]


DATASETS = """
import json
from datasets import Dataset, DatasetDict, load_dataset
rows = Dataset.from_dict({"text": [f"row {n}" for n in range(30)], "label": [0, 1, 2] * 10})
rows.train_test_split(test_size=10, shuffle=False).push_to_hub("learner/rows")
rows.select(range(5)).push_to_hub("learner/rows", "small", split="few", private=True)
whole, small = load_dataset("learner/rows"), load_dataset("learner/rows", "small")
extra = rows.select(range(2))
extra.push_to_hub("learner/rows", split="test", commit_message="two rows", revision="main")
first = next(iter(load_dataset("learner/rows", split="test", streaming=True)))
newer = load_dataset("learner/rows", download_mode="force_redownload").num_rows
print(json.dumps([whole.num_rows, small.num_rows, newer, first, whole["train"][19]]))
"""


def test_datasets_come_back_as_they_went(writable: Live, tmp_path: Path) -> None:
    whole, small, newer, first, last = run(writable, tmp_path, DATASETS)
    assert (whole, small) == ({"train": 20, "test": 10}, {"few": 5})
    assert newer == {"train": 20, "test": 2}
    assert first == {"text": "row 0", "label": 0}
    assert last == {"text": "row 19", "label": 1}
    info = as_learner(writable).dataset_info("learner/rows")
    assert info.card_data is not None
    assert [config["config_name"] for config in info.card_data["configs"]] == ["default", "small"]
    parquet = [item.rfilename for item in info.siblings or [] if ".parquet" in item.rfilename]
    assert sorted(name.partition("-")[0] for name in parquet) == [
        "data/test", "data/train", "small/few",
    ]  # fmt: skip


TRAINING = f"""
import json
from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments,
    set_seed,
)
class Waiting(TrainerCallback):
    def on_save(self, *words, **options):
        trainer.push_in_progress and trainer.push_in_progress.wait_until_done()
set_seed(0)
# A push that waits for its turn sends the folder as it is then: without waiting, two can be one.
tokenizer = AutoTokenizer.from_pretrained("{MODEL}")
rows = Dataset.from_dict({{"text": ["good film", "bad film"] * 8, "label": [1, 0] * 8}})
rows = rows.map(lambda row: tokenizer(row["text"]))
arguments = TrainingArguments(
    "tiny-finetuned", num_train_epochs=3, per_device_train_batch_size=8, save_strategy="epoch",
    eval_strategy="epoch", push_to_hub=True, hub_strategy="STRATEGY", report_to="none",
    disable_tqdm=True, use_cpu=True, HUB_ID
)
model = AutoModelForSequenceClassification.from_pretrained("{MODEL}")
trainer = Trainer(
    model, arguments, train_dataset=rows, eval_dataset=rows, processing_class=tokenizer,
    callbacks=[Waiting()],
)
trainer.train()
made = trainer.push_to_hub(commit_message="the end", dataset="tiny rows", tags=["course"])
print(json.dumps([made.oid, trainer.hub_model_id]))
"""


def trained(hub: Live, home: Path, strategy: str, name: str = "") -> tuple[str, str]:
    code = TRAINING.replace("STRATEGY", strategy)
    oid, repo = run(hub, home, code.replace("HUB_ID", f"hub_model_id={name!r}" if name else ""))
    return oid, repo


def test_the_trainer_pushes_at_every_save(writable: Live, tmp_path: Path) -> None:
    oid, repo = trained(writable, tmp_path, "every_save")
    api = as_learner(writable)
    assert (repo, api.model_info(repo).sha) == ("learner/tiny-finetuned", oid)
    said = titles(api, repo)
    assert (said[0], said[-1]) == ("the end", "initial commit")
    background = [title for title in said if title.startswith("Training in progress, epoch")]
    assert background == [f"Training in progress, epoch {number}" for number in (3, 2, 1)]
    assert {"README.md", "model.safetensors", "training_args.bin"} < files(api, repo)
    weights = {
        content(api, repo, "model.safetensors", commit.commit_id)
        for commit in api.list_repo_commits(repo)
        if commit.title in background
    }
    assert len(weights) == 3


def test_the_trainers_card_is_read(writable: Live, tmp_path: Path) -> None:
    _, repo = trained(writable, tmp_path, "end", "our-class/other-name")
    api = as_learner(writable)
    card = content(api, repo, "README.md").decode()
    assert "learning_rate: 5e-05" in card
    assert "| Training Loss | Epoch | Step | Validation Loss |" in card
    info = api.model_info(repo)
    assert (repo, info.pipeline_tag) == ("our-class/other-name", "text-classification")
    assert {"course", "generated_from_trainer"} <= set(info.tags or [])
    assert [model.id for model in api.list_models(author="our-class", filter="course")] == [repo]


def test_checkpoints_are_pushed_to_go_on_from(writable: Live, tmp_path: Path) -> None:
    _, repo = trained(writable, tmp_path, "all_checkpoints", "every-checkpoint")
    found = files(as_learner(writable), repo)
    assert {path.partition("/")[0] for path in found if path.startswith("checkpoint-")} == {
        "checkpoint-2", "checkpoint-4", "checkpoint-6",
    }  # fmt: skip


CARDS = """
import json
from huggingface_hub import (
    EvalResult, ModelCard, ModelCardData, create_repo, metadata_load, metadata_update, model_info,
)
repo = create_repo("carded").repo_id
result = EvalResult(
    task_type="text-classification", dataset_type="acme/reviews", dataset_name="Reviews",
    metric_type="accuracy", metric_value=0.9,
)
data = ModelCardData(
    language="en", license="mit", tags=["course"], model_name="carded", eval_results=[result],
    base_model="acme/tiny-bert", datasets=["acme/reviews"],
)
card = ModelCard.from_template(data, model_id="carded", model_description="Small.")
card.validate()
card.push_to_hub(repo, commit_message="the card")
metadata_update(repo, {"license": "apache-2.0"}, overwrite=True)
metadata_update(repo, {"pipeline_tag": "text-classification"})
wrong = []
bad = ModelCard.load(repo)
bad.data.license = "no such license"
bad.data.language = ["english language"]
for call in (bad.validate, lambda: bad.push_to_hub(repo)):
    try:
        call()
    except ValueError as error:
        wrong.append(str(error))
info = model_info(repo)
value = info.card_data.eval_results[0].metric_value
again = ModelCard.load(repo)
print(json.dumps([info.tags, info.pipeline_tag, value, again.data.license, wrong]))
"""


def test_cards_are_validated_and_pushed(writable: Live, tmp_path: Path) -> None:
    tags, task, value, license_name, wrong = run(writable, tmp_path, CARDS)
    assert {"license:apache-2.0", "en", "course", "dataset:acme/reviews"} <= set(tags)
    assert "base_model:acme/tiny-bert" in tags
    assert (task, value, license_name) == ("text-classification", 0.9, "apache-2.0")
    assert len(wrong) == 2
    assert all("must be one of [" in told and "apache-2.0" in told for told in wrong)
    assert all("must be a code of ISO 639" in told for told in wrong)
    said = titles(as_learner(writable), "learner/carded")
    assert said[2:] == ["the card", "initial commit"]
    assert len(said) == 4


def test_a_card_that_cannot_be_read_is_refused_everywhere(writable: Live, tmp_path: Path) -> None:
    code = """
import json
from huggingface_hub import create_repo, upload_file
repo, told = create_repo("spoilt").repo_id, ""
try:
    upload_file(path_or_fileobj=b"---\\ntags: [\\n---\\n", path_in_repo="README.md", repo_id=repo)
except Exception as error:
    told = str(error)
print(json.dumps(told))
"""
    assert "YAML" in run(writable, tmp_path, code)
    assert files(as_learner(writable), "learner/spoilt") == set()
