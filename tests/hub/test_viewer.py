"""The dataset viewer: which files it takes, what it shows of them, and what it withstands."""

import gzip
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import ClassLabel, Dataset, Features, List, Value, load_dataset_builder
from datasets.data_files import get_data_patterns, resolve_pattern
from starlette.testclient import TestClient

from setup.hub import application, splits
from setup.hub.names import Kind, RepoId
from setup.hub.objects import Pointer
from setup.hub.seeds import AUTHOR, Planter
from setup.hub.store import Store
from setup.hub.viewer import ROWS
from tests.hub.conftest import ROOT, write

GLUE = ROOT / "data/hub/datasets/nyu-mll/glue"
LAYOUTS = {
    "one file": ["rows.csv"],
    "names": ["train.csv", "test.csv"],
    "names below": ["data/train.jsonl", "data/dev.jsonl", "data/evaluation.jsonl"],
    "shards": ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet",
               "data/zebra-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"],
    "folders": ["train/a.txt", "train/b.txt", "validation/c.txt"],
    "folders with numbers": ["a/train-1/x.csv", "b/test_2/y.csv"],
    "words inside": ["my_train_file.csv", "protest.csv", "latest-test.csv"],
    "hidden": [".cache/train.csv", "__pycache__/train.csv", "train.csv", ".test.csv"],
    "not data": ["README.md", "config.json", "data.jsonl"],
    "spaces": ["my train.csv", "a b/test.csv"],
    "several endings": ["train.csv", "test.csv", "notes.txt"],
    "packed": ["train.json.gz", "test.json.gz"],
}  # fmt: skip
PATTERNS = [
    "*", "**", "data/*", "**/*.csv", "d?ta/[a-c]*.csv", "data/**", "data/**/x.csv", "a.csv",
]  # fmt: skip
PATHS = [
    "a.csv", "data/a.csv", "data/x.csv", "data/deep/x.csv", "data/deep/er/b.csv", "e/data/a.csv",
]  # fmt: skip


def dataset(root: Path, name: str, files: dict[str, str | bytes]) -> None:
    write(root / "datasets/acme" / name, files)


def table(root: Path, name: str, rows: pa.Table, group: int = 500) -> None:
    path = root / "datasets/acme" / name / "train.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, row_group_size=group)


def card(header: dict[str, object]) -> str:
    return f"---\n{yaml.safe_dump(header)}---\n# Data\n"


def plant_typed(root: Path) -> None:
    classes = {"label": ClassLabel(names=["bad", "good"]), "words": List(Value("string"))}
    features = Features({"text": Value("string"), **classes})
    columns = {"text": ["a", "b", None], "label": [0, 1, None], "words": [["x", "y"], [], None]}
    folder = root / "datasets/acme/typed"
    folder.mkdir(parents=True)
    Dataset.from_dict(columns, features=features).to_parquet(folder / "train.parquet")
    yes_or_no = {"class_label": {"names": {"0": "no", "1": "yes"}}}
    written = [{"name": "label", "dtype": yes_or_no}, {"name": "tags", "list": "string"}]
    header = card({"dataset_info": {"config_name": "default", "features": written}})
    line = json.dumps({"label": 1, "tags": ["a"], "odd": [1, {"b": 2}]}) + "\n"
    dataset(root, "told", {"README.md": header, "a.jsonl": line})


def plant_formats(root: Path) -> None:
    rows = [{"n": n, "text": f"row {n}"} for n in range(3)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    columns = {key: [row[key] for row in rows] for key in ("n", "text")}
    files: dict[str, str | bytes] = {
        "lines/a.jsonl": lines,
        "list/a.json": json.dumps(rows, indent=1),
        "field/a.json": json.dumps({"version": 1, "data": rows}),
        "columns/a.json": json.dumps(columns, indent=1),
        "comma/a.csv": "n,text\n0,row 0\n1,row 1\n2,row 2\n",
        "tab/a.tsv": "n\ttext\n0\trow 0\n1\trow 1\n2\trow 2\n",
        "semicolon/a.csv": "n;text\n0;row 0\n1;row 1\n2;row 2\n",
        "packed/a.jsonl.gz": gzip.compress(lines.encode()),
        "plain/a.txt": "row 0\nrow 1\n\nrow 3",
    }
    more = {"field": {"field": "data"}, "semicolon": {"sep": ";"}}
    configs = [
        {"config_name": (name := path.split("/")[0]), "data_files": path, **more.get(name, {})}
        for path in files
    ]
    dataset(root, "formats", files | {"README.md": card({"configs": configs})})


def plant_hostile(root: Path) -> None:
    files: dict[str, str | bytes] = {
        "parquet/a.parquet": b"PAR1 and nothing else PAR1",
        "bytes/a.csv": b"a,b\n\xff\xfe,1\n",
        "ragged/a.csv": "a,b\n1,2\n1,2,3\n",
        "broken/a.jsonl": '{"a": 1}\n{"a": \n',
        "deep/a.jsonl": "[" * 100_000,
        "empty/a.csv": "",
        "endless/a.txt": b"x" * (5 << 20),
        "mixed/a.jsonl": '{"a": 1}\n{"a": "text"}\n{"a": {"b": [1]}}\n',
        "script/a.jsonl": json.dumps({"<script>x</script>": "<img src=x onerror=y>"}) + "\n",
        "wide/a.jsonl": json.dumps({f"c{n}": n for n in range(500)}) + "\n",
        "long/a.jsonl": json.dumps({"a": "y" * 1_000_000, "b": list(range(100_000))}) + "\n",
        "bomb/a.txt.gz": gzip.compress(b"z" * (200 << 20)),
    }
    configs: list[dict[str, object]] = [
        {"config_name": path.split("/")[0], "data_files": path} for path in files
    ]
    configs += [{"config_name": "unclear", "data_files": [{"train": "a.csv"}]}]
    configs += [{"config_name": "nothing", "data_files": "*.zip"}]
    dataset(root, "hostile", files | {"README.md": card({"configs": configs})})
    dataset(root, "nofiles", {"README.md": "# Nothing else"})
    dataset(root, "many", {"README.md": card({"configs": [{"config_name": "a", "data_files": [
        {"split": f"s{n}", "path": "*a*a*a*a*a*a*a*a*a*b"} for n in range(200)
    ]}]}), "a" * 200 + ".csv": "a\n1\n"})  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    root = tmp_path_factory.mktemp("seeds")
    for plant in (plant_typed, plant_formats, plant_hostile):
        plant(root)
    table(root, "large", pa.table({"n": list(range(5000))}))
    store = Store(tmp_path_factory.mktemp("state"))
    problems: list[str] = []
    Planter(store, problems.append).plant(root)
    assert not [line for line in problems if "left out" in line]
    yield store
    store.close()


@pytest.fixture(scope="module")
def pages(planted: Store) -> Iterator[TestClient]:
    app = application.create(planted)
    yield TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    app.state.viewer.close()


def shown(pages: TestClient, where: str) -> str:
    answer = pages.get(f"/datasets/acme/{where}")
    assert answer.status_code == 200, answer.text
    return answer.text


def cells(page: str, tag: str = "td") -> list[str]:
    found = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", " ", cell)).strip() for cell in found]


def problem(page: str) -> str:
    found = re.search(r'role="alert">(.*?)</p>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def make(folder: Path, paths: list[str]) -> None:
    write(folder, dict.fromkeys(paths, "a\n1\n"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_splits_are_those_of_the_library(layout: str, tmp_path: Path) -> None:
    paths = LAYOUTS[layout]
    make(tmp_path, paths)
    wanted = {}
    for split, patterns in get_data_patterns(str(tmp_path)).items():
        found = {path for one in patterns for path in resolved(one, tmp_path)}
        wanted[str(split)] = found
    ours = splits.configuration(sorted(paths), {}, "default")
    assert ours is not None
    assert {split: set(files) for split, files in ours.splits.items()} == wanted


def resolved(pattern: str, folder: Path) -> list[str]:
    try:
        found = resolve_pattern(pattern, str(folder))
    except FileNotFoundError:
        return []
    return [Path(path).relative_to(folder).as_posix() for path in found]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_what_they_match_in_the_library(pattern: str, tmp_path: Path) -> None:
    make(tmp_path, PATHS)
    ours = {path for path in PATHS if splits.fits(path, pattern)}
    assert ours == set(resolved(pattern, tmp_path))


def test_patterns_made_to_be_slow_come_to_an_end() -> None:
    assert not splits.fits("a" * 1000, "*a" * 30 + "b")
    assert not splits.fits("a/" * 300 + "c", "**/" * 200 + "b")


def test_glue_is_read_as_the_library_reads_it(store: Store) -> None:
    header = yaml.safe_load((GLUE / "README.md").read_text().split("---")[1])
    paths = [path.relative_to(GLUE).as_posix() for path in sorted(GLUE.rglob("*.parquet"))]
    found = splits.configuration(paths, header, "mnli")
    built = load_dataset_builder(str(GLUE), "mnli")
    assert found is not None
    assert built.config.data_files is not None
    theirs = {
        split: [Path(path).relative_to(GLUE).as_posix() for path in files]
        for split, files in built.config.data_files.items()
    }
    assert {split: list(files) for split, files in found.splits.items()} == theirs


def test_the_default_configuration_comes_first() -> None:
    configs = [{"config_name": name} for name in ("a", "default", "b")]
    assert splits.names({"configs": configs}) == ["default", "a", "b"]
    configs[2]["default"] = True  # type: ignore[assignment]
    assert splits.names({"configs": configs})[0] == "b"


def test_features_stand_in_the_head(pages: TestClient) -> None:
    page = shown(pages, "typed/viewer")
    assert cells(page, "th") == ["text  string", "label  ClassLabel: bad, good",
                                 "words  list of string"]  # fmt: skip
    assert cells(page) == ["a", "bad (0)", '["x", "y"]', "b", "good (1)", "[]", *["null"] * 3]


def test_features_of_the_card_are_used(pages: TestClient) -> None:
    page = shown(pages, "told/viewer")
    assert cells(page, "th")[:2] == ["label  ClassLabel: no, yes", "tags  list of string"]
    assert cells(page)[0] == "yes (1)"


@pytest.mark.parametrize(
    "name", ["lines", "list", "field", "columns", "comma", "tab", "semicolon", "packed"]
)
def test_every_format_shows_the_same_rows(pages: TestClient, name: str) -> None:
    page = shown(pages, f"formats/viewer/{name}")
    assert cells(page, "th") == ["n  int64", "text  string"]
    assert cells(page) == ["0", "row 0", "1", "row 1", "2", "row 2"]


def test_a_text_has_one_row_a_line(pages: TestClient) -> None:
    page = shown(pages, "formats/viewer/plain/train")
    assert cells(page, "th") == ["text  string"]
    assert cells(page) == ["row 0", "row 1", "", "row 3"]


def test_a_large_split_shows_its_first_rows_and_its_count(pages: TestClient) -> None:
    page = shown(pages, "large/viewer")
    assert cells(page) == [str(n) for n in range(ROWS)]
    assert "The first 100 of 5,000 rows." in page


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("parquet", "a.parquet cannot be read"),
        ("ragged", "Expected 2 columns, got 3"),
        ("broken", "a.jsonl cannot be read: JSONDecodeError"),
        ("deep", "a.jsonl cannot be read"),
        ("empty", "a.csv cannot be read"),
        ("endless", "a line is longer than"),
        ("bomb", "a line is longer than"),
        ("unclear", "needs a split and a path"),
        ("nothing", "No file here"),
    ],
)
def test_what_cannot_be_read_is_told_in_the_page(
    pages: TestClient, name: str, reason: str
) -> None:
    assert reason in problem(shown(pages, f"hostile/viewer/{name}"))


def test_bytes_that_are_no_text_are_counted(pages: TestClient) -> None:
    assert cells(shown(pages, "hostile/viewer/bytes"))[0] == "2 bytes"


def test_mixed_types_are_shown_as_json(pages: TestClient) -> None:
    page = shown(pages, "hostile/viewer/mixed")
    assert cells(page) == ["1", '"text"', '{"b": [1]}']


def test_names_and_values_are_escaped(pages: TestClient) -> None:
    page = shown(pages, "hostile/viewer/script")
    assert "<script>x" not in page
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_page_stays_small(pages: TestClient) -> None:
    assert "440 more columns are not shown" in shown(pages, "hostile/viewer/wide")
    page = shown(pages, "hostile/viewer/long")
    assert len(page) < 10_000
    assert "y…" in page


def test_a_dataset_without_data_says_so(pages: TestClient) -> None:
    assert "No file here" in problem(shown(pages, "nofiles/viewer"))
    assert "more than 100 patterns" in problem(shown(pages, "many/viewer"))


@pytest.mark.parametrize(
    "where", ["formats/viewer/none", "formats/viewer/lines/none", "gone/viewer"]
)
def test_what_is_not_there_is_not_found(pages: TestClient, where: str) -> None:
    assert pages.get(f"/datasets/acme/{where}").status_code == 404


def test_a_missing_object_is_told(pages: TestClient, planted: Store) -> None:
    lost = Pointer("0" * 64, 5).encode()
    with planted.new(RepoId(Kind.DATASET, "acme", "lost")) as repository:
        repository.write("main", {"a.csv": lost}, "Point to nothing", AUTHOR)
    assert "has not been uploaded" in problem(shown(pages, "lost/viewer"))


def test_a_dataset_without_a_commit_says_so(pages: TestClient, planted: Store) -> None:
    with planted.new(RepoId(Kind.DATASET, "acme", "fresh")):
        pass
    assert "nothing in this dataset yet" in problem(shown(pages, "fresh/viewer"))


def test_a_private_dataset_is_not_there_for_others(pages: TestClient, planted: Store) -> None:
    repo = RepoId(Kind.DATASET, "acme", "large")
    planted.set_private(repo, True)
    try:
        assert pages.get("/datasets/acme/large/viewer").status_code == 404
        assert pages.get("/datasets/acme/large/viewer/default/train").status_code == 404
    finally:
        planted.set_private(repo, False)
    assert pages.get("/datasets/acme/large/viewer").status_code == 200
