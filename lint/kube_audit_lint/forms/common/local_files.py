"""Files beside the one that names them: what a folder or a pattern stands for, as they are brought to a host."""

from __future__ import annotations

import os
from collections.abc import Iterator

from kube_audit_lint.discovery.roots import readable
from kube_audit_lint.model.server import HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.source import Place

_MOST = 300
"""How many files of a folder are looked at."""
_PATTERN = "*?[{"


def brought_from(local: Value, to: str, place: Place) -> tuple[HostFile, ...]:
    """The files that a folder or a pattern stands for, as they are brought below a folder of the host.

    A folder that is not there may hold anything: it is brought as a whole.
    """
    base, folder = os.path.dirname(place.source.path), local.text
    while any(mark in folder for mark in _PATTERN):
        folder = os.path.dirname(folder)
    whole = os.path.join(base, folder)
    if not os.path.isdir(whole) or not readable(whole, (base or ".",)):
        return (HostFile(to, place),)
    return tuple(
        HostFile(f"{to.rstrip('/')}/{below}", place, None, Value(os.path.join(folder, below), local.place))
        for below in _below(whole)
    )


def is_several(local: Value, place: Place) -> bool:
    """Whether a path is a folder or a pattern."""
    whole = os.path.join(os.path.dirname(place.source.path), local.text)
    return any(mark in local.text for mark in _PATTERN) or os.path.isdir(whole)


def _below(folder: str) -> Iterator[str]:
    """The paths of the files below a folder."""
    count = 0
    for at, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            count += 1
            if count > _MOST:
                return
            yield os.path.relpath(os.path.join(at, name), folder).replace(os.sep, "/")
