"""A real audit log against a policy: one decision for each event, streaming, in constant memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, evaluate
from kube_audit_lint.analysis.request import Request, from_audit_event
from kube_audit_lint.asking import Asked
from kube_audit_lint.commands import FAILED, OK
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.policy import Policy

_REMEMBERED = 50_000
"""How many different requests are remembered before forgetting them all: what bounds the memory."""

_SHOWN_ERRORS = 10


def replay(asked: Asked, path: str, format: str, out: TextIO) -> int:
    """Decides every event of a file of JSON lines and writes one line each; returns the exit code.

    A line that is no event is told on standard error, and the others are still decided.
    """
    try:
        lines = sys.stdin.buffer if path == "-" else open(path, "rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    with lines:
        failed = _replay(asked, lines, _writer(asked, format), out)
    if failed:
        print(f"kube-audit-lint: {path}: {failed} lines are no audit events", file=sys.stderr)
    return FAILED if failed else OK


def _replay(asked: Asked, lines: Iterable[bytes], line_of: Callable[[Decision], str], out: TextIO) -> int:
    policy = asked.policy
    key_of = _key_of(policy)
    known: dict[Any, str] = {}
    write, loads = out.write, json.loads
    failed = 0
    for number, line in enumerate(lines, 1):
        try:
            event = loads(line)
            request = from_audit_event(event)
            key = key_of(request)
            answer = known.get(key)
        except (ValueError, AttributeError, TypeError) as error:
            if line.strip():
                failed += 1
                if failed <= _SHOWN_ERRORS:
                    print(f"kube-audit-lint: line {number} is no audit event: {error}", file=sys.stderr)
            continue
        if answer is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            answer = known[key] = line_of(evaluate(policy, request))
        write(answer)
    return failed


def _writer(asked: Asked, format: str) -> Callable[[Decision], str]:
    def data(decision: Decision) -> dict[str, Any]:
        no_rule = decision.rule == NO_RULE
        return {
            "rule": None if no_rule else decision.rule + 1,
            "line": None if no_rule else asked.line(decision.rule),
            "level": decision.level,
            "omitStages": sorted(decision.omit_stages),
        }

    if format == "json":
        return lambda decision: json.dumps(data(decision)) + "\n"
    return lambda decision: f"{decision.rule + 1 or '-'}\t{decision.level}\n"


def _key_of(policy: Policy) -> Callable[[Request], Any]:
    """What tells requests apart for this policy: names and namespaces only where a rule looks at them."""
    names = any(entry.resource_names for rule in policy.rules for entry in rule.resources)
    namespaces = any(rule.namespaces for rule in policy.rules)
    if names or namespaces:
        return lambda one: (one[0], one[1], one[2], one[3], one[4], one[5], one[6], one[7] if names else "", one[8])
    return lambda one: (one[0], one[1], one[2], one[3], one[4], one[5], one[8])
