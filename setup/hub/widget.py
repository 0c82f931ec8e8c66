"""The widget: a form in a model's page that tries the model, in a worker process.

The page works without JavaScript: a form is sent, and the page that comes back has the answer.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setup.hub import access, catalog, questions
from setup.hub.accounts import COOKIE, Accounts
from setup.hub.addresses import Place, place
from setup.hub.bodies import bounded_body
from setup.hub.checkouts import Checkouts, NotRunnable
from setup.hub.errors import BadRequest, Forbidden, HubError, RevisionNotFound, Unauthorized
from setup.hub.names import Kind
from setup.hub.pages import frames
from setup.hub.repository import MAIN
from setup.hub.workers import Busy, Failed, Limits, Worker

MODULE = "setup.hub.trial"
LIMITS = Limits(seconds=60, memory=3 << 30)
MAX_BODY = 64 << 10  # bytes of a sent form
_ALIASES = {"sentiment-analysis": "text-classification", "ner": "token-classification"}


@dataclass(frozen=True)
class Form:
    """What the widget shows: a form, perhaps with an answer or with what went wrong."""

    action: str
    task: questions.Task
    fields: tuple[questions.Field, ...]
    closed: str = ""  # why nothing can be tried by this caller, where that is so
    problem: str = ""
    outcome: questions.Outcome | None = None
    data: str = ""  # the answer as the library gives it


class Widget:
    """Who may try models on this Hub, and the worker that runs them."""

    def __init__(
        self, folder: Path, *, enabled: bool = True, guests: bool = True, limits: Limits = LIMITS
    ) -> None:
        """``guests`` lets those try who have not signed in."""
        self.enabled = enabled
        self.guests = guests
        self.worker = Worker(MODULE, limits, folder)
        self.checkouts = Checkouts(folder / "checkouts")

    def closed(self, request: Request) -> str:
        """Tell why this caller may not try models; ``""`` when they may."""
        if not self.guests and access.caller(request) is None:
            return "Sign in to try this model."
        return ""

    def close(self) -> None:
        """End the worker and remove its folders."""
        self.worker.close()
        self.checkouts.clear()


def routes() -> list[Route]:
    """The widget's address: ``/OWNER/NAME/try``."""
    return [
        Route("/{owner}/{name}/try", shown, methods=["GET"]),
        Route("/{owner}/{name}/try", tried, methods=["POST"]),
    ]


def form(request: Request, where: Place) -> Form | None:
    """Give the widget for a model's page; None where the task is unknown or nothing may run."""
    widget: Widget = request.app.state.widget
    if not widget.enabled or where.id.kind is not Kind.MODEL:
        return None
    try:
        record = catalog.describe(where.id, where.repository, where.repository.resolve(MAIN))
    except RevisionNotFound:  # nothing has been committed to it yet
        return None
    named = str(record.get("pipeline_tag", ""))
    task = _ALIASES.get(named, named)
    if task not in questions.TASKS:
        return None
    fields = questions.fields(task, record["cardData"], record["config"])
    return Form(f"/{where.id}/try", questions.TASKS[task], fields, widget.closed(request))


def shown(request: Request) -> Response:
    """GET /ID/try: the widget alone."""
    where = place(request)
    return _page(request, where, _offered(request, where))


async def tried(request: Request) -> Response:
    """POST /ID/try: the widget with an answer, or with what stands in its way."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("Another site sent this form.")
    sent = await _sent(request)
    if _in_session(request):
        access.trust_form(request, sent.get("form_key", ""))
    where = await run_in_threadpool(place, request)
    offered = await run_in_threadpool(_offered, request, where)
    if offered.closed:
        raise Unauthorized(offered.closed)
    filled = replace(offered, fields=questions.filled(offered.fields, sent))
    try:
        answered = await _answered(request.app.state.widget, where, filled, sent)
    except (BadRequest, NotRunnable, Busy, Failed) as err:
        return _page(request, where, replace(filled, problem=err.message), err)
    return _page(request, where, answered)


def _in_session(request: Request) -> bool:
    """Tell whether the caller is known by a cookie, which other sites' forms carry too."""
    accounts: Accounts = request.app.state.accounts
    session = request.cookies.get(COOKIE, "")
    return access.sent_token(request) is None and accounts.in_session(session) is not None


async def _sent(request: Request) -> dict[str, str]:
    body = await bounded_body(request, MAX_BODY)
    try:
        return dict(parse_qsl(body.decode("utf-8"), strict_parsing=True, max_num_fields=20))
    except ValueError as err:
        raise BadRequest("The form that was sent cannot be read.") from err


def _offered(request: Request, where: Place) -> Form:
    found = form(request, where)
    if found is None:
        raise NotRunnable(f"There is nothing to try here: the task of {where.id} has no widget.")
    return found


async def _answered(widget: Widget, where: Place, filled: Form, sent: Mapping[str, str]) -> Form:
    task = next(key for key, value in questions.TASKS.items() if value is filled.task)
    asked = questions.question(task, sent)
    commit = where.repository.resolve(MAIN)
    folder = await run_in_threadpool(widget.checkouts.folder, where, commit)
    answer = await asyncio.wrap_future(widget.worker.ask({**asked, "folder": str(folder)}))
    found = questions.outcome(asked, answer["answer"])
    return replace(filled, outcome=found, data=_as_data(answer["answer"]))


def _as_data(answer: Any) -> str:  # noqa: ANN401, a pipeline's answer
    text = json.dumps(answer, indent=1, ensure_ascii=False)
    return text if len(text) < 10_000 else f"{text[:10_000]} …"


def _page(request: Request, where: Place, found: Form, err: HubError | None = None) -> Response:
    status = err.status if err else 200
    answer = frames.page(request, "widget_page.html", where, "card", status, widget=found)
    answer.headers.update(err.headers if err else {})
    return answer
