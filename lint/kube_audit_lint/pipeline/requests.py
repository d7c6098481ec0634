"""The policy that a command is about (`explain`, `test`)."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.kubernetes.loading import Loaded, load
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.documents import collect
from kube_audit_lint.pipeline.options import STDIN
from kube_audit_lint.syntax.record import NamedTuple

_RENDER = "name the file that it renders to (`helm template` and the like), or pipe that to this command with -"


class OpenedPolicy(NamedTuple):
    """A policy that kube-apiserver loads, and where it is written.

    numbers: the rules by their number in the file, for one of the ways in which a template may be filled.
    """

    path: str
    document: PolicyDocument
    loaded: Loaded
    policy: Policy
    numbers: tuple[int, ...] = ()

    @property
    def ignored(self) -> str:
        """What is behind the policy in its file, which no API server reads; "" for nothing."""
        later = [one for one in self.document.later if self.document.whole_file and one.root is not None]
        if not later:
            return ""
        place = later[0].source.position(later[0].start)[0]
        return f"line {place} and what follows is no part of the policy"

    def line(self, rule: int) -> int:
        """The line on which a rule begins."""
        place = self.document.at("rules", rule)
        return place.source.position(place.start)[0]

    def number(self, rule: int) -> int:
        """A rule's number in the file, from 1; 0 for none, -1 for what a template puts in."""
        return self.numbers[rule] if self.numbers and rule >= 0 else rule + 1

    def called(self, rule: int) -> str:
        """A rule in words, with its place."""
        number = self.number(rule)
        what = f"rule {number}" if number > 0 else "what the template puts in"
        return f"{what} ({self.where(rule)})"

    def where(self, rule: int) -> str:
        """`path:line` of a rule."""
        return f"{self.path}:{self.line(rule)}"


def open_policy(path: str, versions: Versions | None = None, stdin: bytes = b"") -> OpenedPolicy:
    """The policy in a file, in any form; of the path - in what came on standard input.

    Raises OwnFileError when there is none, more than one, one that kube-apiserver does not load, or one of which a
    template decides the rules.
    """
    ways = open_ways(path, versions, stdin)
    if len(ways) > 1:
        certain = "explain and replay --decisions tell what is certain"
        raise OwnFileError(path, f"a template decides which rules this policy has: {_RENDER}; {certain}")
    return ways[0]


def open_ways(path: str, versions: Versions | None = None, stdin: bytes = b"") -> list[OpenedPolicy]:
    """The policy in a file; where a template decides some of its rules, each that it may become.

    Raises OwnFileError when there is none, more than one, or one that kube-apiserver does not load.
    """
    if path == "-":
        return ways_of(STDIN, stdin, versions)
    try:
        data = read_own(path, (path,))
    except OSError as error:
        raise OwnFileError(path, error.strerror or str(error)) from error
    return ways_of(path, data, versions)


def ways_of(path: str, data: bytes, versions: Versions | None = None) -> list[OpenedPolicy]:
    """The same for a file's content."""
    documents = _policies(path, data) or _policies(path, data, "policy")
    if len(documents) != 1:
        raise OwnFileError(path, f"holds {len(documents) or 'no'} audit policies; name a file that holds one")
    (document,) = documents
    known = (versions or document.versions or DEFAULT).known or DEFAULT
    loaded = load(document, known)
    ways = [OpenedPolicy(path, document, loaded, loaded.policy)] if loaded.policy is not None else []
    if not ways and not any(problem.fatal for problem in loaded.problems):
        ways = list(_filled(path, document, known))
    if not ways or ways[0].loaded.loads_in is None:
        first = next((problem for problem in loaded.problems if problem.fatal), None)
        line, column = document.source.position(first.place.start) if first else (0, 0)
        reason = first.message if first else f"a template decides what is in it: {_RENDER}"
        raise OwnFileError(path, f"kube-apiserver does not load this policy: {reason}", line, column)
    return ways


def _filled(path: str, document: PolicyDocument, versions: Versions) -> Iterator[OpenedPolicy]:
    """A policy of a template with each choice of the rules that are left open."""
    from kube_audit_lint.checks._subject import PolicySubject
    from kube_audit_lint.pipeline.variants import variants

    for one in variants(PolicySubject(document, versions)):
        loaded = one.subject.loaded
        if loaded.policy is not None and loaded.loads_in is not None:
            yield OpenedPolicy(path, one.subject.document, loaded, loaded.policy, one.numbers)


def _policies(path: str, data: bytes, hint: str = "") -> list[PolicyDocument]:
    one = collect(path, data, hint=hint)
    return [] if one is None else list(one.found.policies)
