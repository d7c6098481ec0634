"""What the analysis answers: what a rule decides of a class of requests, and whether it ever decides anything.

Requests are found at their first use, and every one has been replayed through `evaluate`.
"""

from __future__ import annotations

from kube_audit_lint.analysis.evaluate import decision_of
from kube_audit_lint.analysis.witness import Trace, request_of
from kube_audit_lint.analysis.worlds import FIELD, KINDS, WIDTH, best, kinds_of, minors_of
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.analysis.symbolic import Joint
    from kube_audit_lint.analysis.walk import Node
    from kube_audit_lint.model.policy import Level, Policy, Stage


class Recorded:
    """Requests of some class that one rule decides (or none: NO_RULE), and what becomes of them."""

    __slots__ = ("_joint", "_nodes", "_witnesses", "count", "decide", "decision", "policy", "worlds")

    def __init__(self, policy: Policy, rule: int, joint: Joint, decide: Callable[[Request], Decision]) -> None:
        """decide: what the policy decides for any request; may raise UndecidedError (Analysis.decide)."""
        self.decide = decide
        self.policy = policy
        self.decision: Decision = decision_of(policy, rule)
        self.worlds = 0
        self.count = 0
        self._joint = joint
        self._nodes: list[Node] = []
        self._witnesses: dict[int, Request] = {}

    def __repr__(self) -> str:
        return f"<Recorded {self.rule} {self.level} {self.minors} {self.witness!r}>"

    def add(self, node: Node) -> None:
        """More requests of the kind."""
        self._nodes.append(node)
        self.worlds |= node.worlds
        self.count += node.count

    def within(self, worlds: int) -> Recorded:
        """The part of these requests that is in some worlds."""
        part = Recorded(self.policy, self.rule, self._joint, self.decide)
        part.worlds, part.count = self.worlds & worlds, self.count
        part._nodes, part._witnesses = self._nodes, self._witnesses
        return part

    def seen(self, worlds: int, request: Request) -> None:
        """One such request, known otherwise."""
        self.worlds |= worlds
        self.count += 1
        self._witnesses[best(worlds)] = request

    @property
    def rule(self) -> int:
        """The index of the deciding rule, NO_RULE for none."""
        return self.decision.rule

    @property
    def level(self) -> Level:
        """The level of the decision."""
        return self.decision.level

    @property
    def omit_stages(self) -> frozenset[Stage]:
        """The stages that are not recorded."""
        return self.decision.omit_stages

    @property
    def minors(self) -> tuple[int, ...]:
        """The minors that serve such a request."""
        return minors_of(self.worlds)

    @property
    def who(self) -> tuple[str, ...]:
        """The kinds of user that send such requests: ordinary, control-plane, nobody."""
        return kinds_of(self.worlds)

    def minors_for(self, kind: str) -> tuple[int, ...]:
        """The minors in which users of the kind send such requests."""
        return minors_of(self.worlds, kind)

    @property
    def witness(self) -> Request:
        """Such a request, by an ordinary user and in the newest minor where there is one."""
        return self._witness(best(self.worlds))

    def witness_for(self, kind: str) -> Request:
        """Such a request by that kind of user, in the newest minor where there is one."""
        return self._witness(best(self.worlds & FIELD << KINDS.index(kind) * WIDTH))

    def trace(self) -> Trace:
        """The way to the witness, for what comes of a walk."""
        return self._trace(best(self.worlds))

    def _trace(self, world: int) -> Trace:
        return Trace(next(node for node in self._nodes if node.worlds & world), world)

    def _witness(self, world: int) -> Request:
        found = self._witnesses.get(world)
        if found is None:
            found = request_of(self._trace(world), self._joint)
            hold(self.decide(found), found, self.rule)
            self._witnesses[world] = found
        return found


class Blocker(NamedTuple):
    """An earlier rule that takes requests away from a later one."""

    rule: int
    witness: Request
    same_outcome: bool


class Reach:
    """Whether a rule, or one of its values, ever decides anything: true when it does.

    When `minors` is empty: either `blockers`, the fewest earlier rules that take everything, the greatest
    share first. Or no served request matches at all, and `blame` names the fields that are why. These are
    found out at their first use, and may raise UndecidedError; so may `minors` of a value.
    """

    __slots__ = ("_blame", "_blamed", "_block", "_blockers", "_count", "_find", "_minors", "_witness")

    def __init__(
        self,
        minors: tuple[int, ...] | Callable[[], tuple[int, ...]] = (),
        find: Callable[[], Request] | None = None,
        block: Callable[[], tuple[Blocker, ...]] | None = None,
        blame: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        self._count = minors if callable(minors) else None
        self._minors = None if callable(minors) else minors
        self._find = find
        self._witness: Request | None = None
        self._block = block
        self._blockers: tuple[Blocker, ...] | None = None
        self._blamed = blame
        self._blame: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return self._minors is None or bool(self._minors)

    @property
    def minors(self) -> tuple[int, ...]:
        """The minors in which something is decided there."""
        if self._minors is None:
            self._minors = self._count() if self._count is not None else ()
        return self._minors

    @property
    def witness(self) -> Request | None:
        """A request that is decided there; None when there is none."""
        if self._witness is None and self._find is not None:
            self._witness = self._find()
        return self._witness

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """The fewest earlier rules that take everything."""
        if self._blockers is None:
            self._blockers = self._block() if self._block else ()
        return self._blockers

    @property
    def blame(self) -> tuple[str, ...]:
        """The fields that no served request meets together."""
        if self._blame is None:
            self._blame = self._blamed() if self._blamed and not self.blockers else ()
        return self._blame


def hold(decision: Decision, request: Request, rule: int) -> None:
    """Holds a request against the reference; a mismatch is a fault of the analysis."""
    if decision.rule != rule:
        raise AssertionError(f"rule {rule} was to decide {request!r}, but {decision.rule} does")
