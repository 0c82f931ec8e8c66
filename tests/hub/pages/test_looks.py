"""How the pages look, measured in a real browser: contrast, width, focus, both colour schemes."""

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.hub.conftest import DATASET, MODEL
from tests.hub.pages.conftest import Site, opened, sign_in

LEAST = 4.5  # contrast of text to what lies behind it (WCAG 2.2, AA)
PHONE = {"width": 360, "height": 740}
PAGES = [
    "/", "/models", "/models?pipeline_tag=translation", "/datasets", "/acme", f"/{MODEL}",
    f"/datasets/{DATASET}", f"/datasets/{DATASET}/viewer", f"/{MODEL}/tree/main",
    f"/{MODEL}/blob/main/config.json", f"/{MODEL}/blob/main/model.safetensors",
    f"/{MODEL}/commits/main", f"/{MODEL}/commit/main", "/login", "/join", "/no/such",
]  # fmt: skip
OWN = [
    "/new", "/settings/tokens", "/learner", "/our-class/looks", "/our-class/looks/settings",
    "/our-class/looks/new/main?filename=README.md", "/our-class/looks/upload/main",
    "/our-class/looks/delete/main/.gitattributes",
]  # fmt: skip
# Every text that is shown, with its colour and the colours of all that lies behind it.
TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    const hidden = !element.checkVisibility() || box.width < 2 || box.height < 2;
    if (hidden || !walk.currentNode.textContent.trim()) continue;
    const behind = [];
    for (let at = element; at; at = at.parentElement) {
      behind.push(getComputedStyle(at).backgroundColor);
    }
    const text = walk.currentNode.textContent.trim().slice(0, 40);
    found.push([text, getComputedStyle(element).color, behind]);
  }
  return found;
}"""
Colour = tuple[float, float, float, float]


def colour(text: str) -> Colour:
    """Read ``rgb(1, 2, 3)`` or ``rgba(1, 2, 3, 0.5)``."""
    red, green, blue, *alpha = (float(part) for part in re.findall(r"[\d.]+", text))
    return red, green, blue, alpha[0] if alpha else 1.0


def over(top: Colour, below: Colour) -> Colour:
    """Lay a colour that may be seen through over one that may not."""
    mixed = [a * top[3] + b * (1 - top[3]) for a, b in zip(top[:3], below[:3], strict=True)]
    return mixed[0], mixed[1], mixed[2], 1.0


def luminance(shade: Colour) -> float:
    parts = [part / 255 for part in shade[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, behind: list[str]) -> float:
    """The ratio of a text's colour to all that lies behind it, nearest first."""
    ground: Colour = (255, 255, 255, 1)
    for layer in reversed(behind):
        ground = over(colour(layer), ground)
    light, dark = sorted((luminance(over(colour(ink), ground)), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def weak(page: Page) -> list[tuple[str, float]]:
    """Give the texts of a page that are hard to read."""
    measured = [(text, contrast(ink, behind)) for text, ink, behind in page.evaluate(TEXTS)]
    assert len(measured) > 8
    return [(text, round(ratio, 2)) for text, ratio in measured if ratio < LEAST]


def wide(page: Page) -> int:
    """Give by how many pixels the page is wider than its window."""
    found: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return found


@pytest.fixture(scope="module")
def made(browser: Browser, site: Site) -> str:
    """Make a repository of the class for the pages that only writers see."""
    context = opened(browser, site)
    page = context.new_page()
    sign_in(page, site.token)
    page.goto("/new?owner=our-class")
    page.get_by_label("Model name").fill("looks")
    page.get_by_role("button", name="Create model").click()
    page.wait_for_url("**/our-class/looks")
    context.close()
    return "our-class/looks"


def visits(browser: Browser, site: Site, **settings: Any) -> dict[str, Page]:  # noqa: ANN401
    context = opened(browser, site, **settings)
    guest, owner = context.new_page(), opened(browser, site, **settings).new_page()
    sign_in(owner, site.token)
    return {**dict.fromkeys(PAGES, guest), **dict.fromkeys(OWN, owner)}


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert round(contrast("rgb(0, 0, 0)", ["rgb(255, 255, 255)"]), 2) == 21
    assert round(contrast("rgb(119, 119, 119)", ["rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"]), 2) == (
        4.48
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(
    browser: Browser, site: Site, made: str, scheme: Literal["light", "dark"]
) -> None:
    for address, page in visits(browser, site, color_scheme=scheme).items():
        page.goto(address)
        assert weak(page) == [], address


def test_dark_is_dark_and_light_is_light(browser: Browser, site: Site) -> None:
    found = {}
    for scheme in ("light", "dark"):
        page = opened(browser, site, color_scheme=scheme).new_page()
        page.goto("/")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        found[scheme] = luminance(colour(ground))
    assert found["light"] > 0.9
    assert found["dark"] < 0.02


def test_a_weak_text_is_found(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('h1').style.color = '#bbb'")
    assert [text for text, _ in weak(page)] == ["A Hub of your own"]


def test_nothing_is_wider_than_a_phone(browser: Browser, site: Site, made: str) -> None:
    for address, page in visits(browser, site, viewport=PHONE).items():
        page.goto(address)
        assert wide(page) <= 0, address


def test_a_page_that_is_too_wide_is_found(browser: Browser, site: Site) -> None:
    page = opened(browser, site, viewport=PHONE).new_page()
    page.goto("/")
    page.evaluate("document.querySelector('h1').style.width = '500px'")
    assert wide(page) > 100


def test_filters_are_open_beside_the_list_and_closed_on_a_phone(
    browser: Browser, site: Site
) -> None:
    for width, seen in {1000: True, 360: False}.items():
        page = opened(browser, site, viewport={"width": width, "height": 800}).new_page()
        page.goto("/models")
        chip = page.get_by_role("link", name="translation 1")
        assert chip.is_visible() is seen
        if not seen:
            page.get_by_text("Filters", exact=True).click()
            assert chip.is_visible()


def broken(page: Page) -> list[str]:
    """Collect what the browser says of the page's policy from now on."""
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            said.append(message.text)

    page.on("console", heard)
    return said


def test_no_page_breaks_its_own_policy(browser: Browser, site: Site, made: str) -> None:
    pages = visits(browser, site)
    said = {page: broken(page) for page in set(pages.values())}
    for address, page in pages.items():
        page.goto(address)
        assert said[page] == [], address


def test_a_broken_policy_is_heard(page: Page) -> None:
    said = broken(page)
    page.goto("/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"top: 0\">x</p>')")
    page.wait_for_timeout(100)
    assert len(said) == 1
