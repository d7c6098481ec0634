"""Comments that suppress findings, and what is wrong about them.

    # kube-audit-lint: ignore[rule-id, other-id] reason          behind a line: that line
    # kube-audit-lint: ignore[rule-id] reason                    on its own line: what begins on the next one
    # kube-audit-lint: ignore-file[rule-id] reason               anywhere: the whole file

What begins on a line is a list item, a mapping entry or a continued shell line, with everything below it.
It is told by indentation, which means the same inside a block scalar, in a template that is no YAML yet,
and in a unit file; tests/pipeline/test_suppression.py holds it against the nodes of generated YAML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.syntax.nodes import Mapping as MappingNode
from kube_audit_lint.syntax.nodes import Node, Scalar
from kube_audit_lint.syntax.nodes import Sequence as SequenceNode
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source

if TYPE_CHECKING:
    from kube_audit_lint.catalogue.rule import Catalogue
    from kube_audit_lint.catalogue.selection import Applied
    from kube_audit_lint.pipeline.documents import Collected

UNKNOWN = "unknown-suppression"
UNUSED = "unused-suppression"
WITHOUT_REASON = "suppression-without-reason"
INVALID = "invalid-suppression"
OWN = frozenset((UNKNOWN, UNUSED, WITHOUT_REASON, INVALID))
"""The rules that this module speaks for."""

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*kube-audit-lint:[^\r\n]*", re.MULTILINE)
_DIRECTIVE = re.compile(r"#[ \t]*kube-audit-lint:[ \t]*(ignore(?:-file)?)\[([^\]]*)\](?P<rest>.*)")
_ID = re.compile(r"[^\s,]+")
_CLOSING = ("]", "}")


class Directive(NamedTuple):
    """One comment. `ids` with their places; `lines` are the first and the last one covered (from 1)."""

    place: Place
    ids: tuple[tuple[str, Place], ...]
    reason: str
    lines: tuple[int, int]

    def covers(self, line: int) -> bool:
        """Whether a finding that starts on a line is meant."""
        return self.lines[0] <= line <= self.lines[1]


class _File(NamedTuple):
    """The comments of one file: those that can be read, and the places of those that cannot."""

    one: Collected
    directives: list[Directive]
    invalid: list[Place]


def apply(
    findings: Iterable[Finding],
    files: Iterable[Collected],
    catalogue: Catalogue,
    rules_for: Callable[[str], Mapping[str, Applied]],
    require_reason: bool = False,
) -> list[Finding]:
    """The findings that no comment suppresses, and those about the comments themselves."""
    read = {one.source.path: _read(one) for one in files}
    used: set[tuple[str, int]] = set()
    kept = [finding for finding in findings if not _suppressed(finding, read, used)]
    for path, file in read.items():
        if file.one.reported:
            own = _Own(rules_for(path), catalogue.rules, used)
            kept += [one for one in own.about(file, require_reason) if not _suppressed(one, read, used)]
    return kept


def _suppressed(finding: Finding, read: Mapping[str, _File], used: set[tuple[str, int]]) -> bool:
    """Whether a comment covers the finding; every one that does counts as used."""
    source = finding.place.source
    file = read.get(source.path)
    if file is None:
        return False
    line = source.position(finding.place.start)[0]
    found = False
    for directive in file.directives:
        for id, place in directive.ids:
            if id == finding.rule and directive.covers(line):
                used.add((source.path, place.start))
                found = True
    return found


class _Own:
    """The findings about comments, of the rules that speak about their file."""

    def __init__(
        self, speaking: Mapping[str, Applied], known: Mapping[str, object], used: set[tuple[str, int]]
    ) -> None:
        self._speaking = speaking
        self._known = known
        self._used = used

    def about(self, file: _File, require_reason: bool) -> Iterator[Finding]:
        for place in file.invalid:
            message = "This comment suppresses nothing: it is not written as `ignore[rule-id] reason`."
            yield from self._finding(INVALID, place, message)
        for directive in file.directives:
            if require_reason and not directive.reason:
                message = "The comment suppresses findings without saying why, and the configuration asks for a reason."
                yield from self._finding(WITHOUT_REASON, directive.place, message)
            for id, place in directive.ids:
                yield from self._about_id(id, place)

    def _about_id(self, id: str, place: Place) -> Iterator[Finding]:
        if id not in self._known:
            near = nearest(id, self._known)
            message = f"There is no rule {id}, so that nothing is suppressed."
            yield from self._finding(UNKNOWN, place, message, f"Write `{near}`." if near else "")
        # A rule that was not applied in this run could not find anything.
        elif id in self._speaking and id not in OWN and (place.source.path, place.start) not in self._used:
            yield from self._finding(UNUSED, place, f"The rule {id} finds nothing here: the comment is not needed.")

    def _finding(self, rule: str, place: Place, message: str, help: str = "") -> Iterator[Finding]:
        applied = self._speaking.get(rule)
        if applied is not None:
            yield Finding(rule, applied.severity_of(""), place, message, help or applied.rule.help)


def _read(one: Collected) -> _File:
    directives: list[Directive] = []
    invalid: list[Place] = []
    for place in _comments(one):
        directive = _directive(place)
        if directive is None:
            invalid.append(place)
        else:
            directives.append(directive)
    return _File(one, directives, invalid)


def _comments(one: Collected) -> Iterator[Place]:
    """The comments that speak to the linter, without texts that only look like it."""
    scalars = list(_scalars(one))
    ours = [policy.place.start for policy in one.found.policies] + [server.place.start for server in one.found.servers]
    for match in _COMMENT.finditer(one.source.text):
        around = [scalar for scalar in scalars if scalar.start <= match.start() < scalar.end]
        # A block scalar that holds a policy or a manifest is a file of its own, with comments.
        if all(scalar.block and any(scalar.start <= at < scalar.end for at in ours) for scalar in around):
            yield one.source.place(match.start(), match.start() + len(match[0].rstrip()))


def _scalars(one: Collected) -> Iterator[Scalar]:
    """Every scalar of the file's documents; a lone one is no YAML, but a unit or a list of arguments."""
    documents = [*one.documents, *(policy.document for policy in one.found.policies)]
    pending: list[Node] = [one.root for one in documents if one.root and not isinstance(one.root, Scalar)]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, SequenceNode):
            pending += node.items
        elif isinstance(node, MappingNode):
            for entry in [*node.entries.values(), *(lost for lost, _ in node.duplicates)]:
                pending += (entry.key, entry.value)


def _directive(place: Place) -> Directive | None:
    match = _DIRECTIVE.match(place.text)
    if match is None:
        return None
    source, at = place.source, place.start + match.start(2)
    ids = tuple((one[0], source.place(at + one.start(), at + one.end())) for one in _ID.finditer(match[2]))
    if not ids:
        return None
    reason = match["rest"].strip().lstrip(":- ").strip()
    if match[1] == "ignore-file":
        return Directive(place, ids, reason, (1, len(source.line_starts)))
    line, column = source.position(place.start)
    if source.line(line)[: column - 1].strip():
        return Directive(place, ids, reason, (line, line))
    return Directive(place, ids, reason, extent(source, line + 1))


def extent(source: Source, line: int) -> tuple[int, int]:
    """The lines of what begins on the first line of code from `line` on."""
    last = len(source.line_starts)
    while line <= last and not _is_code(source.line(line)):
        line += 1
    if line > last:
        return line, line
    text = source.line(line)
    depth, item = _depth(text), _is_item(text)
    continued = text.rstrip().endswith("\\") and not _continues(source, line)
    end = line
    for number in range(line + 1, last + 1):
        text = source.line(number)
        if not _is_code(text):
            continue
        below = _depth(text)
        closes = below == depth and text.strip().startswith(_CLOSING)
        # A list may stand as far left as the key that it belongs to.
        if not (continued or below > depth or closes or (below == depth and not item and _is_item(text))):
            break
        continued = continued and text.rstrip().endswith("\\")
        end = number
    return line, end


def _is_code(text: str) -> bool:
    bare = text.strip()
    return bool(bare) and not bare.startswith("#") and bare != "---"


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))


def _is_item(text: str) -> bool:
    bare = text.strip()
    return bare == "-" or bare.startswith("- ")


def _continues(source: Source, line: int) -> bool:
    """Whether the line of code before this one is continued by it."""
    for number in range(line - 1, 0, -1):
        if _is_code(source.line(number)):
            return source.line(number).rstrip().endswith("\\")
    return False
