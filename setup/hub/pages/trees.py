"""Files and versions: a folder's files with their last commits, and one file."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from setup.hub import cards
from setup.hub.addresses import Spot, place, spot
from setup.hub.errors import EntryNotFound
from setup.hub.names import RepoId
from setup.hub.pages import colours, frames, prose, rendering
from setup.hub.repository import CommitInfo, Entry, Repository

MOST_ENTRIES = 1000  # entries of a folder that are shown
MOST_BYTES = 1 << 20  # bytes of a text that are shown
MOST_LINES = 3000
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus")


@dataclass(frozen=True)
class Row:
    """One line of a folder."""

    entry: Entry
    name: str
    last: CommitInfo


@dataclass(frozen=True)
class Step:
    """A part of a path, with the address of the folder or file up to there."""

    name: str
    address: str


@dataclass(frozen=True)
class View:
    """A file as a browser can show it: one of text, rendered Markdown, a picture or a sound."""

    lines: list[Markup] | None = None
    cut: bool = False  # whether there is more than is shown
    prose: Markup | None = None
    picture: bool = False
    sound: bool = False


def tree(request: Request) -> Response:
    """GET .../tree/REVISION[/PATH]."""
    where = spot(request)
    entries = where.repository.entries(where.commit, where.path)
    shown = sorted(entries, key=lambda entry: not entry.folder)[:MOST_ENTRIES]
    last = where.repository.last_commits(where.commit, [entry.path for entry in shown])
    rows = [Row(e, e.path.rpartition("/")[2], last[e.path]) for e in shown]
    return _page(
        request, "tree.html", where, rows=rows, left_out=len(entries) - len(shown),
        commits=sum(1 for _ in where.repository.log(where.commit)),
    )  # fmt: skip


def blob(request: Request) -> Response:
    """GET .../blob/REVISION/PATH."""
    where = spot(request)
    entry = where.repository.entry(where.commit, where.path)
    if entry.folder:
        raise EntryNotFound(f"{where.path or '/'} is a folder, not a file.")
    last = where.repository.last_commits(where.commit, [where.path])[where.path]
    plain = request.query_params.get("plain") == "1"
    view = _view(where, entry, plain)
    return _page(request, "blob.html", where, entry=entry, commit=last, view=view, plain=plain)


def branches(repository: Repository) -> list[str]:
    """List the branches, main first."""
    names = [item.name for item in repository.references("refs/heads/")]
    return sorted(names, key=lambda name: (name != "main", name))


def _page(request: Request, template: str, where: Spot, **values: object) -> Response:
    names = branches(where.repository)
    return frames.page(
        request, template, where, "files",
        where=where, steps=steps(where.id, where.revision, where.path),
        revision=rendering.revision_part(where.revision), branches=names,
        tags=[item.name for item in where.repository.references("refs/tags/")],
        head=where.repository.commit_info(where.commit),
        editable=where.revision in names,
        **values,
    )  # fmt: skip


def steps(repo: RepoId, revision: str, path: str) -> list[Step]:
    """Give the folders above a path, the repository's root first, and the path itself."""
    base = f"{frames.base(repo)}/tree/{rendering.revision_part(revision)}"
    found, parts = [Step(repo.name, base)], path.split("/") if path else []
    for depth, part in enumerate(parts, 1):
        found.append(Step(part, base + rendering.address(*parts[:depth])))
    return found


def _view(where: Spot, entry: Entry, plain: bool) -> View:
    """Choose how to show a file; an empty view for what a browser cannot show."""
    name = where.path.lower()
    if name.endswith(_PICTURES) or name.endswith(_SOUNDS):
        return View(picture=name.endswith(_PICTURES), sound=name.endswith(_SOUNDS))
    text = None if entry.pointer else read_text(where.repository, entry)
    if text is None:
        return View()
    if name.endswith(".md") and not plain:
        folder, revision = where.path.rpartition("/")[0], rendering.revision_part(where.revision)
        html = prose.rendered(cards.body(text), frames.base(where.id), revision, folder)
        return View(prose=html)
    shown = text[:MOST_BYTES]
    lines = colours.file_lines(where.path, shown)
    cut = len(shown) < len(text) or len(lines) > MOST_LINES
    return View(lines=[Markup(line) for line in lines[:MOST_LINES]], cut=cut)  # noqa: S704, escaped


def read_text(repository: Repository, entry: Entry) -> str | None:
    """Read a file of git's as text; None when it is not text in UTF-8."""
    data = repository.read(entry)
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def root(request: Request) -> Response:
    """GET .../tree: the files of the branch main."""
    return rendering.redirect(f"{frames.base(place(request).id)}/tree/main")
