"""The shell of HTML pages: what stands in it is data, and nothing runs but its own script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from kube_audit_lint.report import html

HOSTILE = "</script><script>alert(1)</script>\u202eevil\u202c </style><!-- \x1b[31m \x00 & \"'"


class Parsed(HTMLParser):
    """The elements with their attributes, the text, and what stands in scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag in self.inline:
            self.inline[tag].append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] in self.inline and self.inline[self.tags[-1]][-1] == "":
            self.inline[self.tags[-1]][-1] = data
        self.text += data


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _policy(page: str) -> dict[str, list[str]]:
    (content,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    return {part.split()[0]: part.split()[1:] for part in content.split(";")}


def test_the_policy_names_the_inline_style_and_script_and_nothing_else() -> None:
    page = html.page(html.Page("A page", "<h1>A page</h1>", ".x { top: 0 }", "let a = 1;", {"b": 2}))
    parsed = Parsed(page)
    data, script = parsed.inline["script"]
    (style,) = parsed.inline["style"]
    assert json.loads(data) == {"b": 2}
    assert script == "let a = 1;"
    assert style.endswith(".x { top: 0 }")
    assert _policy(page) == {
        "default-src": ["'none'"],
        "style-src": [f"'{_hash(style)}'"],
        "script-src": [f"'{_hash(script)}'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }


def test_a_page_without_a_script_allows_none() -> None:
    page = html.page(html.Page("A page", ""))
    assert _policy(page)["script-src"] == ["'none'"]
    assert "<script" not in page


def test_text_from_files_is_text() -> None:
    body = (
        html.element("p", html.text(HOSTILE), title=HOSTILE, hidden=False, open=True)
        + html.code(HOSTILE)
        + html.table([html.text(HOSTILE)], [[html.text(HOSTILE), html.code(HOSTILE)]])
    )
    page = html.page(html.Page(HOSTILE, body, script="1", data={HOSTILE: [HOSTILE]}))
    parsed = Parsed(page)
    shown = "</script><script>alert(1)</script>\\u202eevil\\u202c </style><!-- \\x1b[31m \\x00 & \"'"
    assert parsed.tags.count("script") == 2
    assert parsed.tags.count("style") == 1
    assert parsed.text.count(shown) == 6  # the title, the paragraph, the code and three cells
    assert ("title", shown) in parsed.attributes
    assert ("open", None) in parsed.attributes
    assert "hidden" not in dict(parsed.attributes)
    assert not [one for one in page if not one.isprintable() and one != "\n"]
    assert json.loads(parsed.inline["script"][0]) == {HOSTILE: [HOSTILE]}


def test_lines_stay_lines() -> None:
    assert html.lines("a: <b>\n\tc\r\n") == "a: &lt;b&gt;\n\\tc\\r\n"


def test_nothing_is_loaded() -> None:
    page = html.page(html.Page("A page", "<p>x</p>", script="1"))
    parsed = Parsed(page)
    assert not {"link", "img", "iframe", "object", "embed"} & set(parsed.tags)
    assert not {"src", "href", "style", "onclick"} & {name for name, _ in parsed.attributes}
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("inline", ["a = '</script>'", "/* </STYLE */", "<!-- a", "a\r\nb"])
def test_a_script_or_style_that_would_end_its_element_is_refused(inline: str) -> None:
    with pytest.raises(ValueError, match="end of its element"):
        html.page(html.Page("A page", "", script=inline))
    with pytest.raises(ValueError, match="end of its element"):
        html.page(html.Page("A page", "", style=inline))


def test_lone_surrogates_reach_the_file_as_replacement_characters() -> None:
    page = html.page(html.Page("a\ud800", html.text("b\udc80"), script="1", data="c\ud800"))
    page.encode()
    assert "<title>a\ufffd</title>" in page
    assert "b\\x80" in page
