"""A real audit log against a policy: one decision for each event, streaming, in constant memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import IO, Any, TextIO

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, evaluate
from kube_audit_lint.analysis.request import Request, from_audit_event
from kube_audit_lint.commands import FAILED, OK, standard_input
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.pipeline.requests import OpenedPolicy
from kube_audit_lint.report.safe import visible

_REMEMBERED = 50_000
"""How many different requests are remembered before forgetting them all: what bounds the memory."""

_LONGEST = 16 << 20
"""Bytes of a line; etcd takes objects of 1.5 MB, and an event holds one or two."""

_SHOWN_ERRORS = 10
_NO_EVENT = {"text": "?\tno event\n", "json": '{"error": "no event"}\n'}
"""What is written for a line that is no audit event, so that the output can be laid beside the log."""

_NOTHING: dict[str, Any] = {}


def replay(opened: OpenedPolicy, path: str, format: str, out: TextIO) -> int:
    """Decides every event of a file of JSON lines; returns the exit code.

    One line is written for each that is read. One that is no event is marked, and reported on standard error.
    """
    try:
        lines = standard_input() if path == "-" else open(path, "rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    with lines:
        failed = _replay(opened, lines, _writer(opened, format), _NO_EVENT[format], out)
    if failed:
        what = "1 line is no audit event" if failed == 1 else f"{failed} lines are no audit events"
        print(visible(f"kube-audit-lint: {path}: {what}"), file=sys.stderr)
    return FAILED if failed else OK


def _replay(
    opened: OpenedPolicy, lines: IO[bytes], line_of: Callable[[Decision], str], no_event: str, out: TextIO
) -> int:
    policy = opened.policy
    key_of = _key_of(policy)
    known: dict[Any, str] = {}
    write, loads = out.write, json.loads
    failed = 0
    for number, line in enumerate(iter(partial(lines.readline, _LONGEST), b""), 1):
        try:
            event = loads(line.decode())  # decoded here, json need not guess how
            key = key_of(event)
            answer = known.get(key)
            if answer is None:
                answer = line_of(evaluate(policy, _request(event)))
                if len(known) >= _REMEMBERED:
                    known.clear()
                known[key] = answer
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            if line.strip():
                failed += 1
                if failed <= _SHOWN_ERRORS:
                    print(f"kube-audit-lint: line {number} is no audit event: {visible(str(error))}", file=sys.stderr)
            answer = no_event
        write(answer)
    return failed


def _request(event: Any) -> Request:
    """The request of an event. An empty verb is one: kube-apiserver has it for OPTIONS on a resource."""
    if not isinstance(event.get("verb"), str):
        raise ValueError("it has no verb")
    if not event.get("objectRef") and not isinstance(event.get("requestURI"), str):
        raise ValueError("it has neither an objectRef nor a requestURI")
    return from_audit_event(event)


def _writer(opened: OpenedPolicy, format: str) -> Callable[[Decision], str]:
    def data(decision: Decision) -> dict[str, Any]:
        no_rule = decision.rule == NO_RULE
        return {
            "rule": None if no_rule else decision.rule + 1,
            "line": None if no_rule else opened.line(decision.rule),
            "level": decision.level,
            "omitStages": sorted(decision.omit_stages),
        }

    if format == "json":
        return lambda decision: json.dumps(data(decision)) + "\n"
    return lambda decision: f"{decision.rule + 1 or '-'}\t{decision.level}\n"


def _key_of(policy: Policy) -> Callable[[Any], Any]:
    """What tells events apart for this policy: names and namespaces only where a rule looks at them.

    Straight from the event: to make a request of each takes as long as to parse it.
    """
    names = any(entry.resource_names for rule in policy.rules for entry in rule.resources)
    places = any(rule.namespaces for rule in policy.rules)

    def key(event: Any) -> Any:
        who = event.get("user") or _NOTHING
        ref = event.get("objectRef")
        if not ref:
            return False, who.get("username"), *(who.get("groups") or ()), event.get("verb"), event.get("requestURI")
        return (
            True,
            who.get("username"),
            *(who.get("groups") or ()),
            event.get("verb"),
            ref.get("apiGroup"),
            ref.get("resource"),
            ref.get("subresource"),
            ref.get("namespace") if places else None,
            ref.get("name") if names else None,
        )

    return key
