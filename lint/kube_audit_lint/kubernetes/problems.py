"""What is wrong with a policy file as kube-apiserver reads it, each with the versions in which it holds."""

from __future__ import annotations

from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.version import NEWEST, OLDEST, Versions
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place


class Problem(NamedTuple):
    """One mistake. `rule` is the id of the rule it belongs to.

    versions: the minors of the asked range in which it holds. fatal: kube-apiserver does not start with it
    there. severity: "" where it is the rule's own. server_message: kube-apiserver's own words.
    """

    rule: str
    place: Place
    message: str
    versions: Versions
    fatal: bool = False
    severity: str = ""
    help: str = ""
    related: tuple[Related, ...] = ()
    server_message: str = ""


class Problems:
    """Collects the problems of one policy for a range of versions.

    partial: only a part of the policy is at hand, so that what is missing may be elsewhere.
    hopeless: whether something is wrong for which nobody can say what was meant.
    unknown: whether a template decides something that counts.
    claimed: keys that a problem has spoken of already, by id of the key's node.
    """

    __slots__ = ("asked", "claimed", "found", "hopeless", "partial", "unknown")

    def __init__(self, asked: Versions, partial: bool = False) -> None:
        self.asked = asked
        self.partial = partial
        self.found: list[Problem] = []
        self.hopeless = False
        self.unknown = False
        self.claimed: set[int] = set()

    def fatal(
        self,
        rule: str,
        place: Place,
        message: str,
        *,
        server: str = "",
        help: str = "",
        minors: tuple[int, int] = (OLDEST, NEWEST),
        related: tuple[Related, ...] = (),
        hopeless: bool = False,
    ) -> None:
        """kube-apiserver does not start with it in these minors."""
        versions = self.asked.overlap(Versions(*minors))
        if versions is not None:
            self.hopeless |= hopeless
            self.found.append(Problem(rule, place, message, versions, True, "", help, related, server))

    def harmless(
        self,
        rule: str,
        place: Place,
        message: str,
        *,
        severity: str = "",
        server: str = "",
        help: str = "",
        minors: tuple[int, int] = (OLDEST, NEWEST),
        related: tuple[Related, ...] = (),
    ) -> None:
        """kube-apiserver starts with it, but it is not what it seems."""
        versions = self.asked.overlap(Versions(*minors))
        if versions is not None:
            self.found.append(Problem(rule, place, message, versions, False, severity, help, related, server))

    def loads_in(self) -> Versions | None:
        """The minors of the asked range in which nothing is fatal, the newest run of them."""
        minors = [
            minor
            for minor in range(self.asked.first, self.asked.last + 1)
            if not any(one.fatal and minor in one.versions for one in self.found)
        ]
        if not minors:
            return None
        first = last = minors[-1]
        while first - 1 in minors:
            first -= 1
        return Versions(first, last)
