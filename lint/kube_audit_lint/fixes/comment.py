"""The kind `comment`: an id of a comment that suppresses findings is removed, or written as it was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kube_audit_lint.fixes import Edit, Fix, Target
from kube_audit_lint.fixes._lines import line_end, line_start, next_line

PARAMS: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {"id": {"enum": ["removed", "meant"], "description": "What becomes of the id."}},
}

_COMMENT = re.compile(r"#[ \t]*kube-audit-lint:[ \t]*ignore(?:-file)?\[([^\]\r\n]*)\]")


def fixes(target: Target) -> Iterator[Fix]:
    """Another id, or the comment without it: without any id there is no comment, and no line of it alone."""
    place, text = target.finding.place, target.source.text
    if target.params["id"] == "meant":
        advice = target.finding.advice
        if advice is not None:
            yield Fix((Edit(place.start, place.end, advice.values[0]),), advice.title)
        return
    found = next((one for one in _COMMENT.finditer(text) if one.start(1) <= place.start < one.end(1)), None)
    if found is None:
        return
    ids = list(re.finditer(r"[^\s,]+", found[1]))
    if len(ids) > 1:
        yield Fix((_without_id(found.start(1), ids, place.start),), f"Remove `{place.text}`")
    else:
        yield Fix((_without_comment(text, found.start()),), "Remove the comment")


def _without_id(start: int, ids: list[re.Match[str]], at: int) -> Edit:
    number = next(number for number, one in enumerate(ids) if start + one.start() == at)
    if number + 1 < len(ids):
        return Edit(at, start + ids[number + 1].start(), "")
    return Edit(start + ids[number - 1].end(), start + ids[number].end(), "")


def _without_comment(text: str, at: int) -> Edit:
    start = line_start(text, at)
    if not text[start:at].strip():
        return Edit(start, next_line(text, at), "")
    blanks = len(text[start:at]) - len(text[start:at].rstrip(" \t"))
    return Edit(at - blanks, line_end(text, at), "")
