"""Texts behind `>`, whose lines YAML joins: a policy or a manifest written so is no longer what it was.

Source: YAML 1.2, 8.1.3 (folded style): lines of the same indentation become one, deeper ones stay.
"""

from __future__ import annotations

import re

from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import InnerScalar, Scalar
from kube_audit_lint.syntax.source import Place

_LINES = re.compile(
    r"(?m)^[ \t]*(?:- *)?(?:apiVersion|apiServer|kind|level|rules|omitStages|users|verbs|spec|metadata)[ \t]*:"
)
"""Lines of policies and of objects."""


def folded(scalar: Scalar) -> Misshape | None:
    """What is wrong with a text of several YAML lines that `>` has joined; None where it did no harm."""
    raw = scalar.inner.text[slice(*scalar.at)] if isinstance(scalar, InnerScalar) else scalar.place.text
    if not scalar.block or not raw.startswith(">") or scalar.value.lstrip().startswith(("{", "[")):
        return None
    lines = [line for line in raw.splitlines()[1:] if line.strip()]
    left = [line for line in scalar.value.splitlines() if line.strip()]
    if len(left) == len(lines) or len(_LINES.findall(raw)) < 2:
        return None
    counts = f"of {len(lines)} lines {len(left)} {'is' if len(left) == 1 else 'are'} left"
    comment = " What is joined to a comment is a part of it." if re.search(r"(?m)^[ \t]*#", raw) else ""
    message = f"`>` joins the lines below it, and {counts}: this is no longer the YAML that it looks like.{comment}"
    place = scalar.place if isinstance(scalar, InnerScalar) else Place(scalar.source, scalar.start, scalar.start + 1)
    return Misshape("wrong-shape", place, message, "Write `|` in place of `>`: it keeps the lines.")
