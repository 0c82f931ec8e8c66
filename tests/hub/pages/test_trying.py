"""In a browser: a model is tried, a dataset is looked at, without JavaScript and on a phone."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.hub.conftest import DATASET, MODEL
from tests.hub.pages.conftest import Site, opened, sign_in

LONG = 60_000  # milliseconds for the worker's first answer on a busy machine
PHONE = {"width": 360, "height": 740}


def ask(page: Page, text: str) -> None:
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Compute").click(timeout=LONG)
    expect(page.get_by_role("main").get_by_role("status")).to_be_visible(timeout=LONG)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_model_is_tried_from_its_page(browser: Browser, site: Site, javascript: bool) -> None:
    context = opened(browser, site, java_script_enabled=javascript)
    page = context.new_page()
    page.goto(f"/{MODEL}")
    ask(page, "this is a good film")
    expect(page.get_by_label("Text")).to_have_value("this is a good film")
    first = page.get_by_role("row").first
    expect(first.get_by_role("rowheader")).to_have_text("POSITIVE")
    expect(first.get_by_role("meter")).to_be_visible()
    context.close()


def test_a_second_question_follows_the_first(page: Page, site: Site) -> None:
    sign_in(page, site.token)
    page.goto(f"/{MODEL}")
    ask(page, "a bad film")
    ask(page, "not good !")
    page.get_by_text("The answer as data").click()
    expect(page.get_by_text('"label": "POSITIVE"')).to_be_visible()


def test_a_question_is_asked_by_keyboard_alone(page: Page) -> None:
    page.goto(f"/{MODEL}")
    page.get_by_label("Text").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Compute")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_role("status")).to_be_visible(timeout=LONG)


def test_an_empty_field_is_not_sent(page: Page) -> None:
    page.goto(f"/{MODEL}")
    page.get_by_label("Text").fill("")
    page.get_by_role("button", name="Compute").click()
    assert page.url.endswith(MODEL)


def test_a_dataset_is_looked_at_split_by_split(page: Page) -> None:
    page.goto(f"/datasets/{DATASET}")
    page.get_by_role("link", name="Viewer").click()
    expect(page.get_by_role("columnheader", name="text string")).to_be_visible()
    expect(page.get_by_text("train review 39")).to_be_visible()
    page.get_by_role("navigation", name="Splits").get_by_role("link", name="test").click()
    expect(page.get_by_text("10 rows.")).to_be_visible()
    expect(page.get_by_text("test review 9")).to_be_visible()
    current = page.get_by_role("navigation", name="Splits").locator("[aria-current=page]")
    expect(current).to_have_text("test")


@pytest.mark.parametrize("where", [f"/{MODEL}/try", f"/datasets/{DATASET}/viewer",
                                   "/datasets/acme/tables/viewer"])  # fmt: skip
def test_on_a_phone_nothing_sticks_out(browser: Browser, site: Site, where: str) -> None:
    context = opened(browser, site, viewport=PHONE)
    page = context.new_page()
    page.goto(where)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_a_wide_table_is_scrolled_by_keyboard(browser: Browser, site: Site) -> None:
    context = opened(browser, site, viewport=PHONE)
    page = context.new_page()
    page.goto(f"/datasets/{DATASET}/viewer")
    table = page.get_by_role("region", name="Rows of the split")
    table.focus()
    expect(table).to_be_focused()
    context.close()
