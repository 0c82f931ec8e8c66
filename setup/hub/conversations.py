"""Discussions and pull requests of a repository, kept beside its git files. No HTTP here.

``REPO.git/discussions/N.json`` is one of them; a pull request's commits lie on ``refs/pr/N``.
What is left out: reactions, attachments, mentions and notifications.
"""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from setup.hub.changes import Message
from setup.hub.disk import read_json, write_json
from setup.hub.errors import BadRequest, Conflict, NotFound, RevisionNotFound
from setup.hub.repository import CommitInfo, Repository

FOLDER = "discussions"
OPEN = ("open", "draft")  # the states in which a pull request takes commits and can be merged
MAX_TITLE = 200  # characters
MAX_TEXT = 64 * 1024  # characters of a comment, the real Hub's limit
Event = dict[str, Any]


@dataclass
class Conversation:
    """A discussion, or a pull request; ``base`` is the reference that it would change."""

    num: int
    title: str
    author: str
    status: str
    created: str
    pull: bool
    base: str = ""
    start: str = ""  # the commit that a pull request was begun on
    merged: str = ""  # the commit that merged it
    events: list[Event] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """The reference that holds a pull request's commits."""
        return f"refs/pr/{self.num}"

    def comment(self, identity: str) -> Event:
        """Find a comment by its id; raises NotFound when there is none."""
        for event in self.events:
            if event["id"] == identity and event["type"] == "comment":
                return event
        raise NotFound(f"Discussion {self.num} has no comment {identity[:50]!r}.")


def now() -> str:
    """This moment in UTC as the Hub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def number(text: str) -> int:
    """Read a conversation's number; raises BadRequest for anything else."""
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 9 or int(text) < 1:
        raise BadRequest(f"{text[:50]!r} is not the number of a discussion or pull request.")
    return int(text)


def every(repository: Repository) -> list[Conversation]:
    """List all conversations, newest first."""
    numbers = (int(path.stem) for path in (repository.path / FOLDER).glob("*.json"))
    return [load(repository, num) for num in sorted(numbers, reverse=True)]


def load(repository: Repository, num: int) -> Conversation:
    """Read one; raises NotFound when there is none of this number."""
    record = read_json(_file(repository, num), {})
    if not record:
        raise NotFound(f"There is no discussion or pull request {num} here.")
    return Conversation(**record)


def save(repository: Repository, conversation: Conversation) -> None:
    """Write one, whole or not at all."""
    write_json(_file(repository, conversation.num), asdict(conversation))


def begin(
    repository: Repository, title: str, text: str, author: str, base: str | None = None
) -> Conversation:
    """Make a discussion, or with ``base`` (a branch) a pull request with no commits yet.

    It is not visible until it is saved. Raises BadRequest for a title of fewer than 3 or more
    than 200 characters, RevisionNotFound for a branch that is not there.
    """
    num = _next(repository)
    made = Conversation(num, checked_title(title), author, "open", now(), base is not None)
    made.events.append(comment(text, author))
    if base is not None:
        made.base, made.status = f"refs/heads/{base.removeprefix('refs/heads/')}", "draft"
        made.start = repository.head(made.base) or ""
        if not made.start:
            raise RevisionNotFound(f"Invalid rev id: {base[:200]} is not a branch.")
        repository.point(made.ref, None, made.start)
    return made


def checked_title(title: str) -> str:
    """Give a title without blanks around it; raises BadRequest when it is too short or long."""
    title = title.strip()
    if not 3 <= len(title) <= MAX_TITLE:
        raise BadRequest(f"A title has 3 to {MAX_TITLE} characters; this one has {len(title)}.")
    return title


def comment(text: str, author: str) -> Event:
    """Make a comment; raises BadRequest when it is empty or too long."""
    return event("comment", author, edited=False, hidden=False, latest=version(text, author))


def version(text: str, author: str) -> dict[str, Any]:
    """Give one version of a comment's text; raises BadRequest when it is empty or too long."""
    if not text.strip() or len(text) > MAX_TEXT:
        raise BadRequest(f"A comment has 1 to {MAX_TEXT} characters; this one has {len(text)}.")
    return {"raw": text, "html": "", "updatedAt": now(), "author": {"name": author}}


def event(kind: str, author: str, **data: object) -> Event:
    """Make an entry of a conversation's history."""
    identity = secrets.token_hex(12)
    about = {"id": identity, "type": kind, "createdAt": now(), "author": {"name": author}}
    return {**about, "data": data}


def commits(repository: Repository, conversation: Conversation) -> list[CommitInfo]:
    """List a pull request's own commits, oldest first."""
    head = repository.head(conversation.ref) if conversation.pull else None
    found: list[CommitInfo] = []
    for info in repository.log(head) if head else ():
        if info.oid == conversation.start:
            break
        found.append(info)
    return found[::-1]


def require_open(repository: Repository, num: int) -> Conversation:
    """Give a pull request that still takes commits; raises Conflict for another."""
    found = load(repository, num)
    if not found.pull or found.status not in OPEN:
        kind = "pull request" if found.pull else "discussion"
        raise Conflict(f"{num} is a {kind} that is {found.status}: it takes no commits.")
    return found


def merge(repository: Repository, num: int, author: str, text: str = "") -> Conversation:
    """Put a pull request's changes on its base as one commit.

    Raises Conflict when it is not open or when both sides changed the same lines, and says where.
    """
    found = require_open(repository, num)
    head, base = repository.head(found.ref), repository.head(found.base)
    if head is None or base is None:
        raise Conflict(f"Pull request {num} has lost its branch or its base.")
    tree, conflicts = repository.merged_tree(base, head)
    if tree is None:
        raise Conflict(f"Pull request {num} conflicts in {', '.join(conflicts)[:500]}.")
    listed = "\n".join(f"- {info.title} ({info.oid})" for info in commits(repository, found))
    message = Message(f"{found.title} (#{num})", listed, author)
    made = repository.append(found.base, tree, base, message.text, message.signature)
    if made is None:
        raise Conflict(f"{found.base} is being changed by a push: try again in a moment.")
    if text.strip():
        found.events.append(comment(text, author))
    found.status, found.merged = "merged", made
    found.events.append(event("status-change", author, status="merged"))
    save(repository, found)
    return found


def _next(repository: Repository) -> int:
    """The next free number: a pull request may have left its reference without a record."""
    known = [int(path.stem) for path in (repository.path / FOLDER).glob("*.json")]
    known += [int(ref.name) for ref in repository.references("refs/pr/") if ref.name.isdigit()]
    return max(known, default=0) + 1


def _file(repository: Repository, num: int) -> Path:
    return repository.path / FOLDER / f"{num}.json"
