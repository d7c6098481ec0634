"""Text from files and names of files made fit to be shown: an attacker may have written them.

All that leaves the program goes through `visible`, `line`, `markdown` or `json_text`.
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.typed import Any

_SURROGATE = "[\ud800-\udfff]"  # compiled when needed: a class of Unicode is slow to compile
MARK = r"##(?=[A-Za-z]*\[)"
"""`##[group]` of GitHub, `##vso[...]` of Azure, `##teamcity[...]`: commands, wherever in a line they are."""
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_IDEOGRAPHIC_SPACE = "\u3000"  # ordinary in Chinese and Japanese text, and it has a width


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which no encoder takes."""
    return re.sub(_SURROGATE, "\ufffd", text)


def clean(data: Any) -> Any:
    """JSON data with U+FFFD for lone surrogates in every string and key."""
    if isinstance(data, str):
        return without_surrogates(data)
    if isinstance(data, dict):
        return {clean(key): clean(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [clean(item) for item in data]
    return data


def json_text(data: Any, indent: int | None = None, compact: bool = False) -> str:
    """Data as JSON in ASCII, without the two `#` with which logs of GitHub and Azure mark commands."""
    import json

    separators = (",", ":") if compact else None
    return json.dumps(clean(data), indent=indent, separators=separators).replace("##", "#\\u0023")


def visible(text: str) -> str:
    """The text in one line with everything escaped that a terminal or the log of a CI would act upon, or not show.

    That is control characters (terminal escapes among them), bidirectional and other invisible
    formatting, unusual spaces, bytes that were no UTF-8, and the marks of `##[group]` and `##vso[...]`.
    """
    if not text.isprintable():
        text = "".join(map(visible_character, text))
    return re.sub(MARK, r"#\\x23", text) if "##" in text else text


def line(text: str) -> str:
    """The same for a whole line of output, which GitHub takes for a command when it begins with `::`."""
    text = visible(text)
    return f"./{text}" if text.lstrip().startswith("::") else text


def lines(text: str) -> str:
    """Lines of output, each as `line` shows it."""
    return "\n".join(map(line, text.split("\n")))


def markdown(text: str) -> str:
    """Text in which Markdown sees nothing but paragraphs and `code`: no links, no pictures, no HTML."""
    parts = re.split(r"(?<![\\`])(`[^`\n\\|]+`)(?!`)", "\n".join(map(visible, text.split("\n"))))
    return "".join(part if number % 2 else re.sub(r"([\\`\[\]<])", r"\\\1", part) for number, part in enumerate(parts))


def visible_character(character: str) -> str:
    """One character as `visible` shows it."""
    if character.isprintable() or character == _IDEOGRAPHIC_SPACE:
        return character
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8, kept by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
