"""`kube-audit-lint explain`: which rule decides a request, and what is recorded of it."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, evaluate, explain
from kube_audit_lint.analysis.request import OPTIONS_SERVED, Request
from kube_audit_lint.analysis.stages import written
from kube_audit_lint.commands import OK, filled, input_of, tell_ignored
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.policy import FIELD_NAMES
from kube_audit_lint.model.version import newer
from kube_audit_lint.pipeline.options import versions_of
from kube_audit_lint.pipeline.requests import OpenedPolicy, open_ways
from kube_audit_lint.pipeline.single import NoRequestError, Single, Wanted, single
from kube_audit_lint.report.safe import json_text, line, visible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    add("policy", metavar="POLICY", help="a file that holds an audit policy, or - for standard input")
    add("--user", metavar="U", help="the user's name; without it: a request that nobody could be authenticated for")
    add(
        "--group", action="append", default=[], metavar="G", help="a group of the user's; those it always has are added"
    )
    add(
        "--verb",
        metavar="V",
        help="get, list, watch, create, update, patch, delete, deletecollection; with --url get, post, ...",
    )
    add("--resource", metavar="R[.GROUP][/SUB]", help="secrets, deployments.apps, pods/exec")
    add("--namespace", default="", metavar="N", help="without it: cluster-scoped, or over all namespaces")
    add("--name", default="", metavar="X", help="the object's name")
    add("--url", metavar="PATH", help="a path that names no resource, such as /healthz")
    add(
        "--requests",
        type=filled,
        metavar="FILE",
        help="the same as `replay --decisions POLICY FILE`, which takes its place",
    )
    add("--kubernetes-version", metavar="V", help="the version that loads the policy (1.30)")
    add("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Explains; returns the exit code."""
    versions = versions_of(arguments.kubernetes_version)
    if versions is not None and newer(versions):
        print(newer(versions), file=sys.stderr)
    if [arguments.url, arguments.resource, arguments.requests].count(None) != 2:
        raise UsageError("explain takes --resource, or --url, or --requests")
    if arguments.requests is not None:
        from kube_audit_lint.commands.replay import decisions

        stdin = input_of(arguments.policy, arguments.requests) if arguments.policy == "-" else b""
        ways = open_ways(arguments.policy, versions, stdin)
        return decisions(ways, [arguments.requests], arguments.format, sys.stdout)
    ways = open_ways(arguments.policy, versions, input_of(arguments.policy))
    tell_ignored(ways[0])
    try:
        about = [single(_wanted(arguments), opened.policy, opened.loaded.policy_versions) for opened in ways]
    except NoRequestError as error:
        raise UsageError(str(error)) from error
    answers = [(opened, one, evaluate(opened.policy, one.request)) for opened, one in zip(ways, about, strict=True)]
    # Where a template decides the rules, what is the same in each way to fill it is the answer.
    different = {_outcome(opened, decision): (opened, decision) for opened, _, decision in reversed(answers)}
    first = answers[0]
    if arguments.format == "json":
        data = _data(first[0], first[1].request, first[2]) | {"notes": list(first[1].notes)}
        if len(different) > 1:
            kept = {key: data[key] for key in ("request", "notes")}
            data = kept | {"possible": [_decided(*one) for one in reversed(different.values())]}
        print(json_text(data))
    elif len(different) > 1:
        print("\n".join(map(line, _open_lines(first[1], list(reversed(different.values()))))))
    else:
        print("\n".join(map(line, _lines(*first))))
    return OK


def _outcome(opened: OpenedPolicy, decision: Decision) -> tuple[Any, ...]:
    """What tells answers apart: the rule by its place, and what it records."""
    place = opened.document.at("rules", decision.rule) if decision.rule != NO_RULE else None
    return place, decision.level, decision.omit_stages


def _decided(opened: OpenedPolicy, decision: Decision) -> dict[str, Any]:
    """One of several possible answers as plain data; a rule that a template puts in has no number."""
    number = opened.number(decision.rule)
    where = None if decision.rule == NO_RULE else opened.line(decision.rule)
    return {"rule": number if number > 0 else None, "line": where, "level": decision.level}


def _open_lines(about: Single, answers: list[tuple[OpenedPolicy, Decision]]) -> list[str]:
    """The answers where a template decides which rules there are: the levels by the rule that gives them."""
    levels: dict[str, list[str]] = {}
    for opened, decision in answers:
        called = "no rule matches" if decision.rule == NO_RULE else opened.called(decision.rule)
        levels.setdefault(called, []).append(decision.level)
    lines = [visible(describe(about.request)), *(visible(f"  {note}") for note in about.notes), ""]
    lines.append("The template decides which rules there are. As it is filled:")
    return [*lines, *(visible(f"  {who}: {' or '.join(dict.fromkeys(each))}") for who, each in levels.items())]


def _wanted(arguments: argparse.Namespace) -> Wanted:
    """What is to be explained, as the options have it."""
    if arguments.url is None and arguments.verb is None:
        raise UsageError("--resource goes with --verb")
    return Wanted(
        arguments.user,
        tuple(arguments.group),
        arguments.verb or "",
        arguments.resource or "",
        arguments.namespace,
        arguments.name,
        arguments.url,
    )


def _data(opened: OpenedPolicy, request: Request, decision: Decision) -> dict[str, Any]:
    """The answer as plain data. Rules are counted from 1, as in all output; null is no rule."""
    what = written(request, decision)
    earlier = explain(opened.policy, request)
    return {
        "request": request.to_json(),
        "rule": None if decision.rule == NO_RULE else decision.rule + 1,
        "line": None if decision.rule == NO_RULE else opened.line(decision.rule),
        "level": decision.level,
        "stages": list(what.stages),
        "omitStages": sorted(decision.omit_stages),
        "requestBody": what.request_body,
        "responseBody": what.response_body,
        "omitManagedFields": decision.omit_managed_fields,
        "earlier": [
            {"rule": index + 1, "line": opened.line(index), "failed": FIELD_NAMES[field]} for index, field in earlier
        ],
    }


def _lines(opened: OpenedPolicy, about: Single, decision: Decision) -> list[str]:
    request = about.request
    what = written(request, decision)
    lines = [visible(describe(request)), *(visible(f"  {note}") for note in about.notes), ""]
    if decision.rule == NO_RULE:
        lines.append("No rule matches: the request is not recorded.")
    else:
        lines.append(f"Rule {decision.rule + 1} ({visible(opened.where(decision.rule))}) decides: {decision.level}.")
        lines.append(_stages(what.stages, what.omitted, decision))
        lines.append(f"Request body: {_yes(what.request_body)}. Response body: {_yes(what.response_body)}.")
    earlier = explain(opened.policy, request)
    if earlier:
        lines += ["", "Earlier rules, and the condition that each of them failed:"]
    for index, field in earlier:
        lines.append(visible(f"  rule {index + 1} ({opened.where(index)}): {_failed(opened, request, index, field)}"))
    return lines


def _stages(stages: tuple[str, ...], omitted: tuple[str, ...], decision: Decision) -> str:
    if decision.level == "None":
        return "Nothing is recorded."
    if not stages:
        return f"Nothing is recorded: {', '.join(omitted)} omitted."
    left_out = f" (omitted: {', '.join(omitted)})" if omitted else ""
    return f"Recorded at {', '.join(stages)}{left_out}."


def _yes(recorded: bool) -> str:
    return "recorded" if recorded else "not recorded"


def _failed(opened: OpenedPolicy, request: Request, index: int, field: str) -> str:
    """The condition in the file's words, against what the request has."""
    rule = opened.policy.rules[index]
    name = FIELD_NAMES[field]
    if request.user is None and field in ("users", "user_groups"):
        return f"{name}: the request has no user"
    if field in ("resources", "namespaces") and request.url is not None:
        return f"{name}: the request names no resource"
    if field == "non_resource_urls" and request.url is None:
        return f"{name}: the request is one for a resource"
    if field == "resources":
        in_group = f" of the group {request.group}" if request.group else " of the core group"
        named = ""
        if any(entry.resource_names for entry in rule.resources):
            named = f" named {request.name!r}" if request.name else " without a name"
        return f"{name}: {request.combined}{in_group}{named} is not in them"
    values = ", ".join(value or '""' for value in getattr(rule, field))
    if field == "verbs" and "" in rule.verbs:
        values += f' ("" is OPTIONS on {OPTIONS_SERVED})'
    have = {
        "users": request.user,
        "user_groups": ", ".join(sorted(request.groups)),
        "verbs": request.verb or 'OPTIONS (the verb "")',
        "namespaces": repr(request.namespace),
        "non_resource_urls": request.url,
    }[field]
    return f"{name}: {have} is not among {values}"
