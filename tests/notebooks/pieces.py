"""What a notebook defines: the files that its cells write, and the functions of its cells."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.notebooks.bar import Book, source

WRITE = re.compile(r"%%writefile (-a )?(\S+)\n")


def written(notebook: Path, name: str) -> str:
    """Return the text of the file `name` after all `%%writefile` cells of a notebook have run."""
    text = ""
    for cell in Book.read(notebook).code:
        match = WRITE.match(source(cell))
        if match and match[2] == name:
            text = (text if match[1] else "") + source(cell)[match.end():] + "\n"
    return text


def functions(notebook: Path, *names: str) -> str:
    """Return the source of the functions `names` that a notebook's cells define, in that order."""
    found: dict[str, str] = {}
    for cell in Book.read(notebook).code:
        if source(cell).startswith("%%") or "%pip" in source(cell):
            continue
        for node in ast.parse(source(cell)).body:
            if isinstance(node, ast.FunctionDef):
                found[node.name] = ast.unparse(node)
    return "\n\n".join(found[name] for name in names)
