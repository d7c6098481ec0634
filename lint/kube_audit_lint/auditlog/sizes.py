"""How many bytes of an event are its bodies, from the text of the event itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

REQUEST, RESPONSE = "requestObject", "responseObject"
_FOLLOWING = "requestReceivedTimestamp"
_BEFORE, _BETWEEN, _AFTER = f',"{REQUEST}":', f',"{RESPONSE}":', f',"{_FOLLOWING}":'
"""What is before the bodies, between them and after them, as kube-apiserver writes an event."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_ESCAPED = re.compile("[<>&\u2028\u2029]")
"""What Go's encoder writes as six characters."""


def compact(value: Any) -> str:
    """A value as kube-apiserver writes it: no spaces, and some characters escaped."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", _encoded(value))


def length(text: str) -> int:
    """The bytes of a text; those that were no UTF-8 count one each."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def body_sizes(event: dict[str, Any], text: str) -> tuple[int, int]:
    """The bytes that the request's body and the response's take, with their keys; 0 where there is none."""
    request, response = event.get(REQUEST) is not None, event.get(RESPONSE) is not None
    if not request and not response:
        return 0, 0
    if not _stand_together(list(event)):
        return _sizes_of_any(event, text)
    end = text.rfind(_AFTER)
    start, middle = _only(text, _BEFORE) if request else 0, _only(text, _BETWEEN) if response else end
    if not start < middle <= end:
        return _sizes_of_any(event, text)
    return length(text[start:middle]) if request else 0, length(text[middle:end])


def _stand_together(keys: list[str]) -> bool:
    """Whether an event's bodies are where kube-apiserver writes them, one right behind the other."""
    wanted = [key for key in (REQUEST, RESPONSE) if key in keys] + [_FOLLOWING]
    first = keys.index(wanted[0])
    return keys[first : first + len(wanted)] == wanted


def _only(text: str, part: str) -> int:
    """Where a part of a text is; the end of the text where it is not there just once.

    A key that occurs once in the text is the event's own: one inside of a text has its quotes escaped.
    """
    at = text.find(part)
    return at if at >= 0 and text.find(part, at + 1) < 0 else len(text)


def _sizes_of_any(event: dict[str, Any], text: str) -> tuple[int, int]:
    """The same where the text is not as kube-apiserver writes it."""
    found = dict(_spans(text))
    sizes = [
        with_key(key, length(text[slice(*found[key])])) if event.get(key) is not None and key in found else 0
        for key in (REQUEST, RESPONSE)
    ]
    return sizes[0], sizes[1]


def with_key(key: str, size: int) -> int:
    """The bytes of a value with its key, the colon and a comma."""
    return size + len(key) + 4


def _spans(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each key of an object with the place of its value, whatever white space there is; the last of a key counts."""
    at = text.index("{") + 1
    while True:
        key, at = _DECODER.raw_decode(text, _after(text, at))
        start = _after(text, _after(text, at) + 1)
        _, at = _DECODER.raw_decode(text, start)
        yield key, (start, at)
        at = _after(text, at)
        if text[at] != ",":
            return
        at += 1


def _after(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def managed_size(body: Any) -> int:
    """The bytes of managed fields in a body, of the object itself and of the items of a list, with their keys.

    Source: `pkg/audit/request.go`, copyWithoutManagedFields.
    """
    if not isinstance(body, dict):
        return 0
    items: list[Any] = body["items"] if isinstance(body.get("items"), list) else []
    rows: list[Any] = body["rows"] if isinstance(body.get("rows"), list) else []
    objects = [body, *items, *(row.get("object") for row in rows if isinstance(row, dict))]
    return sum(_managed(one) for one in objects)


def _managed(value: Any) -> int:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return fields_size(metadata.get("managedFields")) if isinstance(metadata, dict) else 0


def fields_size(fields: Any) -> int:
    """The bytes of an object's managed fields, with their key; 0 where there are none."""
    return 0 if fields is None else with_key("managedFields", length(compact(fields)))
