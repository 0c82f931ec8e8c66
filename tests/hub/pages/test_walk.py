"""The pages, click by click, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from setup.hub.accounts import CLASSROOM
from tests.hub.pages.conftest import Site, opened, sign_in

FOCUSED = """() => {
  const at = document.activeElement;
  return [at.id, at.innerText, getComputedStyle(at).outlineStyle];
}"""


def create(page: Page, name: str, *, private: bool = False) -> None:
    page.goto("/new")
    page.get_by_label("Model name").fill(name)
    page.get_by_label("Private" if private else "Public").check()
    page.get_by_role("button", name="Create model").click()
    page.wait_for_url(f"**/{CLASSROOM}/{name}")


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def visitor(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = opened(browser, site, java_script_enabled=request.param)
    yield context.new_page()
    context.close()


TYPED = "---\nlicense: mit\n---\n# Dummy model\n\nThis is **one**.\n"


def test_a_model_from_its_creation_to_its_end(visitor: Page, site: Site, tmp_path: Path) -> None:
    sign_in(visitor, site.token)
    create(visitor, "dummy")
    expect(visitor.get_by_role("heading", name="No model card")).to_be_visible()
    preview_and_commit(visitor)
    edit_and_compare(visitor)
    upload_and_download(visitor, tmp_path)
    delete_with_the_name_typed(visitor)


def preview_and_commit(page: Page) -> None:
    page.get_by_role("link", name="Create model card").click()
    expect(page.get_by_label("File name")).to_have_value("README.md")
    page.get_by_label("Content").fill(TYPED)
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("article", name="Preview")
    expect(preview.get_by_role("heading", name="Dummy model")).to_be_visible()
    expect(preview).not_to_contain_text("license")
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_label("Content")).to_have_value(TYPED)
    page.get_by_label("Title").fill("Say what this is")
    page.get_by_label("Extended description").fill("In a line.")
    page.get_by_role("button", name="Commit changes").last.click()
    expect(page.get_by_role("article").get_by_role("heading")).to_have_text("Dummy model")


def edit_and_compare(page: Page) -> None:
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Content").fill(TYPED.replace("**one**", "two"))
    page.get_by_role("button", name="Commit changes").last.click()
    page.get_by_role("link", name="Files and versions").click()
    page.get_by_role("link", name="History: 3 commits").click()
    titles = page.get_by_role("main").get_by_role("listitem").locator("a.name")
    expect(titles).to_have_text(["Update README.md", "Say what this is", "initial commit"])
    titles.first.click()
    expect(page.locator("tr.plus")).to_contain_text("This is two.")
    expect(page.locator("tr.minus")).to_contain_text("This is **one**.")


def upload_and_download(page: Page, folder: Path) -> None:
    big, notes = folder / "weights.bin", folder / "notes.txt"
    big.write_bytes(b"\0" * 300_000)
    notes.write_text("plain\n")
    page.get_by_role("link", name="Files and versions").click()
    page.get_by_role("link", name="Upload files").click()
    page.get_by_label("Files", exact=True).set_input_files([big, notes])
    page.get_by_label("Title").fill("Add weights")
    page.get_by_role("button", name="Commit changes").click()
    row = page.get_by_role("row", name="weights.bin")
    expect(row).to_contain_text("300 kB LFS")
    expect(page.get_by_role("row", name="notes.txt")).not_to_contain_text("LFS")
    with page.expect_download() as got:
        row.get_by_role("link", name="Download").click()
    assert got.value.path().read_bytes() == big.read_bytes()


def delete_with_the_name_typed(page: Page) -> None:
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Type learner/dummy").fill("learner/dumm")
    page.get_by_role("button", name="Delete model").click()
    expect(page.get_by_role("alert")).to_contain_text("type learner/dummy exactly")
    page.get_by_label("Type learner/dummy").fill("learner/dummy")
    page.get_by_role("button", name="Delete model").click()
    page.wait_for_url(f"**/{CLASSROOM}")
    answer = page.goto(f"/{CLASSROOM}/dummy")
    assert answer is not None
    assert answer.status == 404


def test_models_are_searched_and_filtered(page: Page) -> None:
    page.goto("/models")
    cards = page.locator("ul.cards li")
    every = cards.count()  # other tests leave models behind
    assert every >= 3
    expect(page.get_by_role("heading", name="Models")).to_contain_text(str(every))
    page.get_by_role("link", name="translation 1").click()
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("acme/french")
    page.get_by_role("link", name="translation 1").click()  # once more takes the filter away
    expect(cards).to_have_count(every)
    page.get_by_label("Search models by name").fill("tiny")
    page.get_by_label("Search models by name").press("Enter")
    expect(cards).to_have_count(1)
    cards.get_by_role("link").click()
    expect(page.get_by_role("heading", name="A tiny classifier")).to_be_visible()
    page.get_by_role("list", name="Tags").get_by_role("link", name="License mit").click()
    expect(cards).to_have_count(1)


def test_a_private_model_is_seen_by_its_owner_alone(
    page: Page, browser: Browser, site: Site
) -> None:
    sign_in(page, site.token)
    create(page, "secret")
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Private").check()
    page.get_by_role("button", name="Save visibility").click()
    expect(page.locator(".title")).to_contain_text("Private")
    stranger = opened(browser, site)
    for address, status in {"/learner/secret": 404, "/learner": 200, "/models": 200}.items():
        other = stranger.new_page()
        answer = other.goto(address)
        assert answer is not None
        assert answer.status == status
        assert "learner/secret" not in other.get_by_role("main").inner_text()
    stranger.close()
    page.goto("/models")
    expect(page.get_by_role("main")).to_contain_text("learner/secret")


def test_keys_alone_make_a_model(page: Page, site: Site) -> None:
    """Tab, letters, arrows and Enter: no pointer, and each stop can be seen."""

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            identity, text, outline = page.evaluate(FOCUSED)
            if name in (identity, text.strip()):
                assert outline != "none"
                return
        raise AssertionError(f"Tab never reached {name}")

    page.goto("/login")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to content"
    tab_to("token")
    page.keyboard.type(site.token)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    tab_to(CLASSROOM)
    page.keyboard.press("Enter")  # opens the menu
    tab_to("New model")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new")
    tab_to("name")
    page.keyboard.type("typed")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # from Public to Private
    tab_to("Create model")
    page.keyboard.press("Enter")
    page.wait_for_url("**/learner/typed")
    expect(page.locator(".title")).to_contain_text("Private")


def test_what_cannot_be_made_is_said_in_the_form(page: Page, site: Site) -> None:
    sign_in(page, site.token)
    page.goto("/new")
    page.get_by_label("Model name").fill("no spaces please")
    page.get_by_label("Private").check()
    page.get_by_role("button", name="Create model").click()
    expect(page.get_by_role("alert")).to_contain_text("letters, digits")
    expect(page.get_by_label("Model name")).to_have_value("no spaces please")
    expect(page.get_by_label("Private")).to_be_checked()


def test_a_token_is_made_used_and_revoked(page: Page, browser: Browser, site: Site) -> None:
    sign_in(page, site.token)
    page.goto("/settings/tokens")
    page.get_by_label("Name").fill("my laptop")
    page.get_by_role("button", name="Make token").click()
    token = page.locator(".snippet code").inner_text()
    assert token.startswith("hf_")
    page.reload()
    other = opened(browser, site).new_page()
    sign_in(other, token)
    expect(other.get_by_role("banner")).to_contain_text(CLASSROOM)
    page.goto("/settings/tokens")
    assert token not in page.content()
    page.get_by_role("button", name="Revoke my laptop").first.click()
    other.goto("/")
    expect(other.get_by_role("banner")).to_contain_text("Sign in")
    other.context.close()


def test_a_person_signs_up_and_out(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("User name").fill("ada")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Welcome, ada")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    page.locator("summary", has_text="ada").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("banner")).to_contain_text("Sign in")
    page.goto("/join")
    page.get_by_label("User name").fill("Ada")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("alert")).to_contain_text("taken")


def test_a_snippet_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/acme/french")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "hf download acme/french"
