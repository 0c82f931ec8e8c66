"""Write the badges of every notebook and the README's table of notebooks.

Where the course is published stands once, in `pyproject.toml` under `[tool.course]`; everything
that names it is written from there by `python3 -m setup stamp`, and `--check` says what is stale.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MARK = "<!-- badges -->"
BADGE = "[![Open in Colab]"  # how the line of badges begins
TABLE = re.compile(r"(<!-- notebooks -->\n).*?(<!-- /notebooks -->)", flags=re.DOTALL)
REPOSITORY = re.compile(r'^repository = ".*"$', flags=re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
COLAB = "https://colab.research.google.com"
STUDIO_LAB = "https://studiolab.sagemaker.aws"


class StampError(ValueError):
    """A notebook or a name that cannot be stamped."""


@dataclass(frozen=True)
class Publication:
    """Where the course is published: `OWNER/NAME` and a branch, on GitHub."""

    repository: str
    branch: str

    @classmethod
    def read(cls, root: Path) -> Publication:
        """Read it from `root/pyproject.toml`."""
        settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        return cls(**settings["tool"]["course"])

    def badges(self, notebook: str) -> str:
        """Return the Markdown badges of a notebook, named by its path from the root."""
        place = f"{self.repository}/blob/{self.branch}/{notebook}"
        return (f"{BADGE}({COLAB}/assets/colab-badge.svg)]({COLAB}/github/{place}) "
                f"[![Open in Studio Lab]({STUDIO_LAB}/studiolab.svg)]"
                f"({STUDIO_LAB}/import/github/{place})")


def notebooks(root: Path) -> list[Path]:
    """Return the notebooks below `root` in reading order."""
    return sorted((root / "notebooks").glob("[0-9]_*/[0-9]*.ipynb"))


def first_lines(path: Path) -> list[str]:
    """Return the lines of a notebook's first cell: its title, then the badges."""
    cell = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    return "".join(cell["source"]).split("\n")


def stamped_notebook(path: Path, badges: str) -> str:
    """Return the notebook's text with `badges` on the line below the mark in its first cell.

    (On the mark's own line, Markdown would take them for a part of the comment.) Raises StampError
    when no line of the first cell is the mark.
    """
    lines = first_lines(path)
    if MARK not in lines:
        raise StampError(f"{path}: no line {MARK!r} in the first cell; add it below the title")
    below = lines.index(MARK) + 1
    stamped_before = below < len(lines) and lines[below].startswith(BADGE)
    lines[below:below + stamped_before] = [badges]
    book = json.loads(path.read_text(encoding="utf-8"))
    book["cells"][0]["source"] = "\n".join(lines).splitlines(keepends=True)
    return json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def table(root: Path, publication: Publication) -> str:
    """Return the README's table: a row a notebook, its title, its badges."""
    rows = ["| chapter | notebook | open |", "|---|---|---|"]
    chapter = None
    for path in notebooks(root):
        place = path.relative_to(root).as_posix()
        title = first_lines(path)[0].removeprefix("# ")
        here = path.parent.relative_to(root).as_posix()
        link = f"[{path.parent.name}]({here}/README.md)" if here != chapter else ""
        chapter = here
        rows.append(f"| {link} | [{title}]({place}) | {publication.badges(place)} |")
    return "\n".join(rows) + "\n"


def stamped(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file that carries a stamp, with the text it should have."""
    publication = Publication.read(root)
    for path in notebooks(root):
        yield path, stamped_notebook(path, publication.badges(path.relative_to(root).as_posix()))
    readme = root / "README.md"
    rows = table(root, publication)
    text = readme.read_text(encoding="utf-8")
    yield readme, TABLE.sub(lambda found: found[1] + rows + found[2], text)


def stale(root: Path) -> list[Path]:
    """Return the files whose stamps are not what they should be."""
    return [path for path, text in stamped(root) if path.read_text(encoding="utf-8") != text]


def rename(root: Path, repository: str) -> None:
    """Set the repository that the badges name, in the one place where it stands."""
    if not NAME.fullmatch(repository):
        raise StampError(f"{repository!r} is not a GitHub repository; write OWNER/NAME")
    settings = root / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(REPOSITORY.sub(f'repository = "{repository}"', text), encoding="utf-8")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to `parser`."""
    parser.add_argument("--repository", metavar="OWNER/NAME",
                        help="first set the repository that the badges name")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is stale")


def stamp(arguments: argparse.Namespace, root: Path = ROOT) -> int:
    """Write all stamps below `root`, or with `check` only compare; return the exit status."""
    if arguments.repository:
        rename(root, arguments.repository)
    old = stale(root)
    texts = dict(stamped(root))
    for path in old:
        print(f"{'stale' if arguments.check else 'stamped'}: {path.relative_to(root)}")
        if not arguments.check:
            path.write_text(texts[path], encoding="utf-8")
    return 1 if arguments.check and old else 0
