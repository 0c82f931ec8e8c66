"""Fixtures for the pages: a Hub in a process of its own, and a headless Chromium to visit it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.testclient import TestClient

from setup.hub import application
from setup.hub.seeds import Planter
from setup.hub.store import Store
from tests.hub.conftest import ready_url, start
from tests.hub.pages.people import Person, accounts

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1000, 800
PATIENCE = 20_000  # milliseconds that a click may take on a busy machine


@dataclass(frozen=True)
class Site:
    """A Hub to visit, and the token of its first account."""

    url: str
    token: str


def program() -> str | None:
    """Find the system's Chromium."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def options() -> list[str]:
    """What Chromium needs to be told: it has no sandbox for root, as in a container."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--no-sandbox"] if root else []


def opened(browser: Browser, site: Site, **settings: object) -> BrowserContext:
    """Open a fresh profile of the browser on a Hub."""
    size = {"width": WIDTH, "height": HEIGHT}
    context = browser.new_context(**{"base_url": site.url, "viewport": size, **settings})  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    return context


def sign_in(page: Page, token: str) -> None:
    """Sign in as a person does."""
    page.goto("/login")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium. It ends with the module: while it runs, no other event loop can."""
    found = program()
    if found is None:
        pytest.skip(f"no Chromium on this machine ({', '.join(NAMES)}): install the package")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=options())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state = tmp_path_factory.mktemp("pages")
    with (state / "log.txt").open("w") as log:
        process = start(seeds, state, "--sign-up", log=log)
        yield Site(ready_url(process), (state / "token").read_text())
        process.terminate()
        process.communicate(timeout=20)
    assert "Traceback" not in (state / "log.txt").read_text()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of a browser that nobody has signed in with."""
    context = opened(browser, site)
    yield context.new_page()
    context.close()


@pytest.fixture
def hub(seeds: Path, tmp_path: Path) -> Iterator[TestClient]:
    store = Store(tmp_path / "state")
    Planter(store, lambda line: None).plant(seeds)
    app = application.create(store, sign_up=True)
    yield TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    application.close(app)
    store.close()


@pytest.fixture
def learner(hub: TestClient) -> Person:
    person = Person(hub, accounts(hub).issue("learner", "test"))
    assert person.post("/new", owner="learner", name="mine").status_code == 303
    return person


@pytest.fixture
def stranger(hub: TestClient) -> Person:
    return Person(hub, accounts(hub).issue("stranger", "test"))
