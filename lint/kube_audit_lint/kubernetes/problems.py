"""What is wrong with a policy file as kube-apiserver reads it, each with the versions in which it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from kube_audit_lint.model.advice import Advice
from kube_audit_lint.model.finding import Related, SeverityOrNone
from kube_audit_lint.model.version import NEWEST, OLDEST, Versions
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import Literal

Refusal = Literal[
    "policy-unreadable",
    "unsupported-api-version",
    "wrong-kind",
    "no-rules",
    "wrong-type",
    "invalid-level",
    "invalid-stage",
    "invalid-url",
    "invalid-group",
    "names-without-resources",
    "urls-with-resources",
    "unknown-field",
    "field-not-in-version",
    "duplicate-key",
]
"""The rules about what kube-apiserver refuses or drops; each is a rule of the template `loading`."""

ALWAYS = (OLDEST, NEWEST)

MOST = 2_000
"""So many findings of a rule are made about a file: a hostile one has more of them than anybody can read."""


class Problem(NamedTuple):
    """One mistake. `rule` is the id of the rule it belongs to.

    versions: the minors in which it holds. fatal: kube-apiserver does not start with it there. severity: ""
    where it is the rule's own. server_message: kube-apiserver's own words. hopeless: nobody can tell what was
    meant, so that there is no policy to analyse.
    """

    rule: Refusal
    place: Place
    message: str
    versions: Versions
    fatal: bool = False
    severity: SeverityOrNone = ""
    help: str | Advice = ""
    related: tuple[Related, ...] = ()
    server_message: str = ""
    hopeless: bool = False


def fatal(
    rule: Refusal,
    place: Place,
    message: str,
    *,
    server: str = "",
    help: str | Advice = "",
    minors: tuple[int, int] = ALWAYS,
    related: tuple[Related, ...] = (),
    hopeless: bool = False,
) -> Problem:
    """A problem with which kube-apiserver does not start in these minors."""
    return Problem(rule, place, message, Versions(*minors), True, "", help, related, server, hopeless)


def harmless(
    rule: Refusal,
    place: Place,
    message: str,
    *,
    severity: SeverityOrNone = "",
    server: str = "",
    help: str | Advice = "",
    minors: tuple[int, int] = ALWAYS,
    related: tuple[Related, ...] = (),
) -> Problem:
    """A problem with which kube-apiserver starts, but what is written is not what it reads."""
    return Problem(rule, place, message, Versions(*minors), False, severity, help, related, server)


def within(problems: Iterable[Problem], versions: Versions) -> Iterator[Problem]:
    """The problems that hold for some minor of a range, with just those minors."""
    for problem in problems:
        common = problem.versions.overlap(versions)
        if common is not None:
            yield problem if common == problem.versions else problem._replace(versions=common)


def bounded(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems without those that nothing depends on: of each kind one more than is reported is enough."""
    counts: Counter[tuple[str, Versions, bool, bool]] = Counter()
    for problem in problems:
        kind = problem.rule, problem.versions, problem.fatal, problem.hopeless
        counts[kind] += 1
        if counts[kind] <= MOST + 1:
            yield problem


def loads_in(problems: Iterable[Problem], versions: Versions) -> Versions | None:
    """The minors of a range in which nothing is fatal, the newest unbroken run of them; None: there is none."""
    refused = [problem.versions for problem in problems if problem.fatal]
    last = versions.last
    while last >= versions.first and any(last in one for one in refused):
        last -= 1
    first = last
    while first > versions.first and not any(first - 1 in one for one in refused):
        first -= 1
    return Versions(first, last) if last >= versions.first else None
