"""Markdown that anyone may have written, as HTML that is safe to show among the Hub's own pages."""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from html import escape
from urllib.parse import quote, unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from setup.hub.pages import colours

LONGEST = 200_000  # characters that are rendered; a longer text is cut there
DEEPEST = 500  # elements open at once: cleaning takes the square of it
_KEPT = 256  # rendered texts kept in memory
_ANCHOR = "card-"  # goes before every id, so that none can be taken for one of the page's own
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "dd", "del", "details",
    "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "ol": {"start"},
    "details": {"open"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
_DROPPED = {"script", "style", "iframe", "object", "embed", "form", "textarea", "select", "svg"}
_TAG = re.compile(
    r"<(/?)(?!(?:area|base|br|col|embed|hr|img|input|link|meta|wbr)\b)([a-z][\w-]*)", re.I
)
_ALIGNED = re.compile(r"text-align:(left|right|center)")


@lru_cache(maxsize=_KEPT)
def rendered(text: str, base: str, revision: str, folder: str = "") -> Markup:
    """Render Markdown of a repository's file as safe HTML.

    Relative links lead to the files of the repository whose address is ``base``, seen from
    ``folder``; relative pictures are its own. What could act (scripts, forms, styles, frames) is
    taken out, and ids get a prefix. A text whose HTML is nested absurdly deep is shown as typed.
    """
    html = _parser.render(text[:LONGEST])
    if deepest(html) > DEEPEST:
        html = f"<pre>{escape(text[:LONGEST])}</pre>"
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_links(base, revision, folder),
        allowed_classes={"span": colours.CLASSES},
        clean_content_tags=_DROPPED,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        id_prefix=_ANCHOR,
    )
    return Markup(clean)  # noqa: S704, it has just been cleaned


def deepest(html: str) -> int:
    """Bound from above how many elements are open at once, without parsing the HTML.

    >>> deepest("<p><b>x</b></p><p>")
    2
    """
    open_now: Counter[str] = Counter()
    total = most = 0
    for close, name in _TAG.findall(html.lower()):
        if not close:
            open_now[name] += 1
            total += 1
            most = max(most, total)
        elif open_now[name]:
            open_now[name] -= 1
            total -= 1
    return most


def slug(title: str) -> str:
    """Give the id of a heading, as links within a card expect it.

    >>> slug("How to use?")
    'how-to-use'
    """
    words = re.sub(r"[^\w\s-]", "", title.lower())
    return re.sub(r"\s+", "-", words.strip())


def _links(base: str, revision: str, folder: str) -> Callable[[str, str, str], str | None]:
    """Make the filter that turns the links of a file into addresses of the Hub."""

    def filtered(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) == ("a", "href"):
            return _target(value, f"{base}/blob/{revision}", folder)
        if (tag, attribute) == ("img", "src"):
            return _target(value, f"{base}/resolve/{revision}", folder)
        return value

    return filtered


def _target(link: str, base: str, folder: str) -> str | None:
    """Give where a link leads; None for one that cannot be read or climbs out of the repository."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or link.startswith("/"):
        return link
    if not parts.path:
        return f"#{_ANCHOR}{parts.fragment}"
    path = _joined(folder, unquote(parts.path))
    if path is None:
        return None
    fragment = f"#{_ANCHOR}{parts.fragment}" if parts.fragment else ""
    return f"{base}/{quote(path)}{fragment}"


def _joined(folder: str, path: str) -> str | None:
    """Walk from a folder along a relative path; None when it leaves the repository."""
    steps = folder.split("/") if folder else []
    for step in path.split("/"):
        if step == "..":
            if not steps:
                return None
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _mark_headings(state: StateCore) -> None:
    """Give each heading an id, so that links within the text find it."""
    for place, token in enumerate(state.tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(state.tokens[place + 1].content))


def _plain_alignment(state: StateCore) -> None:
    """Say how a table's column is aligned without a style, which the page's policy forbids."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open"):
            _realign(token)


def _realign(token: Token) -> None:
    found = _ALIGNED.fullmatch(str(token.attrs.pop("style", "")))
    if found:
        token.attrSet("align", found[1])


def _made() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": True, "highlight": colours.highlighted})
    made.enable(["table", "strikethrough"])
    made.core.ruler.push("headings", _mark_headings)
    made.core.ruler.push("alignment", _plain_alignment)
    return made


_parser = _made()
