"""How a change that was made in the browser becomes a commit: by the core that the API uses."""

from collections.abc import Mapping, Sequence

from setup.hub import attributes, changes
from setup.hub.accounts import Account
from setup.hub.addresses import Place
from setup.hub.attributes import Attributes
from setup.hub.changes import Add, Change, Message
from setup.hub.errors import BadRequest, Conflict, EntryNotFound
from setup.hub.repository import Repository

MAX_TITLE = 200  # characters of a commit's title


def change(where: Place, branch: str, path: str, data: bytes) -> Add:
    """Make a change of content in memory, as a large file where the repository's rules say so."""
    if not _rules(where, branch).is_large(path, len(data)):
        return Add(path, data)
    pointer = where.store.objects.add([data])
    where.repository.take(pointer)
    return Add(path, pointer)


def stored(where: Place, made: Add) -> Add:
    """Put a small file's bytes into git at once, so that they need not wait in memory."""
    if not isinstance(made.content, bytes):
        return made
    return Add(made.path, where.repository.add_blob(made.content))


def commit(
    where: Place,
    branch: str,
    made: Sequence[Change],
    title: str,
    description: str,
    account: Account,
    known: Mapping[str, str],
) -> str:
    """Commit changes to a branch, unless a file is no longer what its editor saw.

    ``known`` tells for a path which blob that was, ``""`` for a file that was not there. Raises
    Conflict then, and what ``changes.commit`` raises.
    """
    if len(title) > MAX_TITLE:
        raise BadRequest(f"The title of the commit is longer than {MAX_TITLE} characters.")
    message = Message(title, description, account.name)
    ref = f"refs/heads/{branch}"
    with where.store.writing(where.id) as repository:
        head = repository.head(ref)
        for path, oid in known.items():
            _require_unchanged(repository, head, path, oid)
        return changes.commit(repository, ref, made, message, head)


def _require_unchanged(repository: Repository, head: str | None, path: str, oid: str) -> None:
    now = _oid(repository, head, path)
    if now and not oid:
        raise Conflict(f"There is already a file {path}: choose another name, or edit that one.")
    if now != oid:
        raise Conflict(
            f"{path} has changed since you opened it. Copy what you typed, load the page again and "
            "put it in."
        )


def _oid(repository: Repository, commit: str | None, path: str) -> str:
    try:
        return repository.entry(commit, path).oid if commit else ""
    except EntryNotFound:
        return ""


def _rules(where: Place, branch: str) -> Attributes:
    repository = where.repository
    try:
        entry = repository.entry(repository.resolve(branch), attributes.FILE)
    except EntryNotFound:
        return Attributes("")
    return Attributes(repository.read(entry).decode("utf-8", "replace"))
