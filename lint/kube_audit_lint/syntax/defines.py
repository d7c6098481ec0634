"""Named templates of Helm (`{{ define "name" }}` to `{{ end }}`): each is a text of its own, whatever stands beside it.

Source: Helm's chart template guide, "Named Templates".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.syntax.record import NamedTuple

_OPEN = re.compile(r"\{\{-?\s*define\s+\"([^\"\n]+)\"\s*-?\}\}")
_STATEMENT = re.compile(r"\{\{-?\s*(?:/\*|(if|with|range|define|block|end)\b)")


class Define(NamedTuple):
    """A named template: where its statement begins, and where the text in it begins and ends."""

    name: str
    at: int
    start: int
    end: int


def defines(text: str) -> Iterator[Define]:
    """The named templates of a file."""
    at = 0
    while (opened := _OPEN.search(text, at)) is not None:
        depth = 1
        for one in _STATEMENT.finditer(text, opened.end()):
            depth += 0 if one[1] is None else -1 if one[1] == "end" else 1
            if not depth:
                yield Define(opened[1], opened.start(), opened.end(), one.start())
                break
        at = opened.end()


def apart(text: str, neutral: str) -> str:
    """A template's text in which each named template, and what stands behind one, is a document of its own.

    neutral: the text with blanks for the statements, of the same length.
    """
    found = [one for one in defines(text) if _begins_line(text, one.at) and one.start - one.at > 2]
    following = [*(one.at for one in found[1:]), len(text)]
    changed = neutral
    for one, then in zip(found, following, strict=False):
        changed = _separated(changed, one.at)
        close = text.find("}}", one.end) + 2
        if 1 < close <= then and neutral[close:then].strip() and _begins_line(text, one.end):
            changed = _separated(changed, one.end)
    return changed


def _begins_line(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _separated(text: str, at: int) -> str:
    end = text.find("\n", at)
    line = text[at : len(text) if end < 0 else end]
    return f"{text[:at]}---{text[at + 3 :]}" if not line.strip() else text
