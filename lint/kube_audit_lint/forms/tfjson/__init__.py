"""Terraform in JSON (`.tf.json`): the blocks that forms/terraform reads, as CDK for Terraform and others write them.

No extra is needed. Strings are templates: what `${...}` decides is unknown here. All else in such a file is read like
any JSON (forms/elsewhere.py).

Source: Terraform's language reference, JSON Configuration Syntax (labels are keys; a block, or a list of them).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms import elsewhere
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.terraform.clusters import in_cluster
from kube_audit_lint.forms.terraform.managed import control_planes, given, may_be_off
from kube_audit_lint.forms.terraform.values import Block, Head
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence

MARKS = ('"resource"', '"module"', "log_types")
LOOK = (("log_types", r"\"[ \t]*:"),)
ORDER = 1

_LABELS = {"resource": 2, "module": 1}


def read(document: Document, context: Context) -> Found | None:
    """What the blocks of such a file hold; None for other documents."""
    root = document.mapping
    if root is None or not context.path.endswith((".tf.json", ".tofu.json", ".tfvars.json")):
        return None
    if context.path.endswith(".tfvars.json"):
        found = given(root)
    else:
        blocks = list(_blocks(root))
        parts = [in_cluster(head, body, context) for head, body in blocks]
        found = joined([*parts, control_planes(one for one in blocks if may_be_off(one[0]))])
    return joined([found, _besides(found, document, context)]) if found else None


def _besides(found: Found, document: Document, context: Context) -> Found:
    """What else such a file holds."""
    others = elsewhere.read(document, context) or Found()
    known = {policy.document.start for policy in found.policies}
    return others._replace(policies=tuple(one for one in others.policies if one.document.start not in known))


def _blocks(root: Mapping) -> Iterator[tuple[Head, Block]]:
    for kind, labels in _LABELS.items():
        for section in _each(root.get(kind)):
            yield from _labelled(section, kind, labels, ())


def _labelled(node: Node, kind: str, left: int, path: tuple[Scalar, ...]) -> Iterator[tuple[Head, Block]]:
    if not isinstance(node, Mapping):
        return
    if not left:
        head = Head(kind, tuple(key.value for key in path), path[-1].start, path[-1].end)
        yield head, _block(node)
        return
    for entry in node.entries.values():
        for inner in _each(entry.value):
            yield from _labelled(inner, kind, left - 1, (*path, entry.key))


def _each(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.items if isinstance(node, Sequence) else [node]


def _block(node: Mapping) -> Block:
    entries = {name: Entry(entry.key, _inner(entry.value)) for name, entry in node.entries.items()}
    return Block(node.source, node.start, node.end, entries)


def _inner(node: Node) -> Node:
    """A value in which every mapping may be a block; a list of one block is that block."""
    if isinstance(node, Mapping):
        return _block(node)
    if not isinstance(node, Sequence):
        return node
    items = [_inner(item) for item in node.items]
    if len(items) == 1 and isinstance(items[0], Block):
        return items[0]
    return Sequence(node.source, node.start, node.end, items)
