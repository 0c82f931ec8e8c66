"""The pages of the widget and of the dataset viewer, rendered from the templates of ``pages``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

TEMPLATES = Path(__file__).parent / "pages" / "templates"
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Fill a template; every value is escaped."""
    layout = _ENVIRONMENT.select_template(["base.html", "bare.html"])
    page = _ENVIRONMENT.get_template(template)
    text = page.render(request=request, layout=layout, **context)
    return HTMLResponse(text, status, headers)
