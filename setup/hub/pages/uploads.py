"""Files from the person's machine, uploaded in the browser: one commit for all of them."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from setup.hub import access, attributes
from setup.hub.changes import Add
from setup.hub.errors import BadRequest, Conflict, HubError, PreconditionFailed, TooLarge
from setup.hub.names import file_path
from setup.hub.objects import BLOCK, Incoming
from setup.hub.pages import editing, forms, frames, landing, rendering
from setup.hub.pages.editing import Desk
from setup.hub.pages.forms import Form
from setup.hub.pages.parts import Reader


def page(request: Request) -> Response:
    """GET .../upload/BRANCH."""
    return _form(request, editing.desk(request), {})


async def upload(request: Request) -> Response:
    """POST .../upload/BRANCH: large files go beside git, small ones into it, as they arrive.

    The form's key comes before its files: without it not a byte of them is kept.
    """
    forms.own_site(request)
    request.state.form_trusted = True  # only to ask whether this caller could upload at all
    at = await run_in_threadpool(editing.desk, request)
    request.state.form_trusted = False
    with Intake(request, at) as intake:
        try:
            await _receive(request, intake)
        except ClientDisconnect as err:
            raise BadRequest("The upload was cut off: send it again.") from err
        access.trust_form(request, intake.fields.get("form_key", ""))
        return await run_in_threadpool(_commit, request, at, intake)


class Intake:
    """Takes the files of one upload. What stands in the way of one is kept until the form ends:
    the rest is read, and thrown away, so that the browser gets its answer."""

    def __init__(self, request: Request, at: Desk) -> None:
        self.changes: list[Add] = []
        self.problem: HubError | None = None
        self._request, self._at = request, at
        self._reader = Reader(request.headers.get("content-type", ""), self)
        self._path = ""
        self._small = bytearray()
        self._large: Incoming | None = None

    def __enter__(self) -> "Intake":
        return self

    def __exit__(self, *_: object) -> None:
        if self._large is not None:
            self._large.__exit__()

    @property
    def fields(self) -> Form:
        """The form's fields, as far as they have come."""
        return self._reader.fields

    def feed(self, block: bytes) -> None:
        """Read the next bytes of the form."""
        self._reader.feed(block)

    def end(self) -> None:
        """Say that nothing follows."""
        self._reader.end()

    def begin(self, name: str) -> None:
        """A file begins; one without a name stands for no choice."""
        self._path, self._small = "", bytearray()
        if self.problem is not None or not name:
            return
        try:
            access.trust_form(self._request, self.fields.get("form_key", ""))
            self._path = _path(self.fields.get("folder", ""), name)
        except HubError as err:
            self.problem = err

    def take(self, block: bytes) -> None:
        """Keep the next bytes: in memory while the file is small, then on the disk."""
        if not self._path or self.problem is not None:
            return
        if self._large is not None:
            self._large.write(block)
            return
        self._small += block
        if len(self._small) > attributes.LARGE:
            self._large = Incoming(self._at.where.store.objects)
            self._large.write(self._small)
            self._small = bytearray()

    def finish(self) -> None:
        """The file is whole: make the change that it is."""
        if not self._path or self.problem is not None:
            return
        if self._large is not None:
            pointer = self._large.publish()
            self._large.__exit__()
            self._large = None
            self._at.where.repository.take(pointer)
            self.changes.append(Add(self._path, pointer))
        else:
            data = bytes(self._small)
            made = landing.change(self._at.where, self._at.branch, self._path, data)
            self.changes.append(landing.stored(self._at.where, made))


async def _receive(request: Request, intake: Intake) -> None:
    """Pass the body on in blocks, each in a thread: writing to a disk may take a while."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk
        if len(kept) >= BLOCK:
            await run_in_threadpool(intake.feed, bytes(kept))
            kept = bytearray()
    await run_in_threadpool(intake.feed, bytes(kept))
    await run_in_threadpool(intake.end)


def _commit(request: Request, at: Desk, intake: Intake) -> Response:
    sent, made = intake.fields, intake.changes
    try:
        if intake.problem is not None:
            raise intake.problem
        if not made:
            raise BadRequest("Choose at least one file.")
        title = sent.get("title", "").strip() or _title([change.path for change in made])
        description = sent.get("description", "").replace("\r\n", "\n")
        landing.commit(at.where, at.branch, made, title, description, at.account, {})
    except (BadRequest, Conflict, PreconditionFailed, TooLarge) as err:
        return _form(request, at, sent, err)
    return rendering.redirect(f"{at.base}/tree/{at.part}")


def _path(folder: str, name: str) -> str:
    folder = folder.strip().strip("/")
    name = name.replace("\\", "/").rpartition("/")[2]
    return file_path(f"{folder}/{name}" if folder else name)


def _title(paths: list[str]) -> str:
    return f"Upload {paths[0]}" if len(paths) == 1 else f"Upload {len(paths)} files"


def _form(request: Request, at: Desk, sent: Form, err: HubError | None = None) -> Response:
    status, problem = (err.status, err.message) if err else (200, "")
    return frames.page(
        request, "upload.html", at.where, "files", status, at=at, sent=sent, problem=problem
    )
