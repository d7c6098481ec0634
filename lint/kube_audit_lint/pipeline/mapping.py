"""What one policy records, or what another one changes, as the table that `map` shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from kube_audit_lint.analysis import UndecidedError, familiar, phrases
from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.matrix import Case, Class, Matrix, Row, matrix
from kube_audit_lint.analysis.senders import Sender
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.comparison import Compared
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.matrix import (
    Example,
    Map,
    Sample,
    ShownCase,
    ShownClass,
    ShownFinding,
    ShownPolicy,
    ShownRow,
    ShownRule,
    ShownSender,
)
from kube_audit_lint.model.policy import FIELD_NAMES, Policy, PolicyRule
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.comparing import Side, compare
from kube_audit_lint.pipeline.requests import OpenedPolicy
from kube_audit_lint.report.safe import json_text
from kube_audit_lint.syntax.source import Place

_ALONE = "named by no rule, and in no group that a rule names but those that all such users are in"
_SENDERS = {
    "everybody": ("everybody", "all requests, whoever sends them"),
    "ordinary": ("an ordinary user", f"a user {_ALONE}"),
    "service-account": ("a service account", f"one outside of kube-system, {_ALONE}"),
    "kubelet": ("a kubelet", f"a member of system:nodes, {_ALONE}"),
    "control-plane": ("the control plane", "its components, and the service accounts of kube-system"),
    "anonymous": ("anonymous", "system:anonymous, where anonymous requests are allowed"),
    "failed": ("failed authentication", "requests that nobody could be authenticated for"),
}


def mapped(
    opened: OpenedPolicy, old: OpenedPolicy | None, versions: Versions | None, findings: Sequence[Finding]
) -> Map:
    """The table of a policy; old: the policy that it is compared with.

    Raises OwnFileError where no version loads both, or the answer would take too long.
    """
    path, before = opened.path, old or opened
    used = opened.loaded.policy_versions
    both = used.overlap(before.loaded.policy_versions)
    if both is None:
        raise OwnFileError(path, f"no version of Kubernetes loads both this policy and {before.path}")
    try:
        made = matrix(before.policy, opened.policy, both)
    except UndecidedError as error:
        raise OwnFileError(path, f"{error} to tell what it records of every request") from error
    by_title = [(_shown_row(row, both), row) for row in made.rows]
    rows = sorted(by_title, key=lambda pair: _order(pair[0]))
    after = _policy(opened, made, findings)
    return Map(
        after,
        None if old is None else _policy(before, made, (), old=True),
        str(both),
        tuple(map(_sender, made.senders)),
        tuple(shown for shown, _ in rows),
        tuple(map(_class, made.classes)),
        _exampler(made, {(shown.group, shown.title): row for shown, row in rows}),
        _examples(made, both),
        None if old is None else _changes(before, opened, versions),
    )


def _changes(before: OpenedPolicy, after: OpenedPolicy, versions: Versions | None) -> Compared:
    """What `diff` tells of the two."""
    one, other = (Side(each.path, Found((each.document,))) for each in (before, after))
    return next(iter(compare(one, other, versions)))


def _exampler(made: Matrix, rows: dict[tuple[str, str], Row]) -> Callable[[ShownRow, str, Sample], Example]:
    def example(row: ShownRow, verb: str, sample: Sample) -> Example:
        request = made.request(rows[row.group, row.title], verb, sample)
        return Example(request.to_json(), describe(request))

    return example


def _examples(made: Matrix, versions: Versions) -> dict[str, Any]:
    """What stands for names that no rule names, and all else that requests are completed with."""
    objects = {resource: made.object(resource) for resource in familiar.OBJECTS}
    return {
        "namespace": made.space,
        "object": made.object(""),
        "objects": objects,
        "minor": versions.last,
        "builtIn": [group for group in catalogue.groups() if catalogue.is_builtin_group(group)],
    }


# -- policies


def _policy(opened: OpenedPolicy, made: Matrix, findings: Sequence[Finding], old: bool = False) -> ShownPolicy:
    every = [case.decided.before if old else case.decided.after for each in made.classes for case in each.cases]
    reached = {one.rule for one in every}
    places = [opened.document.at("rules", index) for index in range(len(opened.policy.rules))]
    spans, lines = list(map(_span, places)), _lines(opened.document)
    apart = all(one[1] < other[0] for one, other in pairwise(spans))
    if not apart:  # in one line, or in base64
        spans, lines = _written(opened.policy)
    rules = tuple(
        ShownRule(index + 1, rule.level, *spans[index], index in reached, _span(places[index])[0])
        for index, rule in enumerate(opened.policy.rules)
    )
    shown = tuple(_finding(one, places) for one in findings if one.place.source.path == opened.document.source.path)
    return ShownPolicy(opened.path, rules, lines, loaded_data(opened.policy), shown, not apart)


def _span(place: Place) -> tuple[int, int]:
    """The first and the last line of what is there."""
    source = place.source
    text = place.text.rstrip()
    return source.position(place.start)[0], source.position(place.start + max(len(text) - 1, 0))[0]


def _lines(document: PolicyDocument) -> tuple[tuple[int, str], ...]:
    """The lines of a policy."""
    first, last = _span(document.at())
    return tuple((number, document.source.line(number)) for number in range(first, last + 1))


def _written(policy: Policy) -> tuple[list[tuple[int, int]], tuple[tuple[int, str], ...]]:
    """The lines that each rule takes, and the lines, of a policy written out as it is loaded."""
    spans: list[tuple[int, int]] = []
    lines: list[str] = []
    for rule in policy.rules:
        first = len(lines) + 1
        for name, value in _rule_data(rule).items():
            lines.append(f"{'- ' if len(lines) + 1 == first else '  '}{name}: {json_text(value)}")
        spans.append((first, len(lines)))
    return spans, tuple(enumerate(lines, start=1))


def loaded_data(policy: Policy) -> dict[str, Any]:
    """A policy as it is loaded, in the words of a policy file."""
    data: dict[str, Any] = {"omitStages": list(policy.omit_stages)} if policy.omit_stages else {}
    if policy.omit_managed_fields:
        data["omitManagedFields"] = True
    return {**data, "rules": [_rule_data(rule) for rule in policy.rules]}


def _rule_data(rule: PolicyRule) -> dict[str, Any]:
    data: dict[str, Any] = {"level": rule.level}
    for field, name in FIELD_NAMES.items():
        value = getattr(rule, field)
        if field == "resources":
            value = [
                {"group": one.group, "resources": list(one.resources), "resourceNames": list(one.resource_names)}
                for one in value
            ]
        elif isinstance(value, tuple):
            value = list(value)
        if value or value is False:
            data[name] = value
    return data


def _finding(one: Finding, rules: Sequence[Place]) -> ShownFinding:
    """rules: where the rules of the policy are."""
    start = one.place.start
    at = next((number for number, rule in enumerate(rules, start=1) if rule.start <= start < rule.end), 0)
    return ShownFinding(one.rule, one.severity, one.place.source.position(start)[0], at, one.message)


# -- rows, classes, senders


def _shown_row(row: Row, versions: Versions) -> ShownRow:
    whole = row.minors == tuple(range(versions.first, versions.last + 1))
    kubernetes = "" if whole or not row.minors else _served(Versions(row.minors[0], row.minors[-1]), versions)
    if row.key is None:
        title = " or ".join(phrases.what(what).removeprefix("URLs ") for what in row.paths)
        return ShownRow("URLs", title, row.cells, None, row.examples, kubernetes)
    group, resource, sub = row.key
    title = ("any other resource" if resource is None else resource) + (
        f"/{'*' if sub is None else sub}" if sub != "" else ""
    )
    heading = "any other group" if group is None else group or "core"
    return ShownRow(heading, title, row.cells, row.key, row.examples, kubernetes, row.scopes)


def _served(by: Versions, versions: Versions) -> str:
    """By which of the versions something is served, where not by all."""
    if by.last == versions.last:
        return f"from 1.{by.first}"
    return f"to 1.{by.last}" if by.first == versions.first else str(by)


def _order(row: ShownRow) -> tuple[Any, ...]:
    """Built-in groups, the core group first, then others, any other, and URLs."""
    if row.key is None:
        return (3, "", row.title.startswith("every"), row.title)
    group, resource, sub = row.key
    kind = 2 if group is None else 0 if catalogue.is_builtin_group(group) else 1
    return (kind, group or "", resource is None, resource or "", sub is None, sub or "")


def _class(one: Class) -> ShownClass:
    return ShownClass(tuple(map(_case, one.cases)), one.seen)


def _case(one: Case) -> ShownCase:
    before, after = one.decided.before, one.decided.after
    return ShownCase(
        after.rule + 1,
        after.level,
        " or ".join(map(phrases.who, one.who)),
        phrases.where(one.namespaces, one.names),
        one.exact,
        before.rule + 1,
        before.level,
        str(one.decided.direction),
    )


def _sender(one: Sender) -> ShownSender:
    if one.kind == "user":
        return ShownSender(f"user:{one.name}", f"user {one.name}", "in the groups that this user always has")
    if one.kind == "group":
        return ShownSender(f"group:{one.name}", f"a member of {one.name}", "whom no rule names, in no other such group")
    return ShownSender(one.kind, *_SENDERS[one.kind])
