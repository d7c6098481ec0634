"""`diff`: which requests two policies record differently."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.library import given
from kube_audit_lint.library.policies import Policy, notes_of
from kube_audit_lint.model.comparison import Direction
from kube_audit_lint.model.found import Found
from kube_audit_lint.pipeline.comparing import Side, compare
from kube_audit_lint.syntax.record import NamedTuple


class Change(NamedTuple):
    """Requests that are recorded differently. who, verbs, what, where: the conditions in words, `where` may be "".

    direction: less, differently, more; gone or new for what only other versions serve. before, after: what is recorded;
    loses, gains: which content of the records. example: one such request in words, request: as plain data.
    """

    direction: Direction
    who: str
    verbs: str
    what: str
    where: str
    before: str
    after: str
    loses: tuple[str, ...]
    gains: tuple[str, ...]
    example: str
    request: dict[str, Any]


class Difference(NamedTuple):
    """What changes from one policy to another, what is recorded less first. versions: those in which it was compared.

    undecided: why it could not be proven that nothing else differs; "" where it could. notes: about the versions.
    """

    versions: str
    changes: tuple[Change, ...]
    undecided: str = ""
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether every request is recorded the same, for certain."""
        return not self.changes and not self.undecided

    @property
    def less(self) -> bool:
        """Whether something that was recorded is not any more, or nobody can tell."""
        return bool(self.undecided) or any(one.loses for one in self.changes)


def diff(old: Policy, new: Policy, versions: str = "") -> Difference:
    """Compares two policies for every request that these versions serve; without any, those the new one was loaded for.

    Raises UsageError for what is not a policy, and for versions that are none.
    """
    for one in (old, new):
        given.instance(one, Policy, "what is compared", "a Policy (Policy.read, Policy.load)")
    requested = given.versions(versions) or new._requested or old._requested
    (found,) = compare(_side("old", old), _side("new", new), requested)
    changes = (
        Change(
            one.direction, one.who, one.verbs, one.what, one.where, one.before, one.after,
            one.loses, one.gains, one.example, one.request,
        )
        for one in found.classes
    )  # fmt: skip
    return Difference(found.kubernetes, tuple(changes), found.undecided, notes_of(requested))


def _side(name: str, policy: Policy) -> Side:
    return Side(name, Found((policy._opened.document,)))
