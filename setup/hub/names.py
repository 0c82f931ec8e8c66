"""Names that come from outside: repository ids, file paths and revisions, checked before use.

Everything here is pure. A name that passes is safe to join to a folder and to put in a header.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from setup.hub.errors import BadRequest

MAX_ID = 96  # characters in OWNER/NAME, the limit that the clients check too
MAX_PATH = 1024  # characters in a path inside a repository
# First words of addresses that mean something else than an owner.
RESERVED_OWNERS = frozenset({
    "api", "datasets", "models", "spaces", "new", "new-dataset", "new-space", "login", "logout",
    "join", "settings", "oauth", "static", "docs", "organizations", "kernels", "buckets",
    "web", "github",
})  # fmt: skip

_WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REVISION_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.lock$|^-")


class Kind(StrEnum):
    """What a repository holds."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"

    @property
    def plural(self) -> str:
        """The word used in API addresses and in folders: ``models``."""
        return f"{self.value}s"

    @property
    def prefix(self) -> str:
        """What stands before the id in web and git addresses: ``""`` or ``datasets/``."""
        return "" if self is Kind.MODEL else f"{self.plural}/"

    @classmethod
    def from_plural(cls, word: str) -> "Kind | None":
        """Give the kind for ``models``, ``datasets`` or ``spaces``, else None."""
        return next((kind for kind in cls if kind.plural == word), None)


@dataclass(frozen=True, order=True)
class RepoId:
    """The full address of a repository: kind, owner and name."""

    kind: Kind
    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def folder(self) -> str:
        """``models/OWNER/NAME``: unique among all kinds."""
        return f"{self.kind.plural}/{self.owner}/{self.name}"


def repo_id(kind: Kind, owner: str, name: str) -> RepoId:
    """Check an owner and a name and join them.

    Raises BadRequest when a part has other characters than letters, digits, ``-``, ``_`` and
    ``.``, starts or ends with ``-`` or ``.``, or when the id is longer than 96 characters.
    """
    whole = f"{owner}/{name}"
    if owner.lower() in RESERVED_OWNERS:
        raise BadRequest(f"Invalid repository id {whole!r}: {owner} is a word of the Hub's own.")
    bad = next((part for part in (owner, name) if not is_word(part)), None)
    if bad is not None or len(whole) > MAX_ID:
        raise BadRequest(
            f"Invalid repository id {whole!r}: write OWNER/NAME with letters, digits, '-', '_' "
            f"and '.', at most {MAX_ID} characters, no '--' or '..', not ending in '.git'."
        )
    return RepoId(kind, owner, name)


def is_word(part: str) -> bool:
    """Tell whether a text can be an owner or a repository name."""
    return (
        _WORD.fullmatch(part) is not None
        and "--" not in part
        and ".." not in part
        and not part.endswith((".git", ".ipynb"))
    )


def file_path(path: str) -> str:
    """Check a path inside a repository and give it back; ``""`` is the root.

    Raises BadRequest for control characters, backslashes, empty, ``.`` and ``..`` parts, a
    ``.git`` part, or more than 1024 characters.
    """
    parts = path.split("/") if path else []
    wrong = {"", ".", ".."}.intersection(parts) or any(part.lower() == ".git" for part in parts)
    if wrong or _CONTROL.search(path) or "\\" in path or len(path) > MAX_PATH:
        raise BadRequest(
            f"Invalid path {path[:200]!r}: write it relative to the repository's root, with '/' "
            "between folders and without '.', '..', '.git', backslashes or control characters."
        )
    return path


def revision_name(revision: str) -> str:
    """Check a revision (branch, tag or commit hash) by git's own rules for reference names.

    Raises BadRequest for what git could read as an expression (``HEAD~1``, ``main:file``).
    """
    if not revision or len(revision) > 256 or _REVISION_FORBIDDEN.search(revision):
        raise BadRequest(
            f"Invalid revision {revision[:200]!r}: use a branch, a tag or a commit hash."
        )
    return revision


def branch_name(name: str) -> str:
    """Check the name of a branch or tag that is to be made.

    Raises BadRequest as ``revision_name`` does, and for names that could be taken for something
    else: a full reference, HEAD, or a commit hash.
    """
    revision_name(name)
    if name.startswith("refs/") or name == "HEAD" or re.fullmatch(r"[0-9a-f]{40}", name):
        raise BadRequest(f"Invalid name {name[:200]!r}: it reads as a reference or a commit hash.")
    if any(part.startswith(".") or part.endswith((".", ".lock")) for part in name.split("/")):
        raise BadRequest(f"Invalid name {name[:200]!r}: no part may start or end with a dot.")
    return name
