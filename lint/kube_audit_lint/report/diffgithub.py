"""A comparison for GitHub Actions: workflow commands that become annotations, then the text for the log."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.comparison import WEAKENED, Compared, Comparison, RequestClass
from kube_audit_lint.report import difftext
from kube_audit_lint.report.diffwords import SIGNS, conditions, headline
from kube_audit_lint.report.github import LIMIT, command


def render(comparison: Comparison, fails: bool) -> Iterator[str]:
    """Commands, then the report."""
    errors = [row for pair in comparison.pairs for row in _failures(pair)]
    notices = [row for pair in comparison.pairs for one in pair.classes if not one.fails for row in [_of(pair, one)]]
    weakened = [command("warning", one.path, one.line, WEAKENED, one.message) for one in comparison.weakened]
    for row in (*errors[:LIMIT], *weakened[:LIMIT], *notices[:LIMIT]):
        yield row + "\n"
    yield from difftext.render(comparison, fails)


def _failures(pair: Compared) -> Iterator[str]:
    if pair.undecided:
        yield command("error", pair.after, 0, "not decided", headline(pair))
    for one in pair.classes:
        if one.fails:
            yield _of(pair, one)
    for setting in pair.settings:
        if setting.fails:
            message = f"{setting.name}: {setting.before} -> {setting.after} {setting.effect}"
            yield command("error", pair.after, 0, "less is kept", message)


def _of(pair: Compared, one: RequestClass) -> str:
    line = next((rule.line for rule in one.rules_after if rule.line), 0)
    message = f"{conditions(one)}\n{one.before} -> {one.after}\nsuch as: {one.example}"
    return command("error" if one.fails else "notice", pair.after, line, f"recorded {SIGNS[one.direction]}", message)
