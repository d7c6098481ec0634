"""What can be done about a finding: its fix, and a comment that suppresses it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from kube_audit_lint.fixes import NotEditable
from kube_audit_lint.model.finding import Edit, Finding
from kube_audit_lint.pipeline.replacing import edited
from kube_audit_lint.pipeline.suppressing import ALWAYS_SHOWN
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.session import Session
from kube_audit_lint.syntax.reader import looks_like_json
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Source

MOST = 8
"""So many findings of a selection are dealt with: each fix is proven, and each comment tried, by runs."""

PREPARED = 20
"""So many of a buffer before anybody asks."""

_HERE = r"#[ \t]*kube-audit-lint:[ \t]*ignore\[([^\]\r\n]*)\]"


class Action(NamedTuple):
    """Edits of the buffer that deal with a finding. fixes: whether they put it right; safe: whether `--fix` does so."""

    title: str
    finding: Finding
    edits: tuple[Edit, ...]
    fixes: bool = False
    safe: bool = False


def actions(session: Session, checked: Checked, start: int, end: int) -> list[Action]:
    """What can be done about the findings that touch a selection."""
    touched = [one for one in checked.findings if _touches(one, checked, start, end)][:MOST]
    every = [action for one in touched for action in _about(session, checked, one)]
    return sorted(every, key=lambda action: not action.fixes)


def prepare(session: Session, checked: Checked) -> Iterator[None]:
    """Finds out what can be done about a buffer's findings, step by step: proofs take longer than an editor waits."""
    for one in checked.findings[:PREPARED]:
        if one.place.source.path == checked.path:
            yield from _find_out(session, checked, one)


def _touches(finding: Finding, checked: Checked, start: int, end: int) -> bool:
    place = finding.place
    return place.source.path == checked.path and place.start <= end and start <= place.end


def _about(session: Session, checked: Checked, finding: Finding) -> tuple[Action, ...]:
    """What can be done about a finding, found out once."""
    for _ in _find_out(session, checked, finding):
        pass
    found: tuple[Action, ...] = checked.known[finding.rule, finding.place]
    return found


def _find_out(session: Session, checked: Checked, finding: Finding) -> Iterator[None]:
    """Finds it out, a proof or a run a step."""
    key = finding.rule, finding.place
    if key in checked.known:
        return
    found = [*_fix(session, checked, finding)]
    yield
    for one in _ignore(session, checked, finding):
        found += [one] if one is not None else []
        yield
    checked.known[key] = tuple(found)


def _fix(session: Session, checked: Checked, finding: Finding) -> Iterator[Action]:
    for one in session.fixes(checked, [finding]):
        if one.fix is not None:
            title = one.fix.title if one.fix.safe else f"{one.fix.title} (unsafe: look at what it changes)"
            yield Action(f"{title}: {one.rule}", finding, tuple(one.fix.edits), True, one.fix.safe)


def _ignore(session: Session, checked: Checked, finding: Finding) -> Iterator[Action | None]:
    """A comment, where there is one that a run takes: behind the line or above it; None for one that it does not."""
    if finding.rule in ALWAYS_SHOWN or finding.more or _is_json(checked.source):
        return
    reason = " TODO: why" if session.requires_reason(checked) else ""
    for one in _comments(finding, reason):
        if _suppresses(session, checked, finding, one):
            yield Action(f"Ignore {finding.rule} here", finding, (one,))
            return
        yield None


def _is_json(source: Source) -> bool:
    """Whether a comment would make the buffer what no reader of JSON takes. One in front of `{` makes it YAML."""
    return looks_like_json(source.text) or source.path.lower().endswith(".json")


def _comments(finding: Finding, reason: str) -> Iterator[Edit]:
    """The ways to write the comment: into the one that is there, behind the line, above it."""
    source = finding.place.source
    number = source.position(finding.place.start)[0]
    line, start = source.line(number), source.line_starts[number - 1]
    there = re.search(_HERE, line)
    if there is not None:
        at = start + there.end(1)
        yield Edit(at, at, f"{', ' * bool(there[1].strip())}{finding.rule}")
    comment = f"# kube-audit-lint: ignore[{finding.rule}]{reason}"
    at = start + len(line.rstrip())
    yield Edit(at, at, f"  {comment}")
    ending = "\r\n" if source.text.startswith("\r\n", start + len(line)) else "\n"
    yield Edit(start, start, f"{line[: len(line) - len(line.lstrip())]}{comment}{ending}")


def _suppresses(session: Session, checked: Checked, finding: Finding, edit: Edit) -> bool:
    """Whether a run with the comment has one finding of the rule less, and nothing that it had not before."""
    text = checked.source.text
    try:
        data = edited(text.encode("utf-8", "surrogateescape"), text, (edit,))
    except (NotEditable, UnicodeError):
        return False
    before = Counter(one.rule for one in checked.findings)
    after = Counter(one.rule for one in session.again(checked, data).report.findings)
    return after[finding.rule] < before[finding.rule] and not after - before
