"""The one shell of every HTML page: a file by itself that loads nothing and runs only the script it was made with.

Texts from files are data: `text` escapes them, and makes characters visible that would not show or would turn the
direction of what follows. The Content-Security-Policy in the page allows its own style and script, by their hashes,
and nothing else: no attribute `style` or `onclick`, no picture, no font, no network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

from kube_audit_lint import __version__
from kube_audit_lint.report.safe import json_text, visible
from kube_audit_lint.syntax.record import NamedTuple

_FOLDER = os.path.join(os.path.dirname(__file__), "data")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


class Page(NamedTuple):
    """A page. title: plain text. body: HTML, in which all text from files went through `text`.

    style, script: added to the shell's. data: what the script reads, see `page`.
    """

    title: str
    body: str
    style: str = ""
    script: str = ""
    data: Any = None


def text(value: str) -> str:
    """Plain text, from anywhere, as HTML in one line: for content and for attributes in quotes."""
    return escaped(visible(value))


def lines(value: str) -> str:
    """The same for a text of several lines, each shown as its own in `<pre>`."""
    return "\n".join(map(text, value.split("\n")))


def code(value: str) -> str:
    """Text from a file as a word of its own: its direction does not reach beyond it."""
    return f"<code><bdi>{text(value)}</bdi></code>"


def escaped(value: str) -> str:
    """What HTML would act upon, as entities."""
    return re.sub("[&<>\"']", lambda match: _ENTITIES[match[0]], value)


def element(name: str, content: str = "", **attributes: str | bool | None) -> str:
    """An element with HTML inside. Attributes are plain text; `class_` is `class`, `aria_label` is `aria-label`.

    True is an attribute without a value; None and False leave it out.
    """
    written = "".join(_attribute(*one) for one in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'


def table(head: Iterable[str], rows: Iterable[Iterable[str]], caption: str = "") -> str:
    """A table of cells that are HTML; the first cell of each row is its head."""
    title = f"<caption>{caption}</caption>" if caption else ""
    heads = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(map(_cell, range(1_000), row))}</tr>\n" for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table>{title}<thead><tr>{heads}</tr></thead>'
        f"<tbody>\n{body}</tbody></table></div>"
    )


def _cell(index: int, content: str) -> str:
    return f"<td>{content}</td>" if index else f'<th scope="row">{content}</th>'


def page(of: Page) -> str:
    """The whole file. `data` is in it as JSON, in `<script type="application/json" id="data">`."""
    style, script = asset("page.css") + of.style, of.script
    data = "" if of.data is None else f'<script type="application/json" id="data">{json_data(of.data)}</script>\n'
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<meta name="generator" content="kube-audit-lint {__version__}">\n'
        f"<title>{text(of.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"{of.body}\n<footer>Made by kube-audit-lint {__version__}. This page loads and sends nothing.</footer>\n"
        f"{data}{f'<script>{script}</script>' if script else ''}\n</body>\n</html>\n"
    )


def json_data(data: Any) -> str:
    """Data as JSON that HTML sees no end of script, comment or entity in; in ASCII, so that nothing turns direction."""
    plain = json_text(data, compact=True)
    return re.sub("[<>&]", lambda match: f"\\u{ord(match[0]):04x}", plain)


def asset(name: str) -> str:
    """A style or script of the package, without indentation and lines of comments: no string of it goes over lines.

    Raises OSError when the installation is incomplete.
    """
    with open(os.path.join(_FOLDER, name), encoding="utf-8", newline="\n") as file:
        return re.sub(r"^ *//.*\n|^ +|^\n", "", file.read(), flags=re.M)


def _source(script: str) -> str:
    return f"'{_hash(script)}'" if script else "'none'"


def _hash(inline: str) -> str:
    """What a Content-Security-Policy calls this inline style or script.

    Raises ValueError for one that would end its element: the rest would be in the page.
    """
    from base64 import b64encode
    from hashlib import sha256

    if re.search("</(script|style)|<!--", inline, re.IGNORECASE) or "\r" in inline:
        raise ValueError("an inline style or script has the end of its element in it, or a carriage return")
    return "sha256-" + b64encode(sha256(inline.encode()).digest()).decode()
