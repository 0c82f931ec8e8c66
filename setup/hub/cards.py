"""What a repository says of itself: the card's YAML header, the configuration, and the tags that
follow from both. Pure, so that a listing can keep the results by commit."""

import itertools
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from setup.hub import metadata
from setup.hub.errors import BadRequest
from setup.hub.names import Kind

CARD = "README.md"
CONFIG = "config.json"
MAX_HEADER = 256 * 1024  # characters; reading YAML takes about a second then
MAX_VALUES = 20_000  # values in a header, however they are repeated
_CONFIG = ("architectures", "model_type", "auto_map", "quantization_config")
_HEADER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)

# The ending of an architecture's class name -> the task that the Hub files it under.
_TASKS = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForConditionalGeneration": "text2text-generation",
    "MTModel": "translation",
    "Model": "feature-extraction",
}
# Keys of a card whose values become tags of the form key:value.
_MODEL_KEYS = {"license": "license", "datasets": "dataset", "base_model": "base_model"}
_SAME_NAME = (
    "task_categories", "task_ids", "language", "multilinguality", "size_categories", "license",
    "source_datasets", "annotations_creators", "language_creators",
)  # fmt: skip
_DATASET_KEYS = {key: key for key in _SAME_NAME}
_SPACE_KEYS = {"license": "license"}
_KEYS = {Kind.MODEL: _MODEL_KEYS, Kind.DATASET: _DATASET_KEYS, Kind.SPACE: _SPACE_KEYS}
_WEIGHTS = {".safetensors": "safetensors", ".bin": "pytorch", ".onnx": "onnx", ".gguf": "gguf"}


@dataclass(frozen=True)
class Card:
    """The facts of one commit that listings filter by."""

    data: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    pipeline_tag: str | None = None
    library: str | None = None


def header(text: str) -> dict[str, Any]:
    """Read the YAML header of a card as plain JSON values; ``{}`` when there is none.

    Raises yaml.YAMLError when the header is not YAML, not a mapping, or too large.

    >>> header("---\\nlicense: mit\\n---\\n# Title")
    {'license': 'mit'}
    """
    match = _HEADER.match(text)
    if match is None:
        return {}
    if len(match[1]) > MAX_HEADER:
        raise yaml.YAMLError(f"the header has more than {MAX_HEADER} characters")
    try:
        value = yaml.safe_load(match[1])
    except (RecursionError, ValueError) as err:  # nested too deep; an impossible date
        raise yaml.YAMLError(f"the header cannot be read: {err}") from err
    if not isinstance(value, dict | None):
        raise yaml.YAMLError(f"the header is a {type(value).__name__}, not a mapping")
    found: dict[str, Any] = plain(value or {}, itertools.count())
    return found


def body(text: str) -> str:
    """Give what follows a card's header.

    >>> body("---\\nlicense: mit\\n---\\n# Title")
    '# Title'
    """
    return _HEADER.sub("", text, count=1)


def check(text: str) -> None:
    """Make sure that a card's header can be read and that what it says is what the Hub knows.

    Raises BadRequest with every problem, each naming its key, its value and the remedy.
    """
    try:
        found = metadata.problems(header(text))
    except yaml.YAMLError as err:
        found = [f"Invalid YAML in the card's header: {err}"]
    if found:
        body = {"errors": [{"message": line} for line in found], "warnings": []}
        raise BadRequest("Invalid metadata in README.md: " + "; ".join(found), body=body)


def plain(value: object, counter: "itertools.count[int]") -> Any:  # noqa: ANN401, any JSON value
    """Turn what YAML can hold into what JSON can: dates, odd keys and numbers become texts.

    Raises yaml.YAMLError beyond MAX_VALUES values: a few aliases can stand for billions.
    """
    if next(counter) > MAX_VALUES:
        raise yaml.YAMLError(f"the header holds more than {MAX_VALUES} values")
    if isinstance(value, dict):
        return {_text(key): plain(item, counter) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, counter) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else _text(value)


def _text(value: object) -> str:
    """A text that UTF-8 can hold: YAML and JSON may spell half a character."""
    return str(value).encode("utf-8", "replace").decode()


def read(kind: Kind, paths: list[str], card: str, config: str) -> Card:
    """Sum up a repository from its file names, its README and its config.json.

    A header or configuration that cannot be read counts as empty: a broken card must not hide
    the repository.
    """
    try:
        data = header(card)
    except yaml.YAMLError:
        data = {}
    settings = _settings(config)
    library = _library(kind, data, settings)
    task = _pipeline_tag(kind, data, settings)
    tags = _tags(kind, data, settings, paths, library, task)
    return Card(data, settings, tags, task, library)


def _settings(config: str) -> dict[str, Any]:
    """Read the few keys of a config.json that the Hub tells of."""
    try:
        value = json.loads(config) if config else {}
        kept = {key: value[key] for key in _CONFIG if key in value}
        found: dict[str, Any] = plain(kept, itertools.count())
    except (ValueError, TypeError, RecursionError, yaml.YAMLError):
        return {}
    return found


def texts(value: object) -> list[str]:
    """Give a card's value as a list of texts: cards write one value or several.

    >>> texts("en"), texts(["en", "fr"]), texts(None)
    (['en'], ['en', 'fr'], [])
    """
    if isinstance(value, list):
        return [str(item) for item in value if isinstance(item, str | int | float)]
    return [str(value)] if isinstance(value, str | int | float) else []


def _library(kind: Kind, data: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    if kind is not Kind.MODEL:
        return None
    named = texts(data.get("library_name"))
    return named[0] if named else "transformers" if "model_type" in config else None


def _pipeline_tag(kind: Kind, data: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    named = texts(data.get("pipeline_tag"))
    if named or kind is not Kind.MODEL:
        return named[0] if named else None
    for architecture in texts(config.get("architectures")):
        for ending, task in _TASKS.items():
            if architecture.endswith(ending):
                return task
    return None


def _tags(
    kind: Kind,
    data: Mapping[str, Any],
    config: Mapping[str, Any],
    paths: list[str],
    library: str | None,
    task: str | None,
) -> tuple[str, ...]:
    found = [library] if library else []
    if kind is Kind.MODEL:
        found += [tag for end, tag in _WEIGHTS.items() if any(p.endswith(end) for p in paths)]
        found += texts(config.get("model_type"))
        found += [task] if task else []
        found += texts(data.get("language"))
    if kind is Kind.SPACE:
        found += texts(data.get("sdk"))
    found += texts(data.get("tags"))
    for key, prefix in _KEYS[kind].items():
        found += [f"{prefix}:{value}" for value in texts(data.get(key))]
    return tuple(dict.fromkeys([*found, "region:us"]))
