"""pip's output: condensed while all goes well, understood when it does not."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from setup import installation
from setup.installation import Story, diagnose

FAILURES = {
    "disk": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "The disk is full", "TMPDIR",
    ),
    "certificate": (
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'SSLError("
        "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))'",
        "does not trust", "PIP_CERT",
    ),
    "name": (
        "WARNING: Retrying after connection broken by 'NameResolutionError(host)': /simple/torch/\n"
        "ERROR: Could not find a version that satisfies the requirement torch (from versions: none)"
        "\nERROR: No matching distribution found for torch",
        "cannot be reached", "HTTPS_PROXY",
    ),
    "proxy": ("ProxyError('Cannot connect to proxy.')", "cannot be reached", "HTTPS_PROXY"),
    "version": (
        "ERROR: Could not find a version that satisfies the requirement torch==2.13.0\n"
        "ERROR: No matching distribution found for torch==2.13.0",
        "has no torch==2.13.0 for Python", "constraints.txt",
    ),
    "conflict": (
        "ERROR: Cannot install a and b because these package versions have conflicting "
        "dependencies.\nThe conflict is caused by:\n    a 1.0 depends on c<2\n    b 1.0 depends on "
        "c>=2\nERROR: ResolutionImpossible", "contradict each other", "git diff",
    ),
    "forbidden": (
        "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'",
        "Permission denied", "SETUP_VENV",
    ),
    "unknown": ("line one\nsomething new broke", "something new broke", "run the same command"),
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_each_failure_gets_its_own_remedy(case: tuple[str, str, str]) -> None:
    transcript, problem, remedy = case
    trouble = diagnose(transcript, "installing packages")
    assert problem in trouble.problem
    assert remedy in " ".join(trouble.remedies)
    assert "Traceback" not in trouble.told()
    assert max(map(len, trouble.told().splitlines())) <= 100


def test_the_story_follows_pip_from_finding_to_installing(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    (site / "pip-1.0.dist-info").mkdir(parents=True)
    story = Story(tmp_path)
    for line in ("Collecting torch==2.13.0 (from -r requirements.txt (line 6))",
                 "Processing /house/mpmath-1.3.0-py3-none-any.whl (from sympy->torch)",
                 "  Downloading torch-2.13.0-cp311.whl (180.1 MB)"):
        assert story.read(line) == []
    assert story.summary() == "Fetching  2 packages  torch (180.1 MB)"
    story.read("Requirement already satisfied: numpy in /x (2.0)")
    kept = story.read("Installing collected packages: mpmath, sympy, torch")
    assert kept == ["Found and fetched 3 packages; installing 3."]
    (site / "mpmath-1.0.dist-info").mkdir()
    assert story.summary() == "Installing  1/3 packages"


def test_a_silent_index_is_told_once(tmp_path: Path) -> None:
    line = "WARNING: Retrying (Retry(total=4)) after connection broken by 'X': /simple/torch/"
    story = Story(tmp_path)
    assert story.read(line) == ["The package index does not answer; trying again."]
    assert story.read(line) == []


@pytest.mark.parametrize(
    ("release", "advice"),
    [
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "sudo apt install python3.12-venv"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "sudo dnf install python3-pip"),
        ({"ID": "alpine"}, "sudo apk add py3-pip"),
        ({"ID": "plan9"}, "Debian and Ubuntu call it python3.12-venv"),
    ],
)
def test_the_package_is_named_in_the_systems_own_words(
    monkeypatch: pytest.MonkeyPatch, release: dict[str, str], advice: str
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    assert advice in installation.package_advice("python3.12-venv")


def test_settings_for_outside_an_environment_do_not_reach_pip(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror/simple")
    environ = installation._pip_environ()
    assert "PIP_TARGET" not in environ
    assert "PYTHONPATH" not in environ
    assert environ["PIP_INDEX_URL"] == "http://mirror/simple"
    assert environ["PIP_USER"] == "0"
