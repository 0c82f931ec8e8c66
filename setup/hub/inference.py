"""One answer of a model, task by task, as chapter 1 teaches it. Runs in the worker only.

Where the installed ``pipeline`` knows a task, it answers; question answering, summarization and
translation, which it no longer knows, are done with the model itself. Only safetensors weights
are read, and no code of a repository is ever run.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    pipeline,
    set_seed,
)

from setup.hub.desk import Unanswerable

MOST = 5  # labels or fillings shown
NEW_TOKENS = 40  # of a continuation
REWRITTEN = 160  # tokens of a summary or a translation, at most
_POSITIONS = ("max_position_embeddings", "n_positions")
# These count their positions from behind the padding token.
_OFFSET = ("roberta", "camembert", "xlm-roberta", "mpnet", "longformer")
Question = dict[str, Any]
Answer = dict[str, Any]
Run = Callable[[Question], Any]


def load(folder: Path, task: str) -> Run:
    """Read a model for a task; gives the function that answers questions with it."""
    auto, run = _TASKS[task]
    safe = {"trust_remote_code": False, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    model = auto.from_pretrained(folder, use_safetensors=True, **safe).eval()
    tokenizer.model_max_length = min(tokenizer.model_max_length, room(model.config))
    if task not in _PIPELINES:
        return partial(run, model, tokenizer)
    make: Any = pipeline  # its annotations know a task only when it is written out
    return partial(run, make(task, model=model, tokenizer=tokenizer, device="cpu"))


def room(config: Any) -> int:  # noqa: ANN401, every architecture has a class of its own
    """How many tokens a model can read."""
    found = [getattr(config, name, None) for name in _POSITIONS]
    size = min((int(value) for value in found if value), default=512)
    offset = 2 if getattr(config, "model_type", "") in _OFFSET else 0
    return max(size - offset, 1)


def _classify(run: Any, question: Question) -> Any:  # noqa: ANN401
    return run(question["text"], top_k=MOST, truncation=True)


def _zero_shot(run: Any, question: Question) -> Any:  # noqa: ANN401
    return run(question["text"], candidate_labels=question["labels"])


def _fill(run: Any, question: Question) -> Any:  # noqa: ANN401
    mask = run.tokenizer.mask_token
    if not mask or mask not in question["text"]:
        raise Unanswerable(f"The text has no gap: mark one word with {mask}, this model's mask.")
    short = {"truncation": True}
    if run.tokenizer.mask_token_id not in run.tokenizer(question["text"], **short)["input_ids"]:
        most = run.tokenizer.model_max_length
        raise Unanswerable(f"The gap comes after the {most} tokens that this model reads.")
    return run(question["text"], top_k=MOST, tokenizer_kwargs=short)


def _tag(run: Any, question: Question) -> Any:  # noqa: ANN401
    return run(question["text"], aggregation_strategy="simple")


def _continue(run: Any, question: Question) -> Any:  # noqa: ANN401
    read, most = len(run.tokenizer(question["text"])["input_ids"]), room(run.model.config)
    if read + NEW_TOKENS > most:
        raise Unanswerable(
            f"The text has {read} tokens. This model reads {most}, and {NEW_TOKENS} of them are "
            "kept for what it writes: shorten the text."
        )
    set_seed(question["seed"])
    return run(question["text"], max_new_tokens=NEW_TOKENS)


def _features(run: Any, question: Question) -> Any:  # noqa: ANN401
    return run(question["text"], truncation=True)


@torch.no_grad()
def _answer(model: Any, tokenizer: Any, question: Question) -> Answer:  # noqa: ANN401
    """The most probable span of the context."""
    text, most = question["context"], tokenizer.model_max_length
    if len(tokenizer(question["text"])["input_ids"]) > most // 2:
        raise Unanswerable(f"The question is too long: this model reads {most} tokens in all.")
    inputs = tokenizer(
        question["text"],
        text,
        truncation="only_second",
        return_tensors="pt",
        return_offsets_mapping=True,
    )
    offsets = inputs.pop("offset_mapping")[0]
    outside = torch.tensor([part != 1 for part in inputs.sequence_ids(0)])
    outputs = model(**inputs)
    start, end = (
        logits[0].masked_fill(outside, float("-inf")).softmax(-1)
        for logits in (outputs.start_logits, outputs.end_logits)
    )
    spans = torch.triu(start[:, None] * end[None, :])
    first, last = divmod(int(spans.argmax()), len(end))
    begin, stop = int(offsets[first][0]), int(offsets[last][1])
    found = {"score": float(spans.max()), "start": begin, "end": stop}
    return {**found, "answer": text[begin:stop]}


@torch.no_grad()
def _rewrite(key: str, model: Any, tokenizer: Any, question: Question) -> Any:  # noqa: ANN401
    """The text that a sequence-to-sequence model makes of a text."""
    inputs = tokenizer(question["text"], return_tensors="pt", truncation=True)
    set_seed(question.get("seed", 0))
    longest = min(model.generation_config.max_length or REWRITTEN, REWRITTEN)
    ids = model.generate(**inputs, max_length=longest)
    return [{key: text} for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]


@torch.no_grad()
def _compare(model: Any, tokenizer: Any, question: Question) -> list[float]:  # noqa: ANN401
    """The cosine similarity of a sentence with others: means of the tokens' vectors compared."""
    texts = [question["text"], *question["sentences"]]
    inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1)
    means = (hidden * mask).sum(1) / mask.sum(1)
    unit = torch.nn.functional.normalize(means, dim=1)
    return [float(value) for value in unit[1:] @ unit[0]]


_PIPELINES = frozenset({
    "text-classification", "zero-shot-classification", "fill-mask", "token-classification",
    "text-generation", "feature-extraction",
})  # fmt: skip
_TASKS: dict[str, tuple[Any, Callable[..., Any]]] = {
    "text-classification": (AutoModelForSequenceClassification, _classify),
    "zero-shot-classification": (AutoModelForSequenceClassification, _zero_shot),
    "fill-mask": (AutoModelForMaskedLM, _fill),
    "token-classification": (AutoModelForTokenClassification, _tag),
    "text-generation": (AutoModelForCausalLM, _continue),
    "feature-extraction": (AutoModel, _features),
    "sentence-similarity": (AutoModel, _compare),
    "question-answering": (AutoModelForQuestionAnswering, _answer),
    "summarization": (AutoModelForSeq2SeqLM, partial(_rewrite, "summary_text")),
    "translation": (AutoModelForSeq2SeqLM, partial(_rewrite, "translation_text")),
    "text2text-generation": (AutoModelForSeq2SeqLM, partial(_rewrite, "generated_text")),
}
