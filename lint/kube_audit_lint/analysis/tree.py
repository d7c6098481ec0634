"""The values of one dimension as a tree, so that those that no alternative in play tells apart are met once.

Of 1,000 rules for a namespace each, a state with one of them in play has two kinds of namespace and not 1,001.
"""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple, make
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WIDTH = 8


class Branch(NamedTuple):
    """Some values: what all of them accept, what only some of them do, how many they are, and the first of them."""

    common: int
    unlike: int
    size: int
    first: Any
    children: Sequence[Branch]
    """In reverse order; none for a single value."""


def tree(leaves: Iterable[tuple[int, Any]]) -> Branch:
    """The tree of some values, each after the alternatives that accept it; there is at least one."""
    level = [make(Branch, (accepted, 0, 1, value, ())) for accepted, value in leaves]
    while len(level) > 1:
        level = [_branch(level[at : at + _WIDTH]) for at in range(0, len(level), _WIDTH)]
    return level[0]


def _branch(children: list[Branch]) -> Branch:
    common, some, count = -1, 0, 0
    for child in children:
        common &= child.common
        some |= child.common | child.unlike
        count += child.size
    return make(Branch, (common, some & ~common, count, children[0].first, children[::-1]))


def parts(root: Branch, mask: int) -> list[Branch]:
    """The branches within which the alternatives of the mask tell no values apart, in order."""
    if not root.unlike & mask:
        return [root]
    found, left = [], [root]
    while left:
        branch = left.pop()
        if branch.unlike & mask:
            left += branch.children
        else:
            found.append(branch)
    return found


def accepted(root: Branch, mask: int) -> list[Branch]:
    """The single values that some alternative of the mask accepts, in order."""
    found, left = [], [root]
    while left:
        branch = left.pop()
        if (branch.common | branch.unlike) & mask:
            if branch.children:
                left += branch.children
            else:
                found.append(branch)
    return found
