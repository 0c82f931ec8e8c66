"""`doctor`: what is missing or odd on this machine, each with its remedy.

Works with the standard library alone, so that it can tell why nothing else works.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from setup import installation, ports
from setup.environment import Environment
from setup.laboratory import USUAL_PORT as LAB_PORT
from setup.places import ROOT, STATE, shown
from setup.solitary import USUAL_PORT as HUB_PORT
from setup.terminal import styled, table

OK, WARNING, PROBLEM = "ok", "warning", "problem"
COLORS = {OK: "green", WARNING: "yellow", PROBLEM: "red"}
LEFT_OVER = ("HF_", "HUGGING", "TRANSFORMERS_", "DATASETS_")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")

# Run by the environment's own interpreter; prints one JSON object.
PROBE = """
import json, torch
mps = getattr(torch.backends, "mps", None)
print(json.dumps({
    "cuda": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
    "mps": bool(mps and mps.is_available()),
    "threads": torch.get_num_threads(),
}))
"""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its state, what was found and, unless it is fine, what to do."""

    subject: str
    state: str
    fact: str
    remedy: str = ""


def examine(environment: Environment) -> list[Finding]:
    """Look at everything; return the findings in the order in which they matter."""
    examinations: tuple[Callable[[Environment], Iterator[Finding]], ...] = (
        _python, _folder, _disk, _environment, _versions, _git, _accelerator, _ports, _proxies,
        _variables,
    )
    return [finding for look in examinations for finding in look(environment)]


def report(findings: list[Finding]) -> str:
    """Return the findings as a table, their remedies below it."""
    rows = [(finding.state, finding.subject, finding.fact) for finding in findings]
    lines = table(("state", "what", "found"), rows).splitlines()
    marked = [styled(lines[0], "bold")]
    for finding, line in zip(findings, lines[1:], strict=True):
        marked.append(styled(finding.state, COLORS[finding.state]) + line[len(finding.state):])
    remedies = [f"{finding.subject}: {finding.remedy}" for finding in findings if finding.remedy]
    return "\n".join([*marked, *([""] if remedies else []), *remedies])


def _python(environment: Environment) -> Iterator[Finding]:
    version = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("Python", OK, version)
    own_pip = importlib.util.find_spec("pip") is not None
    if importlib.util.find_spec("venv") is None or not (
        importlib.util.find_spec("ensurepip") or own_pip
    ):
        yield Finding(
            "venv", PROBLEM, "this Python can neither make environments with pip nor has pip",
            installation.package_advice("python3-venv"),
        )


def _folder(environment: Environment) -> Iterator[Finding]:
    if os.access(ROOT, os.W_OK):
        yield Finding("folder", OK, str(ROOT))
    else:
        yield Finding(
            "folder", PROBLEM, f"{ROOT} cannot be written to",
            "Clone the project into a folder of your own.",
        )


def _disk(environment: Environment) -> Iterator[Finding]:
    place = next(path for path in (environment.folder, *environment.folder.parents)
                 if path.exists())
    free = shutil.disk_usage(place).free
    needed = 2**30 if environment.is_ready() else installation.SPACE_NEEDED
    fact = f"{free / 2**30:.1f} GiB free"
    if free >= needed:
        yield Finding("disk", OK, fact)
    else:
        yield Finding(
            "disk", PROBLEM, f"{fact}, {needed / 2**30:.0f} GiB needed",
            "Free some space, or set SETUP_VENV to a folder on a larger disk.",
        )


def _environment(environment: Environment) -> Iterator[Finding]:
    where = shown(environment.folder)
    if environment.is_ready():
        yield Finding("environment", OK, where)
    elif environment.folder.exists():
        yield Finding(
            "environment", WARNING, f"{where} is incomplete or out of date",
            "Any other command mends it (`python3 -m setup run`).",
        )
    else:
        yield Finding(
            "environment", WARNING, f"{where} does not exist yet",
            "Any other command makes it (`python3 -m setup run`).",
        )


def _pins(environment: Environment) -> dict[str, str]:
    """Return the tested versions as {"torch": "2.13.0", ...}, names in lower case with "-"."""
    try:
        text = environment.constraints.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    pairs = (line.split("==") for line in text.splitlines() if "==" in line)
    return {_plain(pair[0]): pair[1].split(";")[0].strip() for pair in pairs if pair[0][0] != "#"}


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")


def _versions(environment: Environment) -> Iterator[Finding]:
    folders = [*environment.folder.glob("lib/python*/site-packages"),
               *environment.folder.glob("Lib/site-packages")]
    installed = {
        _plain(found.name): found.version
        for found in distributions(path=[str(folder) for folder in folders])
    }
    if not installed:
        return
    pins = _pins(environment)
    odd = [
        f"{name} {installed[name]} (tested: {pin})" for name, pin in sorted(pins.items())
        if name in installed and installed[name].split("+")[0] != pin
    ]
    if not odd:
        known = sum(1 for name in pins if name in installed)
        yield Finding("versions", OK, f"{known} packages as tested")
        return
    fact = "; ".join(odd[:3]) + (f" and {len(odd) - 3} more" if len(odd) > 3 else "")
    yield Finding(
        "versions", WARNING, fact,
        f"To get the tested ones, remove {shown(environment.folder)} and run any command.",
    )


def _git(environment: Environment) -> Iterator[Finding]:
    for name, needed_for, state in (
        ("git", "the local Hub keeps its repositories with it", PROBLEM),
        ("git-lfs", "needed only to clone and push repositories with weights by git", WARNING),
    ):
        if shutil.which(name):
            yield Finding(name, OK, _first_line([name, "--version"]))
        else:
            yield Finding(
                name, state, f"not installed ({needed_for})",
                f"Install the package {name} with your system's packages.",
            )


def _first_line(command: list[str], timeout: float = 20) -> str:
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"found, but it does not answer ({type(error).__name__})"
    return (result.stdout.strip().splitlines() or ["found"])[0]


def _accelerator(environment: Environment) -> Iterator[Finding]:
    if os.environ.get("TPU_NAME") or Path("/dev/accel0").exists():
        yield Finding("accelerator", OK, "a TPU, used through torch_xla where that is installed")
    if not environment.is_ready():
        return
    answer = _first_line([str(environment.python), "-c", PROBE], timeout=120)
    try:
        facts = json.loads(answer)
    except ValueError:
        yield Finding(
            "accelerator", PROBLEM, "torch cannot be imported",
            f"Remove {shown(environment.folder)} and run any command to make it anew.",
        )
        return
    yield _device(facts)


def _device(facts: dict[str, object]) -> Finding:
    cuda = facts["cuda"]
    if isinstance(cuda, list) and cuda:
        return Finding("accelerator", OK, "CUDA: " + ", ".join(map(str, cuda)))
    if facts["mps"]:
        return Finding("accelerator", OK, "Apple GPU (mps)")
    if shutil.which("nvidia-smi"):
        return Finding(
            "accelerator", WARNING, "an NVIDIA driver is here, but torch was built without CUDA",
            "Install the CUDA build of torch into the environment if you want it; "
            "the course runs without.",
        )
    return Finding("accelerator", OK, f"none; the processor, {facts['threads']} threads")


def _ports(environment: Environment) -> Iterator[Finding]:
    for name, port in (("lab", LAB_PORT), ("hub", HUB_PORT)):
        if ports.is_free(port):
            yield Finding(f"port {port}", OK, f"free for `{name}`")
            continue
        holder = ports.holder_of(port) or "another program"
        yield Finding(f"port {port}", OK, f"held by {holder}; `{name}` takes another one")


def _proxies(environment: Environment) -> Iterator[Finding]:
    named = [name for name in PROXIES if os.environ.get(name) or os.environ.get(name.lower())]
    if not named:
        yield Finding("proxies", OK, "none set")
        return
    yield Finding(
        "proxies", OK, f"{', '.join(named)} set; the local Hub is always reached directly"
    )


def _variables(environment: Environment) -> Iterator[Finding]:
    here = str(STATE / "home")
    names = sorted(name for name in os.environ if name.startswith(LEFT_OVER))
    if not names:
        yield Finding("HF variables", OK, "none set in this shell")
    elif os.environ.get("HF_HOME") == here:
        yield Finding("HF variables", OK, "this shell points at the local Hub")
    else:
        yield Finding(
            "HF variables", WARNING, f"set in this shell: {', '.join(names)}",
            "The classroom ignores them; with --live they count. Unset what you did not mean.",
        )
