"""The path that was probably meant, for the message about one that does not exist."""

from __future__ import annotations

import os

from kube_audit_lint.kubernetes.spelling import nearest


def meant_path(path: str) -> str:
    """`; did you mean PATH?` with the nearest name of the same folder; "" for a path that exists or is near to none."""
    folder, name = os.path.split(path)
    if not name or os.path.lexists(path):
        return ""
    try:
        near = nearest(name, os.listdir(folder or "."))
    except (OSError, ValueError):
        return ""
    return f"; did you mean {os.path.join(folder, near)}?" if near else ""
