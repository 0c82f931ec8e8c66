"""The JavaScript client, unmodified, in the version that ``javascript/package-lock.json`` pins."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.hub.conftest import ROOT, Live

HERE = Path(__file__).parent / "javascript"
LARGE = 12_000_000  # bytes of the large file that the script sends


def installed() -> Path:
    """Give the folder with the pinned packages, filled once; skips where that cannot be done."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    lock = (HERE / "package-lock.json").read_bytes()
    kept = ROOT / ".classroom/npm" / hashlib.sha256(lock).hexdigest()[:12]
    if not kept.exists():
        _install(kept)
    return kept / "node_modules"


def _install(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = shutil.copytree(HERE, Path(folder) / "draft")
        words = ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
        done = subprocess.run(
            [*words, "--fetch-retries=1", "--fetch-timeout=20000"],
            cwd=draft, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            first = (done.stderr.strip().splitlines() or ["npm says nothing"])[0]
            pytest.skip(f"the package @huggingface/hub cannot be installed: {first}")
        if not target.exists():
            os.rename(draft, target)


def test_the_lock_names_no_registry() -> None:
    text = (HERE / "package-lock.json").read_text()
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert packages[""]["dependencies"] == wanted
    assert all("integrity" in item for name, item in packages.items() if name)


def test_javascript_makes_fills_lists_reads_and_deletes(writable: Live, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(installed())
    shutil.copy(HERE / "peer.mjs", tmp_path)
    done = subprocess.run(
        ["node", "peer.mjs", writable.url, writable.token],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["who"] == ["learner", ["our-class"]]
    assert told["created"] == f"{writable.url}/learner/by-javascript"
    assert (told["again"], told["hidden"]) == (409, 404)
    assert sorted(told["files"]) == [".gitattributes", "large.dat", "notes", "notes/small.txt"]
    assert (told["large"], told["same"]) == ([LARGE], True)
    assert told["small"] == told["branch"] == "from JavaScript"
    assert told["titles"] == ["two files", "initial commit"]
    assert sorted(told["left"]) == [".gitattributes", "large.dat"]
    assert told["pull"] == f"{writable.url}/learner/by-javascript/discussions/1"
    assert told["listed"] == ["learner/by-javascript"]
    assert (told["exists"], told["gone"]) == (False, False)
