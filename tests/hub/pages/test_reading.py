"""The pages for reading: what they show, to whom, and what their headers say."""

import re

import pytest
from starlette.testclient import TestClient

from tests.hub.conftest import DATASET, MODEL

HTML = {"Accept": "text/html,application/xhtml+xml"}
PAGES = [
    "/", "/models", "/datasets", "/spaces", "/acme", f"/{MODEL}", f"/datasets/{DATASET}",
    "/spaces/evaluate-metric/tally", f"/{MODEL}/tree/main", "/acme/french/tree/main/weights",
    f"/{MODEL}/blob/main/config.json", f"/{MODEL}/blob/main/README.md",
    f"/{MODEL}/blob/main/model.safetensors", f"/{MODEL}/commits/main", f"/{MODEL}/commit/main",
    "/login", f"/datasets/{DATASET}/viewer",
]  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_a_page_answers_with_strict_headers(web: TestClient, address: str) -> None:
    answer = web.get(address, headers=HTML)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_whole_without_scripts_in_it(web: TestClient, address: str) -> None:
    text = web.get(address, headers=HTML).text
    assert re.findall(r"<script[^>]*>", text) == ['<script src="/static/copy.js" defer>']
    assert not re.search(r"<[^>]*\s(on[a-z]+|style)=", text)
    assert len(re.findall(r"<h1[ >]", text)) >= 1
    assert len(re.findall(r"<main[ >]", text)) == 1


def test_a_tool_gets_the_front_page_as_text(web: TestClient) -> None:
    answer = web.get("/", headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert "export HF_ENDPOINT=" in answer.text


def test_a_card_shows_what_the_model_is(web: TestClient) -> None:
    text = web.get(f"/{MODEL}", headers=HTML).text
    for part in ("A tiny classifier", "License", "mit", "text-classification", "transformers"):
        assert part in text
    assert "AutoModelForSequenceClassification" in text
    assert f"git clone http://testserver/{MODEL}" in text
    assert "pipeline_tag:" not in text  # the header is told as tags, not shown


def test_a_dataset_is_loaded_by_its_id(web: TestClient) -> None:
    text = web.get(f"/datasets/{DATASET}", headers=HTML).text
    assert f"load_dataset(&#34;{DATASET}&#34;)" in text
    assert f'href="/datasets/{DATASET}/viewer"' in text


def test_files_show_size_and_lfs_mark(web: TestClient) -> None:
    text = web.get("/acme/french/tree/main/weights", headers=HTML).text
    row = re.search(r"<tr>(?:(?!</tr>).)*big\.bin(?:(?!</tr>).)*</tr>", text, re.DOTALL)
    assert row is not None
    assert "3 MB" in row[0]
    assert ">LFS<" in row[0]


def test_a_path_is_escaped_in_links(web: TestClient) -> None:
    text = web.get("/other/copied/tree/main/a%20b", headers=HTML).text
    assert 'href="/other/copied/blob/main/a%20b/%C3%A9.txt"' in text
    assert "accent" in web.get("/other/copied/blob/main/a%20b/%C3%A9.txt", headers=HTML).text


def test_what_a_search_says_is_escaped(web: TestClient) -> None:
    text = web.get("/models?search=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", headers=HTML).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_filters_count_what_they_leave(web: TestClient) -> None:
    text = web.get("/models?language=fr", headers=HTML).text
    assert re.search(r"translation <span class=\"count\">1<", text)
    assert "tiny-bert" not in text
    assert "french" in text


def test_names_sort_both_pages_of_a_listing(web: TestClient) -> None:
    text = web.get("/models?sort=name", headers=HTML).text
    assert text.index("acme/french") < text.index("acme/tiny-bert") < text.index("other/copied")


@pytest.mark.parametrize("query", ["p=x", "p=-1"])
def test_a_page_number_that_is_none_is_refused(web: TestClient, query: str) -> None:
    assert web.get(f"/models?{query}", headers=HTML).status_code == 400


@pytest.mark.parametrize(
    ("address", "code"),
    {
        "/no/such": "RepoNotFound",
        f"/{MODEL}/tree/nowhere": "RevisionNotFound",
        f"/{MODEL}/blob/main/nothing.txt": "EntryNotFound",
        "/nobody": "NotFound",
    }.items(),
)
def test_an_error_is_a_page_with_the_apis_headers(web: TestClient, address: str, code: str) -> None:
    answer = web.get(address, headers=HTML)
    assert answer.status_code == 404
    assert answer.headers["x-error-code"] == code
    assert answer.headers["content-type"].startswith("text/html")
    assert "content-security-policy" in answer.headers
    assert web.get(address).headers["content-type"] == "application/json"


def test_the_api_answers_json_whoever_asks(web: TestClient) -> None:
    answer = web.get("/api/models/no/such", headers=HTML)
    assert answer.headers["content-type"] == "application/json"


def test_an_old_name_leads_to_the_page(web: TestClient) -> None:
    answer = web.get("/tiny-bert", headers=HTML)
    assert answer.headers["location"] == f"/{MODEL}"


def test_static_files_do_not_leave_their_folder(web: TestClient) -> None:
    found = web.get("/static/hub.css")
    assert found.status_code == 200
    assert found.headers["x-content-type-options"] == "nosniff"
    assert web.get("/static/..%2frendering.py").status_code == 404


def test_a_datasets_tags_are_told_in_words(web: TestClient) -> None:
    text = web.get(f"/datasets/{DATASET}", headers=HTML).text
    assert '<span class="key">Language</span> en' in text
    assert 'href="/datasets?pipeline_tag=text-classification"' in text
