"""The audit events in what a line holds: an event, a batch of a webhook, or a shipper's record around them.

Fluent Bit and container runtimes put the line below `log` or `log_processed`, Vector and Filebeat below `message`,
Splunk below `_raw` or `event`, CloudWatch below `logEvents` and `message`, its Insights into rows of fields, Loki below
`line` or in `values`, Azure below `properties`, Elasticsearch below `hits` and `_source`, OpenTelemetry below `body`.
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
"""Where records hold events, the most usual first."""

DEEPEST = 16
"""Wrappers in wrappers that are looked into."""


_OPENING = re.compile(r'^\s*\[|\{\s*"|^\s*\{\s*\}')
_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()


def values_of(text: str) -> Iterator[tuple[Any, str]]:
    """The values in a line, each with its text: one, or several that no line end parts.

    A time, labels and the like in front of it are left out. Raises NoEventError where the rest is no JSON.
    """
    start = _OPENING.search(text)
    at = _past_space(text, 0) if start is None else start.start()
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise NoEventError(f"it is no JSON: {error}") from error
        yield value, text[at:end]
        at = _past_space(text, end)


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
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
        return [one for item in value for one in _in_item(item, depth)]
    if not isinstance(value, dict):
        return []
    if "verb" in value or "auditID" in value:
        return [(value, text)]
    if isinstance(value.get("kvlistValue"), dict):
        return events_in(_plain(value), "", depth + 1)
    inside = (events_in(value[key], "", depth + 1) for key in BELOW if key in value)
    return next(filter(None, inside), [])


def is_empty_batch(value: Any) -> bool:
    """Whether a value is a batch of no events."""
    return isinstance(value, dict) and value.get("kind") == "EventList" and not value.get("items")


def _is_row(items: list[Any]) -> bool:
    """Whether a list is a row of an answer of CloudWatch Logs Insights (GetQueryResults): fields with their values."""
    return bool(items) and all(isinstance(item, dict) and item.keys() == {"field", "value"} for item in items)


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
    """What an item of a list holds; a text without a brace is the time that Loki puts beside a line."""
    found = events_in(item, "", depth + 1)
    return found if found or (isinstance(item, str) and "{" not in item) else [(None, "")]
