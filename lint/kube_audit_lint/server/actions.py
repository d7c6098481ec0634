"""What can be done about a finding: its fix, and a comment that suppresses it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from kube_audit_lint.fixes import NotEditable
from kube_audit_lint.model.finding import Edit, Finding, Proposed
from kube_audit_lint.pipeline.replacing import edited
from kube_audit_lint.pipeline.round import key_of
from kube_audit_lint.pipeline.suppressing import ALWAYS_SHOWN
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.session import Session
from kube_audit_lint.syntax.reader import looks_like_json
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Source

MOST = 8
"""So many findings of a selection are dealt with: each fix is proven, and each comment tried, by runs."""

PREPARED = 20
"""So many of a buffer in advance."""

Kind = Callable[[Session, Checked, Finding], Iterator["Action | None"]]
"""What finds one kind of actions about a finding, a proof a step; None where a proof failed."""

_HERE = r"#[ \t]*kube-audit-lint:[ \t]*ignore\[([^\]\r\n]*)\]"


class Action(NamedTuple):
    """Edits of the buffer that deal with a finding. fixes: whether they put it right; safe: whether `--fix` does so.

    edits: None where they have not been proven yet, and none may be.
    """

    title: str
    finding: Finding
    edits: tuple[Edit, ...] | None
    fixes: bool = False
    safe: bool = False


def actions(session: Session, checked: Checked, start: int, end: int, later: bool = False) -> list[Action]:
    """What can be done about the findings that touch a selection. later: what is not proven yet is without edits."""
    touched = [one for one in checked.findings if _touches(one, checked, start, end)][:MOST]
    found = _likely if later else _proven
    return [action for kind in _KINDS for one in touched for action in found(session, checked, one, kind)]


def resolved(session: Session, checked: Checked, rule: str, start: int, end: int, title: str) -> Action | None:
    """An action that was offered about a finding at a place, proven; None where its proof does not hold the title."""
    for one in checked.findings:
        if (one.place.source.path, *key_of(one)) == (checked.path, rule, start, end):
            kind = _ignore if title == _ignoring(one) else _fix
            return next((each for each in _proven(session, checked, one, kind) if each.title == title), None)
    return None


def may_be_fixed(checked: Checked) -> bool:
    """Whether a finding of the buffer has a rule that `--fix` may fix."""
    rules = checked.outcome.catalogue.rules if checked.outcome is not None else {}
    own = {one.rule for one in checked.findings if one.place.source.path == checked.path}
    return any(rules[one].fix and rules[one].fix.get("safe", True) for one in own if one in rules)


def prepare(session: Session, checked: Checked) -> Iterator[None]:
    """Finds out what can be done about a buffer's findings, step by step, in advance."""
    for one in checked.findings[:PREPARED]:
        if one.place.source.path == checked.path:
            for kind in _KINDS:
                yield from _prove(session, checked, one, kind)
    if may_be_fixed(checked):
        yield from session.fixing(checked)


def _touches(finding: Finding, checked: Checked, start: int, end: int) -> bool:
    place = finding.place
    return place.source.path == checked.path and place.start <= end and start <= place.end


def _likely(session: Session, checked: Checked, finding: Finding, kind: Kind) -> tuple[Action, ...]:
    """What can be done about a finding; where nobody has proven it yet, what is likely, without edits."""
    known: tuple[Action, ...] | None = checked.known.get((kind, finding.rule, finding.place))
    if known is not None:
        return known
    if kind is _ignore:
        return (Action(_ignoring(finding), finding, None),) if _may_be_ignored(checked, finding) else ()
    proposer = session.proposer(checked)
    fix = proposer.likely(finding) if proposer is not None else None
    return () if fix is None else (_of_fix(finding, fix)._replace(edits=None),)


def _proven(session: Session, checked: Checked, finding: Finding, kind: Kind) -> tuple[Action, ...]:
    """What can be done about a finding, found out once."""
    for _ in _prove(session, checked, finding, kind):
        pass
    found: tuple[Action, ...] = checked.known[kind, finding.rule, finding.place]
    return found


def _prove(session: Session, checked: Checked, finding: Finding, kind: Kind) -> Iterator[None]:
    """Finds it out, a proof or a run a step."""
    key = kind, finding.rule, finding.place
    if key in checked.known:
        return
    found = []
    for one in kind(session, checked, finding):
        found += [one] if one is not None else []
        yield
    checked.known[key] = tuple(found)


def _fix(session: Session, checked: Checked, finding: Finding) -> Iterator[Action | None]:
    """The fix of a finding, where it has one."""
    proposer = session.proposer(checked)
    for one in proposer.proven([finding]) if proposer is not None else ():
        if one.fix is not None:
            yield _of_fix(finding, one.fix)


def _of_fix(finding: Finding, fix: Proposed) -> Action:
    title = fix.title if fix.safe else f"{fix.title} (unsafe: look at what it changes)"
    return Action(f"{title}: {finding.rule}", finding, tuple(fix.edits), True, fix.safe)


def _ignoring(finding: Finding) -> str:
    return f"Ignore {finding.rule} here"


def _may_be_ignored(checked: Checked, finding: Finding) -> bool:
    return not (finding.rule in ALWAYS_SHOWN or finding.more or _is_json(checked.source))


def _ignore(session: Session, checked: Checked, finding: Finding) -> Iterator[Action | None]:
    """A comment, where there is one that a run takes: behind the line or above it; None for one that it does not."""
    if not _may_be_ignored(checked, finding):
        return
    reason = " TODO: why" if session.requires_reason(checked) else ""
    for one in _comments(finding, reason):
        if _suppresses(session, checked, finding, one):
            yield Action(_ignoring(finding), finding, (one,))
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


_KINDS: tuple[Kind, ...] = (_fix, _ignore)
