"""What stands around every page of a repository: its name, its tags, and the tabs."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from setup.hub import access, catalog
from setup.hub.addresses import Place
from setup.hub.errors import RevisionNotFound
from setup.hub.names import Kind, RepoId
from setup.hub.pages import rendering
from setup.hub.repository import MAIN

_CARD_TAB = {Kind.MODEL: "Model card", Kind.DATASET: "Dataset card", Kind.SPACE: "App card"}


@dataclass(frozen=True)
class Tab:
    """One tab of a repository's pages."""

    key: str
    title: str
    address: str


@dataclass(frozen=True)
class Frame:
    """A repository as its pages show it to one caller."""

    id: RepoId
    base: str  # its address, without a slash at the end
    private: bool
    writable: bool
    record: dict[str, Any]  # as the API describes it; empty where nothing was committed yet

    @property
    def card_tab(self) -> str:
        """The first tab's title."""
        return _CARD_TAB[self.id.kind]

    @property
    def tags(self) -> list[str]:
        """The tags that are shown: where it lies is the same for all of a Hub's."""
        return [tag for tag in self.record.get("tags", []) if not tag.startswith("region:")]

    @property
    def tabs(self) -> list[Tab]:
        """The tabs that this caller sees."""
        found = [Tab("card", self.card_tab, self.base)]
        if self.id.kind is Kind.DATASET:
            found.append(Tab("viewer", "Viewer", f"{self.base}/viewer"))
        found.append(Tab("files", "Files and versions", f"{self.base}/tree/{MAIN}"))
        found.append(Tab("discussions", "Discussions", f"{self.base}/discussions"))
        if self.writable:
            found.append(Tab("settings", "Settings", f"{self.base}/settings"))
        return found


def frame(request: Request, where: Place) -> Frame:
    """Describe an opened repository for its pages."""
    return Frame(
        where.id,
        base(where.id),
        where.store.is_private(where.id),
        access.may_write(request, where.id),
        record(where),
    )


def record(where: Place) -> dict[str, Any]:
    """Give what the API tells of the branch main; ``{}`` where nothing was committed yet."""
    try:
        commit = where.repository.resolve(MAIN)
    except RevisionNotFound:
        return {}
    return catalog.describe(where.id, where.repository, commit)


def base(repo: RepoId) -> str:
    """Give the address of a repository's first page.

    >>> base(RepoId(Kind.DATASET, "acme", "reviews"))
    '/datasets/acme/reviews'
    """
    return f"/{repo.kind.prefix}{repo}"


def page(
    request: Request, template: str, where: Place, tab: str, status: int = 200, /, **values: object
) -> Response:
    """Render a page of a repository, with its frame."""
    values = {"frame": frame(request, where), "tab": tab, **values}
    return rendering.page(request, template, status, **values)
