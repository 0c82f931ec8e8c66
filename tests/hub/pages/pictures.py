"""Takes the pictures of the Hub's pages that chapter 4 shows.

    python -m tests.hub.pages.pictures

They are written to ``notebooks/4_sharing/pictures``. Commit hashes and ages differ from one run to
the next; all else stays.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.hub.conftest import ROOT, environment, ready_url, start
from tests.hub.pages.conftest import Site, opened, options, program, sign_in

FOLDER = ROOT / "notebooks" / "4_sharing" / "pictures"
COLOURS = 48
LARGEST = 60_000  # bytes of a picture: each is also kept inside a notebook
MARGIN = 24
TALLEST = 940  # pixels, of a page that goes on further down
CLASSIFIER = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
PATIENCE = 120_000  # milliseconds that a model may take to load and to answer
PUSHED = "almanach/camembert-base"  # whose files a picture shows
CARD = "# Dummy model\n\nThis is a dummy model.\n"
BETTER = "# Dummy model\n\nThis is a dummy model, for exercises only.\n"
PROPOSED = f"---\nlicense: mit\n---\n{BETTER}"
PUSH = """
import sys
from huggingface_hub import snapshot_download, upload_file, upload_folder
others = ["README.md", ".gitattributes"]
folder = snapshot_download(sys.argv[1], local_dir="model", ignore_patterns=others)
upload_folder(
    repo_id="learner/dummy-model", folder_path=folder, commit_message="First model version",
    ignore_patterns=[".cache/*"],
)
upload_file(
    repo_id="learner/dummy-model", path_in_repo="README.md", path_or_fileobj=sys.argv[2].encode(),
    commit_message="Name the licence", create_pr=True,
)
"""
# How far down the page there is something to see.
END = """() => Math.max(...[...document.querySelectorAll('main > *')].map(
  e => e.getBoundingClientRect().bottom + window.scrollY))"""


def main() -> None:
    """Start a Hub, walk through its pages, and take a picture of each."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with (state / "log.txt").open("w") as log:
            process = start(ROOT / "data" / "hub", state / "hub", log=log)
            site = Site(ready_url(process), (state / "hub" / "token").read_text())
            try:
                _walk(site, state / "home")
            finally:
                process.terminate()
                process.communicate(timeout=20)


def _walk(site: Site, home: Path) -> None:
    found = program()
    if found is None:
        raise SystemExit("No Chromium on this machine: install the package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=options())
        page = opened(browser, site, color_scheme="light").new_page()
        sign_in(page, site.token)
        _sign_a_program_in(page)
        _look_around(page)
        _try(page)
        _create(page)
        _write_card(page)
        _change_card(page)
        _push(site, home)
        page.goto("/learner/dummy-model/tree/main")
        _take(page, "files-after-push")
        page.goto("/learner/dummy-model/discussions/1")
        _take(page, "pull-request")
        browser.close()


def _sign_a_program_in(page: Page) -> None:
    """Ask for a code as a notebook does, and open the page that the person is sent to."""
    answer = page.request.post("/oauth/device", form={"client_id": "notebook"}).json()
    page.goto(answer["verification_uri_complete"])
    _take(page, "device")


def _look_around(page: Page) -> None:
    page.goto("/models")
    _take(page, "models")
    page.goto("/models?pipeline_tag=fill-mask")
    _take(page, "task")
    page.goto(f"/{CLASSIFIER}/tree/main")
    _take(page, "files")
    page.goto(f"/{PUSHED}")
    _take(page, "card")


def _try(page: Page) -> None:
    page.goto(f"/{CLASSIFIER}")
    page.get_by_label("Text").fill("What a lovely film!")
    page.get_by_role("button", name="Compute").click()
    page.get_by_text("The answer as data").wait_for(timeout=PATIENCE)
    _take(page, "widget")


def _create(page: Page) -> None:
    page.goto("/new")
    page.get_by_label("Model name").fill("dummy-model")
    _take(page, "create-model")
    page.get_by_role("button", name="Create model").click()
    page.wait_for_url("**/learner/dummy-model")
    _take(page, "empty-repository")


def _write_card(page: Page) -> None:
    page.get_by_role("link", name="Create model card").click()
    page.get_by_label("Content").fill(CARD)
    page.get_by_label("Content").evaluate("e => { e.blur(); e.style.minHeight = '9rem'; }")
    page.get_by_label("Content").evaluate("e => { e.rows = 7; }")
    _take(page, "readme-editor")
    page.get_by_role("button", name="Commit changes").last.click()
    page.wait_for_url("**/blob/main/README.md")
    page.get_by_role("link", name="Files and versions").click()
    _take(page, "files-after-readme")


def _change_card(page: Page) -> None:
    page.goto("/learner/dummy-model/edit/main/README.md")
    page.get_by_label("Content").fill(BETTER)
    page.get_by_role("button", name="Commit changes").last.click()
    page.wait_for_url("**/blob/main/README.md")
    page.goto("/learner/dummy-model/commits/main")
    page.get_by_role("main").get_by_role("listitem").locator("a.name").first.click()
    page.wait_for_url("**/commit/*")
    _take(page, "difference")


def _push(site: Site, home: Path) -> None:
    """Upload a model with the released client, in a process that knows this Hub alone."""
    home.mkdir()
    settings = environment(site.url, home, site.token)
    command = [sys.executable, "-c", PUSH, PUSHED, PROPOSED]
    subprocess.run(command, cwd=home, env=settings, check=True)


def _take(page: Page, name: str) -> None:
    """Take a picture of what there is to see, in few colours."""
    page.mouse.move(0, 0)
    width = page.viewport_size["width"] if page.viewport_size else 0
    height = min(TALLEST, int(page.evaluate(END)) + MARGIN)
    data = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    path = FOLDER / f"{name}.png"
    Image.open(io.BytesIO(data)).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {width} x {height}, {size / 1000:.1f} kB")
    if size > LARGEST:
        raise SystemExit(f"{path.name} is larger than {LARGEST / 1000:.0f} kB.")


if __name__ == "__main__":
    main()
