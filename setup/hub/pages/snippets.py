"""*Use this model*: the few lines that load a repository, for each library that can. Pure."""

from dataclasses import dataclass
from typing import Any

from setup.hub.names import Kind, RepoId

_CLASSES = {
    "text-classification": "AutoModelForSequenceClassification",
    "zero-shot-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "fill-mask": "AutoModelForMaskedLM",
    "text-generation": "AutoModelForCausalLM",
    "summarization": "AutoModelForSeq2SeqLM",
    "translation": "AutoModelForSeq2SeqLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
}
# Tasks that transformers has a pipeline for; for others the Auto classes are shown alone.
_PIPELINES = frozenset({
    "text-classification", "zero-shot-classification", "token-classification", "fill-mask",
    "text-generation", "feature-extraction", "document-question-answering",
    "image-classification", "automatic-speech-recognition",
})  # fmt: skip


@dataclass(frozen=True)
class Snippet:
    """A title, what one needs to know first, and lines to copy."""

    title: str
    note: str
    code: str
    language: str = "python"


def snippets(repo: RepoId, record: dict[str, Any], endpoint: str) -> list[Snippet]:
    """Give the ways to use a repository, the most direct first."""
    found = []
    if repo.kind is Kind.MODEL and _is_for_transformers(record):
        found = _transformers(repo, record)
    elif repo.kind is Kind.DATASET:
        code = f'from datasets import load_dataset\n\ndataset = load_dataset("{repo}")'
        found.append(Snippet("With datasets", "", code))
    kind = "" if repo.kind is Kind.MODEL else f" --repo-type {repo.kind}"
    found.append(
        Snippet("Download all files", "", f"hf download {repo}{kind}", "bash"),
    )
    clone = f"git lfs install\ngit clone {endpoint}/{repo.kind.prefix}{repo}"
    return [*found, Snippet("Clone with git", "Large files come through git-lfs.", clone, "bash")]


def _is_for_transformers(record: dict[str, Any]) -> bool:
    library = record.get("library_name")
    return library == "transformers" or "model_type" in record.get("config", {})


def _transformers(repo: RepoId, record: dict[str, Any]) -> list[Snippet]:
    task = record.get("pipeline_tag")
    found = []
    if task in _PIPELINES:
        code = f'from transformers import pipeline\n\npipe = pipeline("{task}", model="{repo}")'
        found.append(Snippet("With a pipeline", "", code))
    name = _CLASSES.get(str(task), "AutoModel")
    code = (
        f"from transformers import AutoTokenizer, {name}\n\n"
        f'tokenizer = AutoTokenizer.from_pretrained("{repo}")\n'
        f'model = {name}.from_pretrained("{repo}")'
    )
    return [*found, Snippet("Tokenizer and model", "", code)]
