"""Arguments of an API server in TOML, under keys that say so: read as a part, as in YAML (common/loose.py)."""

from __future__ import annotations

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.model.found import Found
from kube_audit_lint.syntax.source import Source

MARKS = ("audit-",)
ORDER = 8


def read_text(source: Source, context: Context) -> Found | None:
    """The servers of a file in TOML, one for each key with arguments that say something of auditing."""
    if not context.path.endswith(".toml") or context.offsets is not None:
        return None
    from kube_audit_lint.syntax.toml import read_toml

    root = read_toml(source)
    found = loose_arguments(root) if root is not None else Found()
    return found if found else None
