"""Which API servers belong to one cluster: as configured, else by names that differ in a host's number only.

`master-1/kube-apiserver.yaml` and `master-2/kube-apiserver.yaml` belong together; `v1.29/...` and `v1.30/...`,
`step1/...` and `step2/...`, `cluster-1/...` and `cluster-2/...` are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from kube_audit_lint.checks._subject import ServerSubject
from kube_audit_lint.pipeline.repository import absolute

# Plain texts, for re keeps what it compiled, and most runs see one server.
_HOST = r"master|control-?plane|apiserver|(?<![a-z])(?:cp|ctrl|controller|node|host|server|ip)(?![a-z])"
_ADDRESS = r"\d{1,3}([.-])\d{1,3}\1\d{1,3}\1\d{1,3}"
_VERSION = r"(?<![a-z0-9])v?\d+\.\d+|(?<![a-z])v\d+|\d{4}-?\d\d-?\d\d"
_LETTER = r"(master|control-?plane|cp|node|host)[-_]?[a-z](?=\.|\Z)"
_ENDING = r"\.(?:ya?ml|json)\Z"


def clusters(
    servers: Sequence[ServerSubject], configured: Callable[[str], str | None] = lambda path: None
) -> list[tuple[ServerSubject, ...]]:
    """The groups of two and more servers that are one cluster, in the order of their first.

    configured: the name that the configuration gives the cluster of a file, or None.
    """
    groups: dict[tuple[str, str], dict[str, ServerSubject]] = {}
    for server in servers if len(servers) > 1 else ():
        path = server.server.source.path
        name = configured(path)
        key = ("configured", name) if name is not None else ("named", pattern(absolute(path)) or "")
        if key[1]:
            groups.setdefault(key, {}).setdefault(path, server)
    return [tuple(group.values()) for group in groups.values() if len(group) > 1]


def pattern(path: str) -> str | None:
    """A path with `#` for what names a host in it; None when nothing does."""
    joined = "/".join(map(_host_pattern, path.split("/")))
    return None if joined == path else joined


@lru_cache(maxsize=4096)
def _host_pattern(part: str) -> str:
    low = re.sub(_ENDING, "", part.lower())
    if re.search(_ADDRESS, low):
        return re.sub(_ADDRESS, "#", part)
    if not re.search(_HOST, low) or re.search(_VERSION, low):
        return part
    if any(char.isdigit() for char in low):
        return re.sub(r"\d+", "#", part)
    return re.sub(_LETTER, r"\1#", part)
