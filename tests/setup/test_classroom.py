"""The classroom: variables that lead to the local Hub and keep the user's own world out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from setup import classroom, solitary
from setup.troubles import Trouble
from tests.setup.conftest import STUB_HUB, Clone, wait_until

IN_USE = "import sys; sys.exit('error: Another Hub is using the state folder /x. Stop it.')"


@pytest.fixture
def stub(tmp_path: Path) -> list[str]:
    """The command of the stub Hub on a state of its own."""
    script = tmp_path / "stub.py"
    script.write_text(STUB_HUB, encoding="utf-8")
    return [sys.executable, str(script), "--state", str(tmp_path / "state" / "hub"), "--port", "0"]


def test_personal_settings_stay_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    personal = {
        "HF_TOKEN": "hf_mine", "HF_HUB_OFFLINE": "1", "HUGGING_FACE_HUB_TOKEN": "hf_mine",
        "TRANSFORMERS_CACHE": "/mine", "GITHUB_TOKEN": "ghp_mine", "PYTHONPATH": "/mine",
        "MPLBACKEND": "TkAgg",
    }
    for name, value in personal.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MY_OWN", "kept")
    environ = classroom.local_environ("http://127.0.0.1:7", tmp_path)
    assert not {name for name, value in personal.items() if environ.get(name) == value}
    assert environ["MY_OWN"] == "kept"
    assert environ["HF_ENDPOINT"] == "http://127.0.0.1:7"
    assert environ["HF_HOME"] == str(tmp_path / "home")
    assert environ["HF_HUB_DISABLE_XET"] == "1"
    assert environ["WEB_MIRROR"] == "http://localhost:7/web/"
    assert environ["GITHUB_API_URL"] == "http://127.0.0.1:7/github"


def test_the_classrooms_own_token_is_handed_out(tmp_path: Path) -> None:
    assert "HF_TOKEN" not in classroom.variables("http://127.0.0.1:7", tmp_path)
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "token").write_text("hf_class\n", encoding="utf-8")
    assert classroom.variables("http://127.0.0.1:7", tmp_path)["HF_TOKEN"] == "hf_class"


@pytest.mark.parametrize("before", ["", "intranet.example"])
def test_proxies_are_kept_away_from_the_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", before)
    environ = classroom.local_environ("http://127.0.0.1:7", tmp_path)
    parts = environ["NO_PROXY"].split(",")
    assert parts == [*([before] if before else []), "127.0.0.1", "localhost"]
    assert environ["no_proxy"] == environ["NO_PROXY"]
    assert environ["HTTPS_PROXY"] == "http://proxy:3128"


def test_the_live_world_starts_nothing_and_keeps_the_users_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    monkeypatch.setattr(classroom, "spawn", None)
    with classroom.opened(live=True, checked=False, state=tmp_path) as world:
        assert world.environ["HF_TOKEN"] == "hf_mine"
        assert world.environ.get("HF_ENDPOINT", "") == ""
        assert world.address == ""


def test_only_checked_outputs_are_silenced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stub: list[str]
) -> None:
    monkeypatch.setattr(classroom, "hub_command", lambda port, state: stub)
    monkeypatch.setattr(classroom, "list_fonts", lambda *words: None)
    with classroom.opened(state=tmp_path / "state") as world:
        assert world.environ["TRANSFORMERS_VERBOSITY"] == "error"
        assert world.environ["HF_TOKEN"] == "hf_stub"
    with classroom.opened(checked=False, state=tmp_path / "state") as world:
        assert "TRANSFORMERS_VERBOSITY" not in world.environ
        assert "IPYTHONDIR" not in world.environ


def test_a_second_command_shares_the_hub_that_runs(tmp_path: Path, stub: list[str]) -> None:
    state = tmp_path / "state"
    with classroom.served(stub, state) as (process, address):
        with classroom.serving(["does-not-exist"], state) as shared:
            assert shared == address
        assert process.poll() is None  # it ends with its owner only
        assert classroom.running(state) == address
    assert classroom.running(state) == ""
    assert process.poll() is not None


def test_a_command_that_comes_a_moment_late_waits_for_the_other_hub(
    tmp_path: Path, stub: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    late = [sys.executable, "-c", IN_USE]
    with classroom.served(stub, state) as (_, address):
        answers = iter(["", ""])  # not yet there when asked first
        real = classroom.running
        monkeypatch.setattr(
            classroom, "running", lambda state: next(answers, None) or real(state)
        )
        with classroom.serving(late, state) as shared:
            assert shared == address
    monkeypatch.setattr(classroom, "DEADLINE", 1.0)
    with pytest.raises(Trouble, match="no Hub answers"), classroom.serving(late, state):
        pass


def test_an_address_left_behind_is_not_believed(tmp_path: Path, stub: list[str]) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / classroom.RUNNING).write_text("http://127.0.0.1:9", encoding="utf-8")
    assert classroom.running(state) == ""
    with classroom.serving(stub, state) as address:
        assert address != "http://127.0.0.1:9"


def test_a_hub_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = [sys.executable, "-c", "import sys; sys.exit('the store is damaged')"]
    with (
        pytest.raises(Trouble, match="the store is damaged") as caught,
        classroom.serving(broken, tmp_path),
    ):
        pass
    assert "did not start" in caught.value.problem
    assert "hub.log" in " ".join(caught.value.remedies)


def test_a_hub_that_stays_silent_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classroom, "DEADLINE", 0.5)
    silent = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        pytest.raises(Trouble, match="did not answer within"),
        classroom.serving(silent, tmp_path),
    ):
        pass


def test_fonts_are_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def spawn(*words: object, **more: object) -> subprocess.Popen[bytes]:
        calls.append(words)
        return subprocess.Popen([sys.executable, "-c", ""])

    monkeypatch.setattr(classroom, "spawn", spawn)
    classroom.list_fonts(tmp_path)
    assert len(calls) == 1
    (tmp_path / "matplotlib" / "fontlist-v400.json").touch()
    classroom.list_fonts(tmp_path)
    assert len(calls) == 1


def test_exports_can_be_pasted_into_both_kinds_of_shell() -> None:
    variables = {"HF_ENDPOINT": "http://127.0.0.1:7", "HF_HOME": "/my home/it's"}
    posix = solitary.exports(variables, windows=False)
    script = posix + "\nprintf %s \"$HF_HOME\""
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "/my home/it's"
    powershell = solitary.exports(variables, windows=True)
    assert powershell.splitlines()[1] == "$env:HF_HOME = '/my home/it''s'"


def test_an_address_for_other_machines_is_never_0000() -> None:
    assert solitary.reachable("http://127.0.0.1:7") == "http://127.0.0.1:7"
    assert "0.0.0.0" not in solitary.reachable("http://0.0.0.0:7")


def test_a_second_hub_of_the_same_clone_is_refused_with_the_firsts_address(clone: Clone) -> None:
    first = clone.start("hub")
    address = clone.folder / ".classroom" / "hub.address"
    assert wait_until(address.exists)
    status, output = clone.call("hub")
    assert status == 2
    assert address.read_text(encoding="utf-8") in output
    first.terminate()
    assert first.wait(20) == 143


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_a_hub_knows_whether_others_can_reach_it(host: str, own: bool) -> None:
    assert solitary.local(host) is own


def test_a_hub_for_a_room_says_what_that_exposes_and_shows_no_token(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "token").write_text("hf_secret", encoding="utf-8")
    closed = solitary.exposure("http://10.0.0.7:8800", sign_up=False, state=tmp_path)
    opened = solitary.exposure("http://10.0.0.7:8800", sign_up=True, state=tmp_path)
    assert "hf_secret" not in closed + opened
    assert "http://10.0.0.7:8800/join" in opened
    assert "--sign-up" in closed
    for told in (closed, opened):
        assert "can read" in told
        assert "unencrypted" in told
