"""Bicep: the diagnostic settings of AKS, `logs` of a resource or `logCategoriesAndGroups` of an Azure Verified Module.

Sources: the Bicep reference (strings in single quotes, `//` and `/* */`, items of an array on lines of their own or
with commas between them); Azure Monitor's reference of log categories, which managed.py has. Only lists whose items are
literal are read: what a parameter, a condition or a loop decides is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.managed import NAMES_OF_AKS, aks_off, delivers_audit
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.source import Source

MARKS = ("logs: [", "logs:[", "logCategoriesAndGroups")
ORDER = 2

_LIST = re.compile(r"\b(logs|logCategoriesAndGroups)[ \t]*:[ \t]*\[")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_ITEM = re.compile(
    r"\s*\{\s*(?:name\s*:\s*(?:null|'[^']*')[\s,]*)?(?:category|categoryGroup)\s*:\s*'(?P<name>[\w-]+)'[\s,]*"
    r"(?:enabled\s*:\s*(?P<enabled>true|false)[\s,]*)?(?:retentionPolicy\s*:\s*\{[^{}]*\}[\s,]*)?\}[\s,]*"
)


def read_text(source: Source, context: Context) -> Found | None:
    """What the lists of categories leave off; None for other files."""
    if not context.path.endswith(".bicep"):
        return None
    text = _COMMENT.sub(lambda found: found[0] if found[0].startswith("'") else " " * len(found[0]), context.text)
    found = Found(misshapes=tuple(_off(text, context)))
    return found if found else None


def _off(text: str, context: Context) -> Iterator[Misshape]:
    for one in _LIST.finditer(text):
        at, items = one.end(), []
        while (item := _ITEM.match(text, at)) is not None:
            items.append((item["name"], item["enabled"] != "false"))
            at = item.end()
        literal = text[at : at + 1] == "]" or text[at:].lstrip().startswith("]")
        if literal and any(name.startswith(NAMES_OF_AKS) for name, _ in items) and not delivers_audit(items):
            on = (name for name, enabled in items if enabled)
            yield aks_off(context.place(*one.span(1)), "Write `{ category: 'kube-audit', enabled: true }`", on)
