"""Cards come from anyone: what they may show, and what is taken out."""

import re
from html.parser import HTMLParser

import pytest

from setup.hub.pages import prose

HOSTILE = {
    "script": "<script>alert(1)</script>text",
    "handler": '<img src="x.png" onerror="alert(1)">',
    "link": "[click](javascript:alert(1))",
    "html link": '<a href="JaVaScRiPt:alert(1)">click</a>',
    "encoded link": '<a href="java&#x09;script:alert(1)">click</a>',
    "data": '<a href="data:text/html,<script>alert(1)</script>">click</a>',
    "frame": '<iframe src="https://elsewhere.org"></iframe>',
    "form": '<form action="https://elsewhere.org"><input name="token"></form>',
    "style": '<p style="position:fixed;inset:0">over all</p><style>body{display:none}</style>',
    "svg": '<svg><script>alert(1)</script><a href="javascript:alert(1)">x</a></svg>',
    "math": "<math><mtext></p><script>alert(1)</script></mtext></math>",
    "template": '<template><img src=x onerror="alert(1)"></template>',
    "base": '<base href="https://elsewhere.org/">',
    "meta": '<meta http-equiv="refresh" content="0;url=https://elsewhere.org">',
    "class": '<a class="button danger skip" href="x.md">Delete</a>',
    "code language": '```"><script>alert(1)</script>\ncode\n```',
    "title": '![a](x.png "\\" onerror=alert(1) x=\\"")',
    "nesting": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
}
TAGS = {
    "script", "iframe", "form", "input", "button", "style", "svg", "math", "base", "meta",
    "template", "object", "noscript", "link",
}  # fmt: skip
SCHEMES = re.compile(r"(https?|mailto):|[/#]")


class Inspector(HTMLParser):
    """Reads HTML as a browser would and notes what could act."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in TAGS:
            self.found.append(tag)
        for name, value in attrs:
            address = name in ("href", "src") and not SCHEMES.match(value or "")
            look = name == "class" and not re.fullmatch(r"(t-\w+ ?)*", value or "")
            if name.startswith("on") or name == "style" or address or look:
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_what_could_act_is_taken_out(text: str) -> None:
    assert Inspector(prose.rendered(text, "/acme/m", "main")).found == []


@pytest.mark.parametrize("name", ["script", "handler", "html link", "data", "form", "class"])
def test_the_inspector_finds_what_could_act(name: str) -> None:
    assert Inspector(HOSTILE[name]).found


def test_tables_and_program_text_are_rendered() -> None:
    text = "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nimport os\n```\n"
    html = prose.rendered(text, "/acme/m", "main")
    assert '<td align="right">2</td>' in html
    assert '<span class="t-kn">import</span>' in html


@pytest.mark.parametrize(
    ("link", "target"),
    {
        "sub/a b.md": "/acme/m/blob/main/docs/sub/a%20b.md",
        "../LICENSE": "/acme/m/blob/main/LICENSE",
        "#How-to": "#card-How-to",
        "https://elsewhere.org/x": "https://elsewhere.org/x",
        "/datasets/acme/reviews": "/datasets/acme/reviews",
    }.items(),
)
def test_links_lead_to_the_files_of_the_repository(link: str, target: str) -> None:
    html = prose.rendered(f"[go](<{link}>)", "/acme/m", "main", "docs")
    assert f'href="{target}"' in html


def test_a_link_out_of_the_repository_leads_nowhere() -> None:
    assert "href" not in prose.rendered("[go](../../settings)", "/acme/m", "main", "docs")


def test_pictures_are_the_repositorys_own() -> None:
    html = prose.rendered("![a plot](plot.png)", "/acme/m", "main")
    assert 'src="/acme/m/resolve/main/plot.png"' in html


def test_a_heading_is_found_by_links_within_the_card() -> None:
    html = prose.rendered("# How to use?\n\n[there](#how-to-use)", "/acme/m", "main")
    assert 'id="card-how-to-use"' in html
    assert 'href="#card-how-to-use"' in html


def test_a_long_text_is_cut() -> None:
    assert len(prose.rendered("word " * 1_000_000, "/acme/m", "main")) < 1.1 * prose.LONGEST


@pytest.mark.parametrize(
    "deep", ["<div>", "<DIV>", "<b><div></b>", "<div></p></b>", "<table><tr><td>"]
)
def test_html_that_is_nested_absurdly_deep_is_shown_as_typed(deep: str) -> None:
    html = prose.rendered(deep * 20_000, "/acme/m", "main")
    assert html.count("<") < 10
    assert "&lt;" in html


def test_long_tables_are_not_deep() -> None:
    html = prose.rendered("|a|\n|-|\n" + "|1|\n" * 2_000, "/acme/m", "main")
    assert html.count("<td>") == 2_000
