"""What a policy is required to do, and where it does something else.

A file of tests names a policy and, for requests (`request`, `requests`) or for every request of a class
(`every`), the level, rule or stages expected. Requests are decided by `evaluate`, classes by the analysis.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, evaluate
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.stages import possible, stages_of
from kube_audit_lint.catalogue.ownfile import OwnFile, read_own_file
from kube_audit_lint.catalogue.shape import validate
from kube_audit_lint.discovery.roots import OUTSIDE, readable
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.policy import LEVELS, GroupResources, Stage
from kube_audit_lint.model.version import Versions, parse_versions, refused
from kube_audit_lint.pipeline.requests import OpenedPolicy, open_ways
from kube_audit_lint.pipeline.single import NoRequestError, check_class, single, wanted_of
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.query import Query


_OPEN = " (for one of the ways to fill the template)"


class Failure(NamedTuple):
    """A test that the policy does not meet. line: of the test in its file."""

    path: str
    line: int
    name: str
    request: str
    expected: str
    got: str


class Outcome(NamedTuple):
    """How many tests a file has, and which failed."""

    tests: int
    failures: tuple[Failure, ...]


def run_file(path: str) -> Outcome:
    """Runs a file of tests. Raises KubeAuditLintError for one that is none, or names a policy that does not load."""
    file = read_own_file(path)
    data = validate(file, "policytest")
    policy_path = os.path.normpath(os.path.join(os.path.dirname(path), data["policy"]))
    if not readable(policy_path, (path,)):
        raise OwnFileError(path, f"policy: {OUTSIDE}", file.line(("policy",)))
    ways = open_ways(policy_path, _versions(file) if "kubernetes-version" in data else None)
    analyses = [Analysis(opened.policy, opened.loaded.policy_versions) for opened in ways]
    failures: list[Failure] = []
    for index, test in enumerate(data["tests"]):
        # Of a template, each way to fill it has to pass; the first that does not is shown.
        tried = (list(_Test(file, index, test).failures(*each)) for each in zip(ways, analyses, strict=True))
        failed = next(filter(None, tried), [])
        failures += [one._replace(got=one.got + _OPEN) for one in failed] if len(ways) > 1 else failed
    return Outcome(len(data["tests"]), tuple(failures))


def _versions(file: OwnFile) -> Versions:
    text = file.text(("kubernetes-version",))
    versions = parse_versions(text)
    if versions is None:
        message = f"takes a version such as 1.30 or a range such as 1.29-1.34, not {text}"
        file.fail(("kubernetes-version",), message)
    if refused(versions):
        file.fail(("kubernetes-version",), refused(versions))
    return versions


class _Test:
    def __init__(self, file: OwnFile, index: int, data: dict[str, Any]) -> None:
        self.path = file.path
        self.line = file.line(("tests", index))
        self.name = data.get("name") or f"test {index + 1}"
        self.data = data
        expect = data["expect"]
        self.expect: dict[str, Any] = {"level": expect} if isinstance(expect, str) else expect

    def failures(self, opened: OpenedPolicy, analysis: Analysis) -> Iterator[Failure]:
        """What the policy does otherwise: of a class, one request for each rule; and what is no request.

        analysis: of the policy, and one for all tests of a file.
        """
        if "every" in self.data:
            yield from self._of_class(opened, self.data["every"], analysis)
            return
        for one in self.data.get("requests") or [self.data["request"]]:
            yield from self._of_single(opened, one)

    def _of_single(self, opened: OpenedPolicy, wanted: dict[str, Any]) -> Iterator[Failure]:
        try:
            request = single(wanted_of(wanted), opened.policy, opened.loaded.policy_versions).request
        except NoRequestError as error:
            yield self._no_request(wanted, str(error))
        else:
            yield from self._held(opened, request, evaluate(opened.policy, request), stages_of(request))

    def _of_class(self, opened: OpenedPolicy, wanted: dict[str, Any], analysis: Analysis) -> Iterator[Failure]:
        """Holds each rule that decides requests of the class to what is expected of them."""
        from kube_audit_lint.analysis import UndecidedError
        from kube_audit_lint.analysis.events import courses

        try:
            check_class(wanted, opened.loaded.policy_versions)
            found = courses(analysis, _query(wanted), "stages" in self.expect)
        except UndecidedError:
            text = json.dumps(wanted, ensure_ascii=False)
            message = f"`every` {text} cannot be decided: the policy is too entangled"
            raise OwnFileError(self.path, message, self.line) from None
        except NoRequestError as error:
            yield self._no_request(wanted, str(error))
            return
        if not found:
            yield self._no_request(wanted, "no request is in this class: these versions do not serve any")
        told: set[int] = set()
        for stages, recorded in found:
            if recorded.rule not in told:
                for failure in self._held(opened, recorded.witness, recorded.decision, stages):
                    told.add(recorded.rule)
                    yield failure

    def _no_request(self, wanted: dict[str, Any], why: str) -> Failure:
        text = json.dumps(wanted, ensure_ascii=False)
        return Failure(self.path, self.line, self.name, text, "requests that are served", why)

    def _held(
        self, opened: OpenedPolicy, request: Request, decision: Decision, stages: tuple[Stage, ...]
    ) -> Iterator[Failure]:
        wrong = self._wrong(opened, decision, stages)
        if wrong:
            got = _got(opened, decision, stages if "stages" in self.expect else None)
            yield Failure(self.path, self.line, self.name, describe(request), " and ".join(wrong), got)

    def _wrong(self, opened: OpenedPolicy, decision: Decision, stages: tuple[Stage, ...]) -> list[str]:
        """What is expected and is not so, in words."""
        expect, level = self.expect, LEVELS.index(decision.level)
        wrong = []
        if "level" in expect and decision.level != expect["level"]:
            wrong.append(expect["level"])
        if "at-least" in expect and level < LEVELS.index(expect["at-least"]):
            wrong.append(f"at least {expect['at-least']}")
        if "at-most" in expect and level > LEVELS.index(expect["at-most"]):
            wrong.append(f"at most {expect['at-most']}")
        if "rule" in expect and opened.number(decision.rule) != expect["rule"]:
            wrong.append(f"rule {expect['rule']}" if expect["rule"] else "no rule")
        kept = set(possible(stages)) - decision.omit_stages if level else ()
        wrong += [f"an event at {stage}" for stage in expect.get("stages", ()) if stage not in kept]
        return wrong


def _query(wanted: dict[str, Any]) -> Query:
    from kube_audit_lint.analysis.query import Query

    return Query(
        tuple(_entry(item) for item in wanted.get("resources", ())),
        tuple(wanted.get("verbs", ())),
        tuple(wanted.get("namespaces", ())),
        tuple(wanted.get("names", ())),
        tuple(wanted.get("users", ())),
        tuple(wanted.get("groups", ())),
        tuple(wanted.get("urls", ())),
        tuple(wanted.get("who", ("ordinary", "control-plane"))),
    )


def _entry(item: str) -> GroupResources:
    """`deployments.apps/scale` as an entry of a rule's resources; `*.apps` is the whole group."""
    resource, slash, subresource = item.partition("/")
    resource, _, group = resource.partition(".")
    return GroupResources(group, (f"{resource}{slash}{subresource}",))


def _got(opened: OpenedPolicy, decision: Decision, stages: tuple[Stage, ...] | None) -> str:
    """What is decided, and at which of the stages an event is left; None: no stages are expected."""
    if decision.rule == NO_RULE:
        return "no rule matches, so it is not recorded"
    omitted = f", omitting {', '.join(sorted(decision.omit_stages))}" if decision.omit_stages else ""
    at = ""
    if stages is not None and decision.level != "None":
        at = f" at {' and '.join(stage for stage in stages if stage not in decision.omit_stages) or 'no stage'}"
    return f"{opened.called(decision.rule)} records {decision.level}{at}{omitted}"
