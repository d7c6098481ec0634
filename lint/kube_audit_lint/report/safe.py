"""Text from files made fit to be shown: such a file may have been written by an attacker."""

from __future__ import annotations

import re
from typing import Any

_SURROGATE = "[\ud800-\udfff]"  # compiled when needed: a class of Unicode is slow to compile
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


def visible(text: str) -> str:
    """The text in one line with everything escaped that a terminal would act upon or not show.

    That is control characters (terminal escapes among them), bidirectional and other invisible
    formatting, unusual spaces, and bytes that were no UTF-8.
    """
    return text if text.isprintable() else "".join(map(visible_character, text))


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
