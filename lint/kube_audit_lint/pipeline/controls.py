"""One control of a standard, decided for one API server or one policy.

Flags are compared as kube-bench compares them (the flag is given, its number is large enough), with the value that
kube-apiserver takes: the last one of a repeated flag, and none for `--audit-log-path=`. A flag that kube-apiserver
would set by itself does not count: benchmarks want it written, or set by the distribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.evaluate import NO_RULE, evaluate
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.catalogue.standards import Control
from kube_audit_lint.checks._server import is_placeholder, known_path, place_of_value
from kube_audit_lint.checks._subject import PolicySubject, ServerSubject
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.kubernetes.go_values import GoError, parse_int
from kube_audit_lint.model.assessment import STATUSES, Shown, Status
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

UNCHECKED = ("undecided", "internal-error")
"""Rules whose findings say that a check could not be made."""

_NO_FILE = "No file decides it."
"""Of what a user has to look at; the control names it."""


class Decided(NamedTuple):
    """What a control comes to for one subject: where to look, the flags as they are set, and why."""

    status: Status
    place: Place
    values: tuple[str, ...]
    proof: str
    requests: tuple[Shown, ...] = ()


class _Part(NamedTuple):
    status: Status
    proof: str
    place: Place | None = None


def of_server(control: Control, subject: ServerSubject, findings: Sequence[Finding]) -> Decided | None:
    """A control for a server; findings: about it and the policy it loads. None: it is decided where the policy is."""
    server = subject.server
    if control.subject == "policy":
        return None if subject.policy is not None else _decided(control, server, [_without_policy(subject)])
    if why := _not_applicable(control, server):
        return Decided("not-applicable", server.place, (), why)
    parts = [*(_flag(server, names, control.at_least) for names in control.flags), *_loading(control, subject)]
    parts += _elsewhere(control, server)
    if all(part.status == "passed" for part in parts):  # else the findings say the same again
        parts += _found(control, findings)
    requests = _requests(control, subject.policy) if subject.policy is not None else ()
    return _decided(control, server, parts)._replace(requests=requests)


def of_policy(control: Control, subject: PolicySubject, findings: Sequence[Finding]) -> Decided:
    """A control for a policy; findings: about it."""
    parts = [*_unloadable(subject), *_found(control, findings)]
    if not parts and (subject.loaded.policy is None or subject.document.partial):
        parts = [_Part("manual", "A template, or another file, decides what else is in this policy.")]
    if not parts and control.rules:
        parts = [_Part("passed", control.proof or _proven(subject))]
    decided = _combined(control, parts, subject.document.place)
    return decided._replace(requests=_requests(control, subject))


def _decided(control: Control, server: ApiServer, parts: list[_Part]) -> Decided:
    decided = _combined(control, parts, server.place)
    names = dict.fromkeys([*(name for names in control.flags for name in names), *control.shows])
    return decided._replace(values=tuple(_written(server, name) for name in names if _given(server, name)))


def _written(server: ApiServer, name: str) -> str:
    """A flag as it is set; what a template decides as the file has it."""
    flag, value = server.flag(name), server.value(name)
    if flag is not None and value is not None and is_unknown(value):
        value = flag.value_place.text
    return f"--{name}" if value is None else f"--{name}={value}"


def _given(server: ApiServer, name: str) -> bool:
    return server.flag(name) is not None or server.value(name) is not None


def _combined(control: Control, parts: Sequence[_Part], place: Place) -> Decided:
    """The gravest of the parts, with the proofs of those that are as grave."""
    status: Status = max((part.status for part in parts), key=STATUSES.index, default="passed")
    if control.look and status == "passed":
        return Decided("manual", _place(parts, place), (), _NO_FILE)
    gravest = [part for part in parts if part.status == status]
    proof = " ".join(dict.fromkeys(part.proof for part in gravest)) or control.proof
    return Decided(status, _place(gravest, place), (), proof)


def _place(parts: Sequence[_Part], otherwise: Place) -> Place:
    return next((part.place for part in parts if part.place is not None), otherwise)


def _not_applicable(control: Control, server: ApiServer) -> str:
    if control.when and not server.partial and not server.value(control.when):
        return f"--{control.when} is not set."
    if control.mounts and server.mounts is None:
        return "Here the API server runs on the host, or what makes its container mounts the log's directory."
    return ""


def _elsewhere(control: Control, server: ApiServer) -> Iterator[_Part]:
    """Where a control is about the log's directory, and no file shows which one that is."""
    if control.mounts and known_path(server, control.when) is None:
        place = place_of_value(server, control.when)
        yield _Part(
            "manual", f"{_written(server, control.when)} names no known directory: look where the log ends up.", place
        )


def _flag(server: ApiServer, names: Sequence[str], least: int | None) -> _Part:
    """One of several flags that has to be set."""
    name = next((name for name in names if _given(server, name)), names[0])
    flag, value = server.flag(name), server.value(name)
    place = flag.place if flag is not None else None
    by = "" if flag is not None else ", by the distribution"
    if name == POLICY_FILE and server.policy is not None:
        return _Part("passed", "The file itself carries the policy.", server.policy.place)
    if not _given(server, name):
        return _unset(server, names)
    if not value:
        return _Part("failed", f"--{name} has no value.", place)
    if is_unknown(value) or is_placeholder(value):
        return _Part("manual", f"A template decides the value of --{name}: look at the running server.", place)
    if least is None:
        stream = ": `-` is standard output" if value == "-" else ""
        return _Part("passed", f"--{name} is set{by}{stream}.", place)
    number = _number(value)
    if number is None:
        return _Part("failed", f"--{name} is not a number.", place_of_value(server, name))
    if number < least:
        return _Part("failed", f"--{name} is {number}{by}; {least} or more is required.", place_of_value(server, name))
    return _Part("passed", f"--{name} is {number}{by}, which is {least} or more.", place_of_value(server, name))


def _number(value: str) -> int | None:
    try:
        return parse_int(value)
    except GoError:
        return None


def _unset(server: ApiServer, names: Sequence[str]) -> _Part:
    shown = " or ".join(f"--{name}" for name in names)
    if server.partial:
        return _Part(
            "manual", f"This file shows only a part of the settings, and not {shown}: look at the running server."
        )
    if server.flags_fixed:
        return _Part("manual", f"The distribution sets {shown}, and this file cannot: look at the running server.")
    return _Part("failed", f"{shown} is not set.")


def _loading(control: Control, subject: ServerSubject) -> Iterator[_Part]:
    """Whether the policy loads, where the control requires one and it is among the files."""
    if not control.loads or not (subject.server.value(POLICY_FILE) or subject.server.policy is not None):
        return
    if subject.policy is not None:
        yield from _unloadable(subject.policy)
    else:
        yield _Part("passed", "The policy itself is in no file of this run: what it records was not looked at.")


def _without_policy(subject: ServerSubject) -> _Part:
    """A server of which the policy is not known: what controls demand of policies is open, or not met."""
    server = subject.server
    if server.profile is not None or server.flags_fixed:
        return _Part("manual", "The distribution's audit profile decides what is recorded: look at its policy.")
    flag = server.flag(POLICY_FILE)
    if flag is None and not server.value(POLICY_FILE) and not server.partial:
        return _Part("failed", "There is no policy, so nothing is recorded.")
    place = None if flag is None else flag.value_place
    return _Part("manual", "The policy is in no file of this run: look at the file on the host.", place)


def _unloadable(subject: PolicySubject) -> Iterator[_Part]:
    loaded = subject.loaded
    problem = next((one for one in loaded.problems if one.fatal), None)
    if loaded.loads_in is None and problem is not None:
        yield _Part("failed", f"kube-apiserver does not load this policy: {problem.message}", problem.place)


def _found(control: Control, findings: Sequence[Finding]) -> Iterator[_Part]:
    """What rules found that fails the control, and what could not be checked."""
    for one in findings:
        if one.rule in control.rules:
            yield _Part("failed", f"{one.message}{f' Proof: {one.proof}.' if one.proof else ''}", one.place)
        elif one.rule in UNCHECKED and control.rules:
            yield _Part("manual", one.message, one.place)


def _proven(subject: PolicySubject) -> str:
    return f"Proven for every request that Kubernetes {subject.versions} serves."


def _requests(control: Control, subject: PolicySubject) -> tuple[Shown, ...]:
    """How the policy records the requests that the control names."""
    policy = subject.loaded.policy
    if policy is None or subject.loaded.loads_in is None:
        return ()
    found = []
    for one in control.requests:
        request = Request("jane", frozenset({"system:authenticated"}), **one)
        decision = evaluate(policy, request)
        recorded = decision.level if decision.records else "not recorded"
        rules = subject.loaded.rules
        known = decision.rule != NO_RULE and decision.rule < len(rules)
        place = rules[decision.rule].place if known else subject.document.place
        found.append(Shown(describe(request), recorded, decision.rule + 1, place))
    return tuple(found)
