"""Text from files in Markdown, shown as it is."""

from __future__ import annotations

import re

from kube_audit_lint.report.safe import visible

LIMIT = 60_000
"""Bytes after which no more is shown: GitHub takes no comment of 65,536 characters or more."""

_LONGEST = 600
"""Characters of one text."""


def code(text: str) -> str:
    """`<code>` with every character escaped that Markdown or HTML would act upon: in there GitHub sees no mentions,
    links or references to issues either."""
    text = visible(text)
    text = text[:_LONGEST] + "…" if len(text) > _LONGEST else text
    escaped = re.sub(r"[^\w ,.;:/()=→…-]|_", _entity, text)
    return f"<code>{escaped}</code>" if text else ""


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
