"""Values as they are written in YAML and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kube_audit_lint.syntax.record import NamedTuple

_PLAIN = re.compile(r"[A-Za-z/][\w./-]*(?::[\w./-]+)*")
_RESERVED = re.compile(r"(?i)(?:y|n|yes|no|on|off|true|false|null|~)")


def string(text: str, json_style: bool = False) -> str:
    """A string, in quotes where it needs them."""
    if not json_style and _PLAIN.fullmatch(text) and _RESERVED.fullmatch(text) is None:
        return text
    return json.dumps(text, ensure_ascii=False)


def quoted_as(text: str, quote: str) -> str:
    """A string in the quotes of what it replaces; `quote` is the first character of that."""
    if quote == "'" and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False) if quote in ("'", '"') else string(text)


class Style(NamedTuple):
    """How a file is written.

    indent: how far lists are inside their key. listed: whether lists of strings are written by lines. quoted: whether
    their items are in double quotes, needed or not. json: whether everything is JSON.
    """

    indent: str = ""
    listed: bool = False
    quoted: bool = False
    json: bool = False


PLAIN = Style()
JSON = Style(json=True)


def flow(value: Any, style: Style = PLAIN) -> str:
    """A mapping, list, string, number or boolean between brackets."""
    if isinstance(value, Mapping):
        pairs = (f"{string(key, style.json)}: {flow(one, style)}" for key, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(item(one, style) for one in value) + "]"
    return str(value).lower() if isinstance(value, int) else string(str(value), style.json)


def item(value: Any, style: Style) -> str:
    """An item of a list between brackets."""
    return string(value, style.json or style.quoted) if isinstance(value, str) else flow(value, style)


def lines(value: Mapping[str, Any], style: Style = PLAIN) -> list[str]:
    """A mapping by lines."""
    out: list[str] = []
    for key, one in value.items():
        if isinstance(one, (list, tuple)) and one and (style.listed or isinstance(one[0], Mapping)):
            out.append(f"{key}:")
            for each in one:
                inner = lines(each, style) if isinstance(each, Mapping) else [item(each, style)]
                out += [f"{style.indent}{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(inner)]
        elif isinstance(one, Mapping):
            out.append(f"{key}:")
            out += [f"  {line}" for line in lines(one, style)]
        else:
            out.append(f"{key}: {flow(one, style)}")
    return out
