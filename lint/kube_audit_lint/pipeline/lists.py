"""Rules that become a part of a policy, one behind the other: what holds of them whatever is around them.

A request that reaches a rule of the list is decided by the first of the list that matches it, so a rule that others of
the list leave nothing stays without requests in every policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Scalar

_AMONG = ("unreachable-rule", "unreachable-entry", "none-behind-recording")
_HEAD = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}


def among_each_other(
    subject: PolicySubject, findings_of: Callable[[PolicySubject], Iterable[Finding]]
) -> Iterator[Finding]:
    """What the rules of a list do to each other."""
    root = subject.document.root
    if not isinstance(root, Mapping) or "rules" not in root.entries:
        return
    at = root.entries["rules"].key
    entries = {
        name: Entry(Scalar(at.source, at.start, at.start, "string", name), _text(at, value))
        for name, value in _HEAD.items()
    }
    inner = Mapping(root.source, root.start, root.end, {**entries, "rules": root.entries["rules"]})
    read = subject.document.document
    whole = Document(read.source, read.start, read.end, inner, json=read.json)
    document = subject.document._replace(document=whole, partial=False, whole_file=False, later=())
    alone = PolicySubject(document, subject.versions, subject.servers, subject.version_places)
    alone.served = subject.served
    yield from (one for one in findings_of(alone) if one.rule in _AMONG)


def _text(near: Scalar, value: str) -> Scalar:
    return Scalar(near.source, near.start, near.start, "string", value)
