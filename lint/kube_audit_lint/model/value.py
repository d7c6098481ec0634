"""A string with its place."""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place


class Value(NamedTuple):
    """A string and where it is written."""

    text: str
    place: Place
