"""Kustomizations that nothing shows to be about auditing, found from the policy that they name as a resource.

A kustomization without a head (`resources: [policy.yaml]`) holds no word that makes it worth parsing, and a repository
has thousands of them; so it is the policy from which those are looked up that may name it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from kube_audit_lint.discovery.files import is_folder
from kube_audit_lint.discovery.look import KUSTOMIZATIONS, worth_parsing
from kube_audit_lint.discovery.roots import read_named_by, readable
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.nodes import strings
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Place, Source

_STEPS = 4
"""How many folders up a kustomization may be that names the policy."""
_MOST = 50
"""How many folders may be beside the policy's: where there are more, each is a cluster or team of its own."""


def named_by_kustomization(path: str) -> Place | None:
    """Where a kustomization names a file among its resources; None also where it is read for itself."""
    for folder in _folders(path):
        for name in KUSTOMIZATIONS:
            found = _resource(os.path.join(folder, name), path)
            if found is not None:
                return found
    return None


def _folders(path: str) -> Iterator[str]:
    """The folder of a file, those above it, and those beside it."""
    own = folder = os.path.dirname(path)
    for _ in range(_STEPS):
        yield folder
        if os.path.realpath(folder or ".") in (os.path.realpath("."), "/"):
            break
        folder = os.path.normpath(os.path.join(folder, ".."))
    above = os.path.normpath(os.path.join(own, ".."))
    if folder != own and readable(above, (own or ".",)):
        yield from (one for one in _inside(above) if one != own)


def _inside(folder: str) -> list[str]:
    """The folders of a folder; none where they are too many."""
    try:
        with os.scandir(folder) as entries:
            found = list(islice(filter(is_folder, entries), _MOST + 1))
    except OSError:
        return []
    return [os.path.normpath(one.path) for one in found] if len(found) <= _MOST else []


def _resource(path: str, policy: str) -> Place | None:
    """Where the resources of a kustomization name a policy."""
    data = read_named_by(policy, path) if os.path.isfile(path) else None
    if data is None or os.path.basename(policy).encode() not in data or worth_parsing(data, path):
        return None
    source = Source(os.path.normpath(path).replace(os.sep, "/"), decode(data)[0])
    wanted = os.path.realpath(policy)
    for document in read_documents(source):
        for one in strings(document.mapping.get("resources")) if document.mapping is not None else ():
            if os.path.realpath(os.path.join(os.path.dirname(path), one.value)) == wanted:
                return one.place
    return None
