"""The variables that MicroK8s expands in its argument files: see argsfile.py."""

from __future__ import annotations

import re

VARIABLES = {
    "SNAP": "/snap/microk8s/current",
    "SNAP_DATA": "/var/snap/microk8s/current",
    "SNAP_COMMON": "/var/snap/microk8s/common",
}


def expanded(text: str) -> str:
    """A value with these variables filled in."""
    if "$" not in text:
        return text
    return re.sub(
        r"\$(?:\{(SNAP(?:_DATA|_COMMON)?)\}|(SNAP(?:_DATA|_COMMON)?)\b)",
        lambda found: VARIABLES[found[1] or found[2]],
        text,
    )
