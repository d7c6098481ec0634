"""What a position in a policy points at."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

Path = tuple[str | int, ...]


class Pointed(NamedTuple):
    """A key or a value of a policy. path: the keys and indexes to it; of a key, those to its value."""

    policy: PolicySubject
    path: Path
    node: Node
    is_key: bool = False

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.node.place

    @property
    def rule(self) -> int | None:
        """The index of the rule that it is in."""
        at = self.path[1] if len(self.path) > 1 and self.path[0] == "rules" else None
        return at if isinstance(at, int) else None


def pointed(checked: Checked, offset: int) -> Pointed | None:
    """What an offset of a buffer points at; None outside of policies, and between their values."""
    for policy in checked.policies:
        root = policy.document.root
        if root is not None and root.start <= offset <= root.end:
            return _in(policy, root, (), offset)
    return None


def _in(policy: PolicySubject, node: Node, path: Path, offset: int) -> Pointed | None:
    if isinstance(node, Scalar):
        return Pointed(policy, path, node)
    found: Pointed | None = None
    for step, key, value in _below(node):
        if key is not None and key.start <= offset <= key.end:
            return Pointed(policy, (*path, step), key, True)
        if value.start <= offset <= value.end:
            found = _in(policy, value, (*path, step), offset)
    return found or Pointed(policy, path, node)


def _below(node: Mapping | Sequence) -> Iterator[tuple[str | int, Scalar | None, Node]]:
    """Each value with its key or index, and the node of the key."""
    if isinstance(node, Sequence):
        yield from ((at, None, item) for at, item in enumerate(node.items))
    else:
        yield from ((name, one.key, one.value) for name, one in node.entries.items() if not one.merged)
