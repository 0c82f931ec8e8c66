"""Installing packages with pip: progress on one line, failures told with their remedy."""

from __future__ import annotations

import os
import platform
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from setup.processes import spawn, stop
from setup.terminal import Progress
from setup.troubles import Trouble

SPACE_NEEDED = 3 * 2**30  # bytes; an environment without CUDA libraries takes about 2 GiB
AGAIN = "Then run the same command again."

# Settings of pip that make sense outside a virtual environment only.
OUTSIDE = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_QUIET")

UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|ProxyError"
    r"|Max retries exceeded|Connection refused|Network is unreachable|Temporary failure in name"
    r"|Connection reset|RemoteDisconnected|ConnectionError|IncompleteRead"
)
CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError")
FULL = re.compile(r"Errno 28|No space left on device|Disk quota exceeded|Errno 122")
FORBIDDEN = re.compile(r"Errno 13|Errno 30|Permission denied|Read-only file system")
NO_MATCH = re.compile(r"No matching distribution found for ([^\s(]+)")
FETCHING = re.compile(r"(?:Downloading|Using cached|Processing) (\S+)(?: \(([\d.]+ [kMG]?B)\))?")
REQUESTED = re.compile(r"The user requested (?:\(constraint\) )?(\S+)")
DEPENDENT = re.compile(r"^\s+\S+ \S+ depends on ", re.MULTILINE)
CONFLICT = re.compile(r"ResolutionImpossible|conflicting dependencies")


def check_space(folder: Path) -> None:
    """Raise Trouble when the disk that will hold `folder` has less than SPACE_NEEDED free."""
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < SPACE_NEEDED:
        raise Trouble(
            f"The disk of {place} has {free / 2**30:.1f} GiB free; the environment needs "
            f"{SPACE_NEEDED / 2**30:.0f} GiB.",
            "Free some space, or set SETUP_VENV to a folder on a larger disk. " + AGAIN,
        )


def package_advice(debian: str) -> str:
    """Return how to install what Debian calls `debian` on this system."""
    family = _system_family()
    commands = {
        "debian": f"sudo apt install {debian}",
        "fedora": "sudo dnf install python3-pip",
        "arch": "sudo pacman -S python-pip",
        "alpine": "sudo apk add py3-pip",
        "suse": "sudo zypper install python3-pip",
    }
    if family in commands:
        return f"Install the system package: `{commands[family]}`. {AGAIN}"
    return (
        "Install pip for this Python with your system's packages (Debian and Ubuntu call it "
        f"{debian}), or use the Python project's own installer. {AGAIN}"
    )


def _system_family() -> str:
    """Return "debian", "fedora", ... as /etc/os-release tells, or ""."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    words = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    known = {"debian": "debian", "ubuntu": "debian", "fedora": "fedora", "rhel": "fedora",
             "arch": "arch", "alpine": "alpine", "suse": "suse", "opensuse": "suse"}
    return next((known[word] for word in words if word in known), "")


def _answers(command: list[str]) -> bool:
    result = subprocess.run(command, capture_output=True, check=False)
    return result.returncode == 0


def installer(python: Path) -> list[str]:
    """Return the command that installs into the environment of `python`.

    That is its own pip, or, where it has none, the running interpreter's pip working on it.
    """
    own = [str(python), "-m", "pip"]
    if _answers([*own, "--version"]):
        return own
    outer = [sys.executable, "-m", "pip", "--python", str(python)]
    if _answers([*outer, "--version"]):
        return outer
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    raise Trouble(
        f"This Python ({sys.executable}) has neither ensurepip nor a pip of its own "
        "(22.3 or newer), so nothing can be installed.",
        package_advice(version),
    )


def _pip_environ() -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    environ["PYTHONUNBUFFERED"] = "1"
    environ.pop("PYTHONPATH", None)
    environ.pop("PYTHONHOME", None)
    # A user's `user = true` in pip's settings must not reach into an environment.
    environ["PIP_USER"] = "0"
    return environ


def install(pip: list[str], what: list[str], folder: Path, progress: Progress) -> None:
    """Run `pip install` for the arguments `what`, telling how far it is.

    `folder` is the environment, watched while pip installs silently. Raises Trouble.
    """
    if not what:
        return
    command = [*pip, "install", "--no-input", "--progress-bar", "off", *what]
    process = spawn(command, environ=_pip_environ(), output=subprocess.PIPE)
    transcript: list[str] = []
    story = Story(folder)
    try:
        for line in _lines(process):
            if line:
                transcript.append(line)
                for lasting in story.read(line):
                    progress.keep(lasting)
            progress.show(story.summary())
    finally:
        stop(process)
    if process.returncode != 0:
        progress.clear()
        raise diagnose("\n".join(transcript), "installing packages")


def _lines(process: subprocess.Popen[bytes], tick: float = 0.25) -> Iterator[str]:
    """Yield the lines a process writes until it ends, and "" at least every `tick` seconds."""
    lines: queue.Queue[str | None] = queue.Queue()
    stream = process.stdout
    if stream is None:
        raise ValueError("the process was started without a pipe for its output")

    def read() -> None:
        for line in stream:
            lines.put(line.decode(errors="replace").rstrip())
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=tick)
        except queue.Empty:
            yield ""
            continue
        if line is None:
            process.wait()
            return
        yield line


class Story:
    """What pip's lines amount to: how many packages are found, which is being fetched, ..."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.found: set[str] = set()
        self.current = ""
        self.to_install = 0
        self.present = 0
        self.silent_index = False

    def read(self, line: str) -> list[str]:
        """Take in one line of pip; return the lines worth keeping on the screen."""
        text = line.strip()
        if match := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.\-]+)", text):
            self.current = self._found(match[1])
        elif match := FETCHING.match(text):
            name = self._found(Path(match[1]).name.split("-")[0])
            self.current = f"{name} ({match[2]})" if match[2] else name
        elif match := re.match(r"Building wheel for (\S+)", text):
            self.current = f"building {match[1]}"
        elif match := re.match(r"Installing collected packages: (.+)", text):
            self.to_install = len(match[1].split(","))
            self.present = self._count()
            return [f"Found and fetched {len(self.found)} packages; installing {self.to_install}."]
        elif "Retrying (" in text and not self.silent_index:
            self.silent_index = True
            return ["The package index does not answer; trying again."]
        return []

    def _found(self, name: str) -> str:
        self.found.add(name.lower().replace("-", "_"))
        return name

    def _count(self) -> int:
        patterns = ("lib/python*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info")
        return sum(1 for pattern in patterns for _ in self.folder.glob(pattern))

    def summary(self) -> str:
        """Return the present state in a line."""
        if self.to_install:
            done = min(max(self._count() - self.present, 0), self.to_install)
            return f"Installing  {done}/{self.to_install} packages"
        return f"Fetching  {len(self.found)} packages  {self.current}"


def diagnose(transcript: str, doing: str) -> Trouble:
    """Return the Trouble that pip's (or venv's) output tells of."""
    if FULL.search(transcript):
        return Trouble(
            f"The disk is full: no space was left while {doing}.",
            "Free some space (pip unpacks in the folder that TMPDIR names, else the system's), "
            "or set SETUP_VENV to a folder on a larger disk. " + AGAIN,
        )
    if CERTIFICATE.search(transcript):
        return Trouble(
            "The package index answered with a certificate that this machine does not trust.",
            "Behind a company's proxy: set PIP_CERT to its certificate file. Otherwise look at "
            "the machine's clock, a frequent cause. " + AGAIN,
        )
    if UNREACHABLE.search(transcript):
        return Trouble(
            f"The package index cannot be reached (while {doing}).",
            "Check the connection; behind a proxy, set HTTPS_PROXY. " + AGAIN
            + " What was fetched is kept, so it goes on from there.",
            "Without a network: on a connected machine of the same kind run `python3 -m pip "
            "download -d wheelhouse -r requirements.txt -c setup/constraints.txt` and the same "
            f"for `--no-deps {_files_only()}`, bring the folder here, and set "
            "PIP_NO_INDEX=1 PIP_FIND_LINKS=/path/to/wheelhouse.",
        )
    return _diagnose_packages(transcript, doing)


def _files_only() -> str:
    from setup.environment import FILES_ONLY

    return FILES_ONLY


def _diagnose_packages(transcript: str, doing: str) -> Trouble:
    version = platform.python_version()
    # A conflict of what the user asked for with the constraints alone: no such version is offered.
    lonely = CONFLICT.search(transcript) and not DEPENDENT.search(transcript)
    if match := NO_MATCH.search(transcript) or (lonely and REQUESTED.search(transcript)):
        return Trouble(
            f"The package index has no {match[1]} for Python {version} on "
            f"{platform.system()} {platform.machine()}.",
            "Use a Python that the tested versions support (3.11 is the one they were tested "
            "with), or remove the line from setup/constraints.txt to try another version.",
            "If other packages are not found either: is the index that pip's settings name the "
            "right one (`python3 -m pip config list`)? With PIP_NO_INDEX, is the wheelhouse whole?",
        )
    if CONFLICT.search(transcript):
        return Trouble(
            "The versions asked for contradict each other.\n" + _tail(transcript),
            "Undo local changes of requirements.txt and setup/constraints.txt (`git diff`).",
        )
    if FORBIDDEN.search(transcript):
        return Trouble(
            f"Permission denied while {doing}.\n" + _tail(transcript),
            "Clone the project into a folder of your own, or set SETUP_VENV to one.",
        )
    return Trouble(
        f"pip failed while {doing}. Its last lines:\n" + _tail(transcript),
        "Mend what it names. " + AGAIN,
    )


def _tail(transcript: str, count: int = 8) -> str:
    lines = [line for line in transcript.splitlines() if line.strip()]
    return "\n".join(lines[-count:])
