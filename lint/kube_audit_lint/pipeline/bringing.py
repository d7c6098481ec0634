"""What brings a file of the repository to a host, and what it brings beside it: tasks, scripts, Butane, Terraform.

The settings of RKE2, a manifest or a unit lie in a file of their own, and a role copies them with the policy. Looked at
are the tasks of the role that the file belongs to, and what is in its folder and the two above.

Sources: Ansible's modules copy and template (`src` is looked for in files/ and templates/ of the role; a `dest` that
ends in `/` is a folder); coreos/butane (`contents.local`, `contents_local`); Terraform's provisioner `file`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.discovery.look import TASK_ENDS
from kube_audit_lint.discovery.walk import SHELL
from kube_audit_lint.forms.common.copies import copies
from kube_audit_lint.forms.common.misplaced import is_folder
from kube_audit_lint.forms.common.script import known
from kube_audit_lint.pipeline.documents import plain_documents
from kube_audit_lint.pipeline.repository import Repository
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.pieces import heredocs
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source
from kube_audit_lint.syntax.unknown import UNKNOWN

_MODULES = ("copy", "template")
_WORD = re.compile(r"\b(src|dest)=(\"[^\"]*\"|'[^']*'|(?:\{\{.*?\}\}|\S)+)")
# By patterns, and not as forms/terraform/ reads it: also without the extra a policy that a provisioner brings is found.
_PROVISIONER = re.compile(r"provisioner\s+\"file\"\s*\{[^}]*\}(?:[^{}]*\})?")
_SOURCE = re.compile(r"\bsource\s*=\s*\"([^\"\n]*)\"|\b(?:file|templatefile)\(\s*\"([^\"\n]*)\"")
_DESTINATION = re.compile(r"\bdestination\s*=\s*\"([^\"\n]*)\"")
_MOST = 100_000
"""Bytes of a file that brings others: larger ones are data."""


class Brought(NamedTuple):
    """A file that is brought to a host: what it is called in the repository ("" for one that is written in place), the
    path that it gets, where that is, and the text of it where it is written in place."""

    source: str
    path: str
    place: Place
    text: str = ""


def brought_with(repository: Repository, path: str, groups: Iterable[list[str]]) -> list[Brought]:
    """All that is brought to a host together with a file of the repository; nothing where nothing brings that.

    groups: the files that may, those together that belong together.
    """
    name = path.rpartition("/")[2]
    found = (_of_group(repository, group) for group in groups)
    return next((one for one in found if any(entry.source.rpartition("/")[2] == name for entry in one)), [])


def _of_group(repository: Repository, paths: list[str]) -> list[Brought]:
    texts = ((path, repository.content(path)) for path in paths)
    return [one for path, data in texts if len(data) < _MOST for one in _of_file(repository.shown(path), data)]


def _of_file(path: str, data: bytes) -> Iterator[Brought]:
    if path.endswith(TASK_ENDS):
        for document in plain_documents(path, data) or ():
            if document.root is not None:
                yield from _in_document(document.root)
    elif path.endswith(SHELL):
        yield from _in_script(Source(path, decode(data)[0]))
    else:
        yield from _in_terraform(Source(path, decode(data)[0]))


def _in_document(root: Node) -> Iterator[Brought]:
    """What the tasks of a play or a role, and Butane's files and units, bring."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping):
            yield from _of_entry(node)
            waiting += [entry.value for entry in reversed(node.entries.values())]


def _of_entry(node: Mapping) -> Iterator[Brought]:
    for name, entry in node.entries.items():
        if name.rpartition(".")[2] in _MODULES:
            yield from _of_module(entry.value)
    contents = node.mapping("contents")
    local = node.get("contents_local") or (contents.get("local") if contents is not None else None)
    path = node.get("path") or node.get("name")
    if isinstance(local, Scalar) and isinstance(path, Scalar):
        yield Brought(local.value, path.value, path.place)


def _of_module(node: Node) -> Iterator[Brought]:
    """One task: its words on one line, or its options."""
    if isinstance(node, Mapping):
        source, to, text = node.string("src") or "", node.get("dest"), node.string("content") or ""
        if isinstance(to, Scalar):
            yield _to(source, to.value, to.place, text)
    elif isinstance(node, Scalar):
        words = {found[1]: found[2].strip("\"'") for found in _WORD.finditer(node.place.text)}
        if "dest" in words:
            yield _to(words.get("src", ""), words["dest"], node.place)


def _to(source: str, to: str, place: Place, text: str = "") -> Brought:
    if is_folder(to) and source:
        to = f"{to.rstrip('/')}/{source.rpartition('/')[2]}"
    return Brought(source, known(to), place, text)


def _in_script(source: Source) -> Iterator[Brought]:
    for piece in heredocs(source.text):
        if piece.name:
            yield _to("", piece.name, source.place(piece.start, piece.start), piece.text)
    for one in copies(source.text):
        yield _to(one.source.text, one.path, source.place(one.target.start, one.target.end))


def _in_terraform(source: Source) -> Iterator[Brought]:
    for block in _PROVISIONER.finditer(source.text):
        to, named = _DESTINATION.search(block[0]), _SOURCE.search(block[0])
        if to is not None:
            start = block.start() + to.start(1)
            found = (named[1] or named[2] or "") if named is not None else ""
            yield _to(found, to[1], source.place(start, start + len(to[1])))


def candidates(path: str, source: str) -> Iterator[str]:
    """The files of the repository that a name may mean. path: of the file that names it, absolute."""
    folder = os.path.dirname(path)
    filled = known(source)
    named = filled.replace(UNKNOWN, "").lstrip("/") if filled.startswith(UNKNOWN) else source
    for between in ("", "files", "templates", "../files", "../templates", "..", "../.."):
        yield os.path.normpath(os.path.join(folder, between, named)).replace(os.sep, "/")
