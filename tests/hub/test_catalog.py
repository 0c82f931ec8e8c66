"""Listings: search, filters, order, detail and pages."""

import pytest
from starlette.testclient import TestClient

FRENCH, TINY, COPIED = "acme/french", "acme/tiny-bert", "other/copied"


def ids(web: TestClient, query: str = "", kind: str = "models") -> list[str]:
    answer = web.get(f"/api/{kind}?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()]


def test_everything_of_a_kind_is_listed(web: TestClient) -> None:
    assert ids(web) == [FRENCH, TINY, COPIED]
    assert ids(web, kind="datasets") == ["acme/reviews", "acme/tables"]
    assert ids(web, kind="spaces") == ["evaluate-metric/tally"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=bert", [TINY]),
        ("search=TINY", [TINY]),
        ("search=tiny+acme", [TINY]),
        ("search=zzz", []),
        ("author=acme", [FRENCH, TINY]),
        ("author=ACME&search=french", [FRENCH]),
        ("author=ac", []),
        ("filter=text-classification", [TINY]),
        ("filter=fr", [FRENCH]),
        ("filter=keras", [FRENCH]),
        ("filter=license:mit", [TINY]),
        ("filter=dataset:acme/reviews", [TINY]),
        ("filter=safetensors&filter=en", [TINY]),
        ("filter=safetensors,fr", []),
        ("filter=course", [TINY]),
        ("pipeline_tag=translation", [FRENCH]),
        ("library=transformers", [TINY]),
        ("gated=true", []),
        ("inference_provider=all", []),
    ],
)
def test_search_and_filters(web: TestClient, query: str, expected: list[str]) -> None:
    assert ids(web, query) == expected


def test_filters_of_datasets_and_spaces(web: TestClient) -> None:
    assert ids(web, "filter=language:en", "datasets") == ["acme/reviews"]
    assert ids(web, "filter=language:fr", "datasets") == []
    assert ids(web, "filter=metric", "spaces") == ["evaluate-metric/tally"]
    assert ids(web, "filter=comparison", "spaces") == []


@pytest.mark.parametrize(
    "key", ["lastModified", "createdAt", "downloads", "likes", "trendingScore"]
)
def test_ties_stay_in_the_order_of_ids(web: TestClient, key: str) -> None:
    assert ids(web, f"sort={key}&direction=-1") == [FRENCH, TINY, COPIED]


def test_the_largest_comes_first_unless_asked_otherwise(web: TestClient) -> None:
    assert ids(web, "sort=id") == [COPIED, TINY, FRENCH]
    assert ids(web, "sort=id&direction=1") == [FRENCH, TINY, COPIED]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_lead_to_each_other_and_keep_the_query(web: TestClient, size: int) -> None:
    url: str | None = f"/api/models?limit={size}&filter=region:us&sort=id&direction=1"
    found: list[list[str]] = []
    while url:
        answer = web.get(url)
        found.append([item["id"] for item in answer.json()])
        url = answer.links.get("next", {}).get("url")
    assert sum(found, []) == [FRENCH, TINY, COPIED]
    assert {len(page) for page in found[:-1]} <= {size}


def test_a_brief_listing_leaves_out_what_a_full_one_tells(web: TestClient) -> None:
    brief = web.get("/api/models?search=tiny").json()[0]
    full = web.get("/api/models?search=tiny&full=true").json()[0]
    assert "cardData" not in brief
    assert full["cardData"]["license"] == "mit"
    assert set(brief) < set(full)
    assert "siblings" in full


def test_card_data_and_configuration_on_demand(web: TestClient) -> None:
    found = web.get("/api/models?search=tiny&cardData=true&config=true").json()[0]
    assert found["config"]["model_type"] == "bert"
    assert found["cardData"]["language"] == "en"


def test_expand_narrows_a_listing(web: TestClient) -> None:
    found = web.get("/api/models?expand=downloads&limit=1").json()[0]
    assert set(found) == {"_id", "id", "downloads"}


def test_an_unknown_kind_has_no_listing(web: TestClient) -> None:
    assert web.get("/api/kernels").status_code == 404
