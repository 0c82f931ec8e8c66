"""Where things lie: the project's folders and the state made at run time."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
SEEDS = ROOT / "data" / "hub"
TESTS = ROOT / "tests"
REQUIREMENTS = ROOT / "requirements.txt"
CONSTRAINTS = ROOT / "setup" / "constraints.txt"
STATE = ROOT / ".classroom"


def shown(path: Path) -> str:
    """Return `path` relative to the working folder where that is shorter.

    `/home/ada/course/.venv` seen from `/home/ada/course` is `.venv`.
    """
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
