"""What forms share that keep flags in a map of names and values, and policies as a part of themselves."""

from __future__ import annotations

from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Node
from kube_audit_lint.syntax.source import Place


def in_map(name: str, value: str) -> str:
    """How a flag is written in a map of strings."""
    return f'{name}: "{value}"' if value else name


def part_as_policy(node: Node, place: Place, form: str, versions: Versions | None = None) -> PolicyDocument:
    """A policy that is a part of a larger document."""
    document = Document(node.source, node.start, node.end, node)
    return PolicyDocument(document, place, form=form, versions=versions, embedded=True)
