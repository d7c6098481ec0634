"""The audit events in what a line holds: an event, a batch of a webhook, or a shipper's record around them.

Fluent Bit and container runtimes put the line below `log` or `log_processed`, Vector and Filebeat below `message`,
Splunk below `_raw` or `event`, CloudWatch below `logEvents` and `message`, its Insights into rows of fields, Loki below
`line` or in `values`, Azure below `properties`, Elasticsearch below `hits` and `_source`, OpenTelemetry below `body`.
Other keys are looked into where these hold none. Exports as CSV have it in a cell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kube_audit_lint.auditlog.event import NoEventError

BELOW = (
    *("items", "log", "message", "_raw", "line", "event", "body", "stringValue", "kvlistValue", "log_processed"),
    *(
        "events",
        "logEvents",
        "records",
        "properties",
        "kubernetes",
        "audit",
        "json",
        "jsonPayload",
        "textPayload",
        "@message",
    ),
    *("_source", "hits", "data", "result", "results", "streams", "values", "resourceLogs", "scopeLogs", "logRecords"),
)
"""Where records hold events, the most usual first: beside them are labels that may look like one."""

_OWN = frozenset(("requestURI", "objectRef"))
"""One of these is in each event, and not in labels that a shipper took from it."""

DEEPEST = 16
"""Wrappers in wrappers that are looked into."""


_OPENING = re.compile(r'^\s*\[|\{\s*"|^\s*\{\s*\}')
_CELL = re.compile(r'"(\{""(?:[^"]|"")*)"')
"""An object in a cell of CSV, where each quote is doubled: in JSON no text begins right behind another."""

_BETWEEN = re.compile(r"[\s,\]]*")
"""What may follow on a value: of a list of which this is a line, of a record around it."""

_DECODER = json.JSONDecoder()


def values_of(text: str) -> Iterator[tuple[Any, str]]:
    """The values in a line, each with its text: one, or several that no line end parts.

    A time, labels and the like in front of it are left out. Raises NoEventError where the rest is no JSON.
    """
    cell = _CELL.search(text) if '"{""' in text else None
    text = text if cell is None else cell[1].replace('""', '"')
    start = _OPENING.search(text)
    at = _behind(text, 0) if start is None else start.start()
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise NoEventError(_why(error, len(text))) from error
        yield value, text[at:end]
        at = _behind(text, end)


def _why(error: Exception, length: int) -> str:
    """Why a text of this length, without the end of its line, could not be decoded."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if not isinstance(error, json.JSONDecodeError):
        return "it holds a number of too many digits"
    if error.pos >= length or error.msg.startswith("Unterminated string"):
        return "it is cut off: its JSON does not end"
    return f"it is no JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}"


def _behind(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def events_in(value: Any, text: str = "", depth: int = 0) -> list[tuple[Any, str]]:
    """The events in a value, each with its JSON text; "" where it is in something else as an object.

    None stands for each part of a list that holds no event.
    """
    if depth > DEEPEST:
        return []
    if isinstance(value, str):
        return _in_text(value, depth)
    if isinstance(value, list):
        if _is_row(value):
            return next(filter(None, (events_in(field["value"], "", depth + 1) for field in value)), [])
        found = [one for item in value for one in _in_item(item, depth)]
        return [one for one in found if one[0] is not None] if _is_entry(value) else found
    if not isinstance(value, dict):
        return []
    like_one = "verb" in value or "auditID" in value
    if like_one and not _OWN.isdisjoint(value):
        return [(value, text)]
    if isinstance(value.get("kvlistValue"), dict):
        return events_in(_plain(value), "", depth + 1)
    return _in_record(value, depth) or ([(value, text)] if like_one and depth == 0 else [])


def _in_record(record: dict[str, Any], depth: int) -> list[tuple[Any, str]]:
    none: list[tuple[Any, str]] = []
    for key in [*(key for key in BELOW if key in record), *(key for key in record if key not in BELOW)]:
        found = events_in(record[key], "", depth + 1)
        if any(event is not None for event, _ in found):
            return found
        none = none or (found if key in BELOW else [])
    return none


def why_none(value: Any) -> str:
    """Why there is no event in a value."""
    if isinstance(value, dict) and "protoPayload" in value:
        return (
            "it is an entry of Google Cloud's own audit log, which is made of audit events and leaves most of them out"
        )
    return "it holds no audit event"


def is_empty_batch(value: Any) -> bool:
    """Whether a value is a batch of no events."""
    return isinstance(value, dict) and value.get("kind") == "EventList" and not value.get("items")


def _is_row(items: list[Any]) -> bool:
    """Whether a list is a row of an answer of CloudWatch Logs Insights (GetQueryResults): fields with their values."""
    return bool(items) and all(isinstance(item, dict) and item.keys() == {"field", "value"} for item in items)


def _is_entry(items: list[Any]) -> bool:
    """Whether a list is what Loki or Fluent Bit makes of a line, or a row of a table: a time, the line, and more."""
    first = items[0] if items else []
    return not isinstance(first, (dict, list)) and not (isinstance(first, str) and "{" in first)


def _plain(value: Any) -> Any:
    """A value of OpenTelemetry's as plain JSON (opentelemetry-proto, common.proto: AnyValue).

    Integers are texts in its JSON. What has another form stays as it is.
    """
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, content),) = value.items()
    if kind in ("kvlistValue", "arrayValue"):
        items = content.get("values") if isinstance(content, dict) else None
        if not isinstance(items, list):
            return [] if kind == "arrayValue" else {}
        if kind == "arrayValue":
            return list(map(_plain, items))
        pairs = [one for one in items if isinstance(one, dict) and isinstance(one.get("key"), str)]
        return {one["key"]: _plain(one.get("value")) for one in pairs}
    if kind == "intValue" and isinstance(content, str) and re.fullmatch(r"-?\d{1,20}", content, re.ASCII):
        return int(content)
    return content if kind in ("stringValue", "boolValue", "intValue", "doubleValue") else value


def _in_text(text: str, depth: int) -> list[tuple[Any, str]]:
    if "{" not in text:
        return []
    try:
        return [one for value, own in values_of(text) for one in events_in(value, own, depth + 1)]
    except NoEventError:
        return []


def _in_item(item: Any, depth: int) -> list[tuple[Any, str]]:
    return events_in(item, "", depth + 1) or [(None, "")]
