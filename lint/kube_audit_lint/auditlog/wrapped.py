"""The audit events in what a line holds: an event, a batch of a webhook, or a shipper's record around them.

Fluent Bit and container runtimes put the line below `log`, Vector and Filebeat below `message`, Splunk below `_raw` or
`event`, CloudWatch below `logEvents` and `message`, Loki below `line` or in `values`, Azure below `properties`.
"""

from __future__ import annotations

import json
from typing import Any

from kube_audit_lint.auditlog.event import NoEventError

BELOW = (
    "items",
    "log",
    "message",
    "_raw",
    "line",
    "event",
    "body",
    "events",
    "logEvents",
    "records",
    "properties",
    "kubernetes",
    "audit",
    "json",
    "jsonPayload",
    "_source",
    "data",
    "result",
    "streams",
    "values",
)
"""Where records hold events, the most usual first."""

DEEPEST = 8
"""Wrappers in wrappers that are looked into."""


def parsed(text: str) -> tuple[Any, str]:
    """The value in a line and its text; a time and the like that a runtime writes in front of it are left out.

    Raises NoEventError.
    """
    text = text.removesuffix("\n")
    start = text.find("{")
    if text[:start].strip() and not text.lstrip().startswith("["):
        text = text[start:]
    try:
        return json.loads(text), text
    except (ValueError, RecursionError) as error:
        raise NoEventError(f"it is no JSON: {error}") from error


def events_in(value: Any, text: str = "", depth: int = 0) -> list[tuple[Any, str]]:
    """The events in a value, each with its JSON text; "" where it stands in something else as an object.

    None stands for each part of a list that holds no event.
    """
    if depth > DEEPEST:
        return []
    if isinstance(value, str):
        return _in_text(value, depth)
    if isinstance(value, list):
        return [one for item in value for one in _in_item(item, depth)]
    if not isinstance(value, dict):
        return []
    if "verb" in value or "auditID" in value:
        return [(value, text)]
    inside = (events_in(value[key], "", depth + 1) for key in BELOW if key in value)
    return next(filter(None, inside), [])


def is_empty_batch(value: Any) -> bool:
    """Whether a value is a batch of no events."""
    return isinstance(value, dict) and value.get("kind") == "EventList" and not value.get("items")


def _in_text(text: str, depth: int) -> list[tuple[Any, str]]:
    text = text.strip()
    if "{" not in text:
        return []
    try:
        value, text = parsed(text)
    except NoEventError:
        return []
    return events_in(value, text, depth + 1)


def _in_item(item: Any, depth: int) -> list[tuple[Any, str]]:
    """What an item of a list holds; a text without a brace is the time that Loki puts beside a line."""
    found = events_in(item, "", depth + 1)
    return found if found or (isinstance(item, str) and "{" not in item) else [(None, "")]
