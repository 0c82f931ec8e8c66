"""The classroom's lewtun/github-issues: what section 5.5 makes of the mirror's issues, in a table.

    python -m data.build.github_issues

Every issue and pull request of `data/web/api.github.com` with all its keys, newest first, the texts
of its comments instead of their number, and whether it is a pull request.
"""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq
import yaml
from datasets import Features

from data.build.glue import HEADER
from setup.mirror import tracker

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "data/web"
FOLDER = ROOT / "data/hub/datasets/lewtun/github-issues"
FILE = "data/train-00000-of-00001.parquet"
API = "https://api.github.com"
# The published columns in their order: an issue's keys without the address of its timeline.
COLUMNS = (
    "url", "repository_url", "labels_url", "comments_url", "events_url", "html_url", "id",
    "node_id", "number", "title", "user", "labels", "state", "locked", "assignee", "assignees",
    "milestone", "comments", "created_at", "updated_at", "closed_at", "author_association",
    "active_lock_reason", "pull_request", "body", "performed_via_github_app", "is_pull_request",
)  # fmt: skip
Record = dict[str, Any]


def rows() -> list[Record]:
    """Return the records of the table."""
    project = tracker.load(WEB, "huggingface", "datasets")
    if project is None:
        raise FileNotFoundError(f"no issues under {WEB}: run python -m data.build.project first")
    found = []
    for line in project.issues:
        record = tracker.issue(project, line, API)
        comments = project.comments.get(record["number"], [])
        record["comments"] = [tracker.comment(project, one, API)["body"] for one in comments]
        record["is_pull_request"] = record.get("pull_request") is not None
        found.append({name: record.get(name) for name in COLUMNS})
    return found


def table() -> pa.Table:
    """Return the records typed as `load_dataset("json")` types them: times are times."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows()).encode()
    whole = pj.ReadOptions(use_threads=False, block_size=len(text))
    read = pj.read_json(io.BytesIO(text), whole)
    return read.cast(Features.from_arrow_schema(read.schema).arrow_schema)


def features(schema: pa.Schema) -> Features:
    """Return the features that travel in a file: Parquet itself has no times in whole seconds."""
    told = json.loads(schema.metadata[b"huggingface"])
    return Features.from_dict(told["info"]["features"])


def header(path: Path) -> Record:
    """Return the card's header, with what `push_to_hub` would tell of the file."""
    read = pq.read_table(path)
    split = {"name": "train", "num_bytes": read.nbytes, "num_examples": read.num_rows}
    info = {
        "features": features(read.schema)._to_yaml_list(), "splits": [split],
        "download_size": path.stat().st_size, "dataset_size": read.nbytes,
    }  # fmt: skip
    files = [{"split": "train", "path": "data/train-*"}]
    return {
        "language": ["en"], "license": "apache-2.0", "multilinguality": ["monolingual"],
        "size_categories": ["n<1K"], "source_datasets": ["original"],
        "task_categories": ["text-classification", "text-retrieval"],
        "task_ids": ["multi-class-classification", "multi-label-classification",
                     "document-retrieval"],
        "pretty_name": "GitHub Issues, classroom size",
        "dataset_info": info,
        "configs": [{"config_name": "default", "data_files": files}],
    }  # fmt: skip


def card(text: str, path: Path) -> str:
    """Return the card's text with its header made anew."""
    made = yaml.safe_dump(header(path), sort_keys=False, allow_unicode=True)
    return f"---\n{made}---\n" + HEADER.sub("", text)


def write(path: Path) -> None:
    """Write the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table(), path, compression="zstd", compression_level=19)


def main() -> None:
    """Write the file, then the card's header."""
    write(FOLDER / FILE)
    readme = FOLDER / "README.md"
    readme.write_text(card(readme.read_text("utf-8"), FOLDER / FILE), encoding="utf-8")


if __name__ == "__main__":
    main()
