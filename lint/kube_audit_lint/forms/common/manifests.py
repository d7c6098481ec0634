"""Texts and files that a tool applies to the cluster as they stand: policies among them are no objects.

What another object holds (a ConfigMap's key) is none of it. Files are looked up beside the one that names them, and in
the folders above it up to the repository's root, from where most commands are started.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from kube_audit_lint.discovery.gitignore import repository_of
from kube_audit_lint.discovery.look import MANIFEST_ENDS
from kube_audit_lint.discovery.roots import readable
from kube_audit_lint.forms.common.applied import OTHER_TOOLS, applied, applied_in
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.misplaced import version_at
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Node, Scalar
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

_MOST = 200
"""How many files of a folder are looked at."""


def applied_text(node: Node | None, by: str, context: Context) -> Found:
    """What a string of manifests holds."""
    if not isinstance(node, Scalar) or node.kind != "string" or "audit.k8s.io" not in node.value:
        return Found()
    return applied_in(found_inside(node, context), by)


def applied_files(nodes: Iterable[Node], by: str, context: Context) -> Iterator[Misshape]:
    """That files which a list names are policies."""
    for node in nodes:
        if isinstance(node, Scalar) and not is_unknown(node.value):
            yield from applied_file(node.value, node.place, by, context)


def applied_file(path: str, place: Place, by: str, context: Context) -> Iterator[Misshape]:
    """That a file, one of a folder or of what a pattern fits is a policy. path: as the other file names it."""
    policy = policy_among(path, context)
    if policy is not None:
        found = policy.source.path
        which = "" if os.path.basename(found) == os.path.basename(path) else f" ({found})"
        yield applied(place, policy.text, f"{by}{which}", policy)


def policy_among(path: str, context: Context) -> Place | None:
    """Where the first policy of the files that a path means has its apiVersion; None where there is none."""
    for found in _files(path, context.source.path):
        policy = version_at(found, context.source.path)
        if policy is not None and policy.text:
            return policy
    return None


def beside(policy: Place, context: Context, place: Place) -> Value:
    """The path of a policy's file from the folder of the one that names it, as files that are brought have it."""
    path = os.path.relpath(policy.source.path, os.path.dirname(context.source.path) or ".")
    return Value(path.replace(os.sep, "/"), place)


def applied_plain_folder(node: Scalar, by: str, context: Context, *, deep: bool = False) -> Iterator[Misshape]:
    """The same of a folder, as long as it is no kustomization and no chart: these say themselves what is applied.

    deep: of those below it, too.
    """
    if is_unknown(node.value) or not node.value.strip("./"):
        return
    folder = node.value.strip("/")
    if not any(os.path.lexists(found) for name in OTHER_TOOLS for found in _in_each(folder, name, context)):
        for one in (folder, *(_below(folder, context) if deep else ())):
            found = list(applied_file(one, node.place, by, context))
            yield from found
            if found:
                return


def _below(folder: str, context: Context) -> Iterator[str]:
    """The folders below one that no other tool deploys."""
    tops = (os.path.normpath(one) for one in _in_each(folder, "", context))
    top = next((one for one in tops if os.path.isdir(one) and readable(one, (os.path.dirname(one) or ".",))), None)
    for seen, (path, folders, files) in enumerate(os.walk(top) if top is not None else ()):
        folders[:] = sorted(one for one in folders if not one.startswith(".")) if seen < _MOST else []
        if path != top and any(name in files for name in OTHER_TOOLS):
            folders.clear()
        elif path != top:
            yield os.path.join(folder, os.path.relpath(path, top))


def _in_each(folder: str, name: str, context: Context) -> Iterator[str]:
    return (os.path.join(above, folder, name) for above in _folders(context.source.path))


def _files(path: str, source: str) -> Iterator[str]:
    """The files that a path means: the first of the folders in which there is any counts."""
    known = path.rsplit(UNKNOWN, 1)[-1].lstrip("/") if is_unknown(path) else path
    if "://" in known:
        yield from _behind_address(known, source)
        return
    if not known or "\0" in known or (is_unknown(path) and "/" not in path.replace(UNKNOWN, "")):
        return
    for folder in _folders(source):
        whole = os.path.join(folder, known) if not os.path.isabs(known) else ""
        if whole and os.path.isdir(whole) and readable(whole, (folder or ".",)):
            yield from (
                os.path.join(whole, one) for one in sorted(os.listdir(whole))[:_MOST] if one.endswith(MANIFEST_ENDS)
            )
            return
        found = _fitting(whole) if any(mark in known for mark in "*?[") else [whole]
        found = [one for one in found if one and os.path.isfile(one)]
        if found:
            yield from found
            return


def _fitting(pattern: str) -> list[str]:
    from glob import glob  # few texts have one, and it is slow to import

    return sorted(glob(pattern))[:_MOST]


def _behind_address(address: str, source: str) -> Iterator[str]:
    """The file of the repository that an address of its web server ends in."""
    parts = address.partition("://")[2].partition("?")[0].split("/")
    for start in range(1, len(parts)):
        for folder in _folders(source):
            whole = os.path.join(folder, *parts[start:])
            if os.path.isfile(whole):
                yield whole
                return


def _folders(source: str) -> Iterator[str]:
    """The folder of a file and those above it, up to the repository's root or the working directory."""
    folder = os.path.dirname(source)
    top = repository_of(os.path.realpath(folder or ".")) or os.path.realpath(".")
    while True:
        yield folder
        if os.path.realpath(folder or ".") == top:
            return
        folder = os.path.normpath(os.path.join(folder, ".."))
        if not readable(folder, (os.path.dirname(source) or ".",)):
            return
