"""Signing in without a token, as `hf auth login` and `notebook_login` do: approved on a page."""

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.hub.conftest import Live, environment

HF = str(Path(sys.executable).parent / "hf")
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
NOTEBOOK = """
import IPython.display
IPython.display.display = lambda shown: print(shown.data, flush=True)
from huggingface_hub import notebook_login, whoami
notebook_login()
print("signed in as", whoami()["name"])
"""


class Browser:
    """A browser as far as forms need one: it keeps cookies and sends back what a form hides."""

    def __init__(self, hub: Live) -> None:
        self._url = hub.url
        self._session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self._session.get(self._url + path, timeout=60)

    def post(self, page: str, action: str, **fields: str) -> requests.Response:
        """Send the form of a page, filled in."""
        hidden = dict(HIDDEN.findall(self.get(page).text))
        return self._session.post(self._url + action, data={**hidden, **fields}, timeout=60)

    def sign_in(self, token: str) -> None:
        assert self.post("/login", "/login", token=token).ok


@contextmanager
def waiting(hub: Live, home: Path, *command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a program that signs in; gives it and the page's address that it prints."""
    program = subprocess.Popen(
        command, env=environment(hub.url, home), cwd=home, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert program.stdout is not None
        printed = ""
        while "user_code=" not in printed:
            line = program.stdout.readline()
            assert line, printed
            printed += line
        address = re.search(r"http[^\s\"]+user_code=[A-Z-]+", printed)
        assert address
        yield program, address[0].removeprefix(hub.url)
    finally:
        program.kill()
        program.communicate()


class Terminal:
    """A terminal that a program runs in, to see what it prints and to type."""

    def __init__(self, hub: Live, home: Path, *command: str) -> None:
        self._screen, keyboard = pty.openpty()
        self.program = subprocess.Popen(
            command, env=environment(hub.url, home), cwd=home, start_new_session=True,
            stdin=keyboard, stdout=keyboard, stderr=keyboard,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(keyboard)
        self.shown = ""

    def until(self, text: str) -> None:
        """Read until a text has come; fails when the program ends before."""
        while text not in self.shown:
            assert select.select([self._screen], [], [], 60)[0], self.shown
            self.shown += os.read(self._screen, 4096).decode(errors="replace")

    def until_keys_count(self) -> None:
        """Wait until the program reads single keys; those typed before that are thrown away."""
        deadline = time.monotonic() + 60
        while termios.tcgetattr(self._screen)[3] & termios.ICANON:
            assert time.monotonic() < deadline, self.shown
            time.sleep(0.01)

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def close(self) -> int:
        """Wait for the program's end; gives its exit status."""
        with suppress(OSError):  # what a closed terminal says
            while read := os.read(self._screen, 4096):
                self.shown += read.decode(errors="replace")
        os.close(self._screen)
        return self.program.wait(60)


@pytest.fixture
def browser(writable: Live) -> Browser:
    return Browser(writable)


def test_the_command_line_waits_for_a_page(
    writable: Live, tmp_path: Path, browser: Browser
) -> None:
    with waiting(writable, tmp_path, HF, "auth", "login") as (program, page):
        assert "Sign in" in browser.get(page).text
        browser.sign_in(writable.others["ada"])
        assert "ada" in browser.get(page).text
        assert program.poll() is None
        assert browser.post(page, "/oauth/device/answer", answer="authorize").ok
        program.wait(timeout=60)
        assert program.returncode == 0
    token = (tmp_path / "token").read_text()
    assert token not in writable.others.values()
    told = writable.python("from huggingface_hub import whoami; print(whoami()['name'])", tmp_path)
    assert told == "ada\n"


@pytest.mark.parametrize("way", ["browser", "token"])
def test_a_person_at_a_terminal_chooses_how(
    writable: Live, tmp_path: Path, browser: Browser, way: str
) -> None:
    terminal = Terminal(writable, tmp_path, HF, "auth", "login")
    terminal.until("Paste an access token")
    terminal.until_keys_count()
    if way == "token":
        terminal.type("2")
        terminal.until("Enter your token")
        terminal.type(f"{writable.token}\n")
    else:
        terminal.type("\r")
        terminal.until("Waiting for authorization")
        page = re.search(r"/oauth/device\?user_code=[A-Z-]+", terminal.shown)
        assert page
        browser.sign_in(writable.token)
        browser.post(page[0], "/oauth/device/answer", answer="authorize")
    assert terminal.close() == 0, terminal.shown
    assert writable.token not in terminal.shown
    assert (tmp_path / "token").read_text().startswith("hf_")


def test_a_denied_program_gets_nothing(writable: Live, tmp_path: Path, browser: Browser) -> None:
    browser.sign_in(writable.token)
    with waiting(writable, tmp_path, HF, "auth", "login") as (program, page):
        assert browser.post(page, "/oauth/device/answer", answer="deny").ok
        assert "denied" in program.communicate(timeout=60)[0]
        assert program.returncode != 0
    assert not (tmp_path / "token").exists()


def test_a_notebook_waits_for_a_page_too(writable: Live, tmp_path: Path, browser: Browser) -> None:
    browser.sign_in(writable.token)
    with waiting(writable, tmp_path, sys.executable, "-c", NOTEBOOK) as (program, page):
        assert browser.post(page, "/oauth/device/answer", answer="authorize").ok
        printed = program.communicate(timeout=60)[0]
    assert "Login successful" in printed
    assert printed.endswith("signed in as learner\n")


def test_a_learner_signs_up_and_publishes(writable: Live, tmp_path: Path, browser: Browser) -> None:
    """The whole way in: a name on a page, a token, and the client with it."""
    shown = re.search(r"hf_[0-9a-f]{40}", browser.post("/join", "/join", name="grace").text)
    assert shown
    code = "from huggingface_hub import create_repo; print(create_repo('mine').repo_id)"
    assert writable.python(code, tmp_path, token=shown[0]) == "grace/mine\n"
    assert browser.post("/join", "/join", name="Grace").status_code == 409
