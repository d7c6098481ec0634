"""Values as they are written in YAML and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

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


def flow(value: Any, json_style: bool) -> str:
    """A mapping, list, string or boolean between brackets."""
    if isinstance(value, Mapping):
        pairs = (f"{string(key, json_style)}: {flow(one, json_style)}" for key, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(one, json_style) for one in value) + "]"
    return ("true" if value else "false") if isinstance(value, bool) else string(str(value), json_style)


def lines(value: Mapping[str, Any], indent: str = "", listed: bool = False) -> list[str]:
    """A mapping by lines. indent: how far lists stand inside their key. listed: lists of strings by lines, too."""
    out: list[str] = []
    for key, one in value.items():
        if isinstance(one, (list, tuple)) and one and (listed or isinstance(one[0], Mapping)):
            out.append(f"{key}:")
            for item in one:
                inner = lines(item, indent, listed) if isinstance(item, Mapping) else [flow(item, False)]
                out += [f"{indent}{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(inner)]
        elif isinstance(one, Mapping):
            out.append(f"{key}:")
            out += [f"  {line}" for line in lines(one, indent, listed)]
        else:
            out.append(f"{key}: {flow(one, False)}")
    return out
