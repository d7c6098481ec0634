"""Comments that suppress findings, and what is wrong about them.

    # kube-audit-lint: ignore[rule-id, other-id] reason          behind a line: that line
    # kube-audit-lint: ignore[rule-id] reason                    on its own line: what begins on the next one
    # kube-audit-lint: ignore-file[rule-id] reason               anywhere: the whole file
    # kube-audit-lint: ignore[rule-id] until=2027-03-31 reason   up to that day, and not longer

What begins on a line is a list item, a mapping entry or a continued shell line, with everything below it.
It is told by indentation, which means the same inside a block scalar, in a template that is no YAML yet,
and in a unit file; tests/pipeline/test_suppression.py holds it against the nodes of generated YAML.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from kube_audit_lint.discovery.walk import EMBEDDING
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.advice import Advice, in_words, write
from kube_audit_lint.model.finding import Finding, Suppressed
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline.expiry import SOON, days_left, is_written
from kube_audit_lint.pipeline.limiting import is_rest
from kube_audit_lint.syntax.nodes import Document, Node, Scalar
from kube_audit_lint.syntax.nodes import Mapping as MappingNode
from kube_audit_lint.syntax.nodes import Sequence as SequenceNode
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source
from kube_audit_lint.syntax.units import environment

if TYPE_CHECKING:
    from kube_audit_lint.catalogue.rule import Catalogue
    from kube_audit_lint.catalogue.selection import Applied
    from kube_audit_lint.pipeline.documents import Collected

OwnRule = Literal[
    "unknown-suppression",
    "unused-suppression",
    "suppression-without-reason",
    "invalid-suppression",
    "expired-suppression",
    "unneeded-baseline-entry",
]
OWN = frozenset(get_args(OwnRule))
"""The rules about what keeps findings out of a report."""

ALWAYS_SHOWN = OWN | {"undecided", "internal-error"}
"""What no comment suppresses: whether anything is hidden or was not checked has to be seen."""

HINTS = 50

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*kube-audit-lint:[^\r\n]*", re.MULTILINE)
_DIRECTIVE = re.compile(r"#[ \t]*kube-audit-lint:[ \t]*(ignore(?:-file)?)\[([^\]]*)\](?P<rest>.*)")
_UNTIL = re.compile(r"(?:^|(?<=\s))until=([^\s>]*?)(?=-->|[\s>]|$)")
_STRAY = re.compile(
    r"(?<![\w?&/.-])(?:until(?:\s*[=:]\s*|\s+(?=[0-9]{4}-))|(?:until+|till?|expires?|expiry)\b[\s=:]*(?=[0-9]{4}-))"
    r"[^\s>]*?(?=-->|[\s>]|$)",
    re.IGNORECASE,
)
"""What is meant as a last day, however it is written: read as a reason it would suppress for ever."""
_ID = re.compile(r"[^\s,]+")
_CLOSING = ("]", "}")
_DOCUMENTATION = (".md", ".mdx", ".markdown")


class Directive(NamedTuple):
    """One comment. `ids` with their places; `lines` are the first and the last one covered (from 1).

    until: the date up to which it counts, with its place; days: how many are left, None for ever.
    """

    place: Place
    ids: tuple[tuple[str, Place], ...]
    reason: str
    lines: tuple[int, int]
    whole_file: bool
    until: Place | None = None
    days: int | None = None

    @property
    def expired(self) -> bool:
        """Whether its last day is over."""
        return self.days is not None and self.days < 0


class Outcome(NamedTuple):
    """The findings that no comment suppresses, with those about comments, the suppressed ones, and notes."""

    kept: list[Finding]
    suppressed: list[Suppressed]
    notes: list[Note] = []  # noqa: RUF012 (only ever read)


class _File:
    """The comments of one file, found by the line and the rule of a finding."""

    def __init__(self, one: Collected) -> None:
        self.one = one
        self.invalid: list[Place] = []
        self.directives: list[Directive] = []
        self.used: set[tuple[tuple[int, int], str]] = set()
        self._ranges: dict[tuple[int, int], dict[str, str]] = {}
        self._over: set[tuple[tuple[int, int], str]] = set()
        self._by_line: dict[int, list[tuple[int, int]]] = {}
        self._whole = (1, len(one.source.line_starts))
        extents = _Extents(one.source)
        for place in _comments(one):
            directive = _directive(place, extents)
            if directive is None:
                self.invalid.append(place)
            elif directive.until is not None and directive.days is None:
                self.invalid.append(directive.until)
            else:
                self.directives.append(directive)
                self._index(directive)

    def _index(self, directive: Directive) -> None:
        ids = self._ranges.get(directive.lines)
        if ids is None:
            ids = self._ranges[directive.lines] = {}
            if directive.lines != self._whole:
                for line in range(directive.lines[0], directive.lines[1] + 1):
                    self._by_line.setdefault(line, []).append(directive.lines)
        for id, _ in directive.ids:
            if id in ALWAYS_SHOWN:
                continue
            if directive.expired:
                self._over.add((directive.lines, id))
            else:
                ids.setdefault(id, directive.reason)

    def reason_for(self, finding: Finding) -> str | None:
        """The reason that a comment has for suppressing the finding; None when none does. All that do are used."""
        line = self.one.source.position(finding.place.start)[0]
        reason = None
        own = () if is_rest(finding) else self._by_line.get(line, ())
        for lines in (*own, self._whole):
            found = self._ranges.get(lines, {}).get(finding.rule)
            if found is not None or (lines, finding.rule) in self._over:
                self.used.add((lines, finding.rule))
            if found is not None:
                reason = reason or found
        return reason


def apply(
    findings: Iterable[Finding],
    files: Iterable[Collected],
    catalogue: Catalogue,
    rules_for: Callable[[str], Mapping[str, Applied]],
    requires_reason: Callable[[str], bool] = lambda path: False,
) -> Outcome:
    """Parts the findings by what comments suppress, and adds those about the comments themselves."""
    read = {one.source.path: _File(one) for one in files}
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        file = read.get(finding.place.source.path)
        reason = file.reason_for(finding) if file is not None else None
        if reason is None:
            kept.append(finding)
        else:
            suppressed.append(Suppressed(finding, "comment", reason))
    notes: list[Note] = []
    for path, file in read.items():
        if file.one.reported:
            kept += _Own(rules_for(path), catalogue.rules).about(file, requires_reason(path))
            notes += _soon_over(file)
    return Outcome(kept, suppressed, notes)


def _soon_over(file: _File) -> Iterator[Note]:
    for one in file.directives:
        used = any((one.lines, id) in file.used for id, _ in one.ids)
        if used and one.until is not None and one.days is not None and 0 <= one.days <= SOON:
            yield Note(one.until, f"this comment suppresses findings {for_days(one.days)}")


def for_days(days: int) -> str:
    """How long something still counts, in words."""
    return "for the last day" if days == 0 else f"for {days} more day{'s'[: days > 1]}"


def directives_of(one: Collected) -> list[Directive]:
    """The comments of a file that suppress something."""
    return _File(one).directives


class _Own:
    """The findings about comments, of the rules that apply to their file."""

    def __init__(self, applied: Mapping[str, Applied], known: Mapping[str, object]) -> None:
        self._applied = applied
        self._known = known
        self._hints = HINTS

    def about(self, file: _File, require_reason: bool) -> Iterator[Finding]:
        for place in file.invalid:
            message = "This comment suppresses nothing: it is not written as `ignore[rule-id] reason`."
            if _STRAY.match(place.text):
                message = f"This comment suppresses nothing: {_wrong_day(place.text)}."
            yield from self._finding("invalid-suppression", place, message)
        for directive in file.directives:
            if not directive.reason and (require_reason or directive.whole_file):
                why = "the configuration requires a reason" if require_reason else "it does so for the whole file"
                message = f"The comment suppresses findings without a reason, and {why}."
                yield from self._finding("suppression-without-reason", directive.place, message)
            if directive.expired and any((directive.lines, id) in file.used for id, _ in directive.ids):
                yield from self._expired(directive)
            for id, place in directive.ids:
                yield from self._about_id(id, place, (directive.lines, id) in file.used)

    def _expired(self, directive: Directive) -> Iterator[Finding]:
        assert directive.until is not None
        day = directive.until.text.removeprefix("until=")
        message = f"The comment counted up to {day}: what it suppressed is reported again."
        yield from self._finding("expired-suppression", directive.until, message)

    def _about_id(self, id: str, place: Place, used: bool) -> Iterator[Finding]:
        if id not in self._known:
            near = self._nearest(id)
            message = f"There is no rule {id}, so that nothing is suppressed."
            yield from self._finding("unknown-suppression", place, message, write(near) if near else "")
        elif id in ALWAYS_SHOWN:
            message = f"The rule {id} cannot be suppressed by a comment: it reports what the other rules do not see."
            yield from self._finding("invalid-suppression", place, message, "Remove the id, or the whole comment.")
        # A rule that was not applied in this run could not find anything.
        elif id in self._applied and not used:
            yield from self._finding(
                "unused-suppression", place, f"The rule {id} finds nothing here: the comment is not needed."
            )

    def _nearest(self, id: str) -> str | None:
        """The rule that was meant; for the first ones only, as each is compared with the whole catalogue."""
        self._hints -= 1
        return nearest(id, self._known) if self._hints >= 0 else None

    def _finding(self, rule: OwnRule, place: Place, message: str, help: str | Advice = "") -> Iterator[Finding]:
        applied = self._applied.get(rule)
        if applied is not None:
            words, advice = in_words(help or applied.rule.help)
            yield Finding(rule, applied.severity_of(""), place, message, words, advice=advice)


def _comments(one: Collected) -> Iterator[Place]:
    """The comments that are meant for the linter, without texts that only look like one."""
    source = one.source
    is_comment = _reader(one)
    covers = _texts(one)
    for match in _COMMENT.finditer(source.text):
        if not covers(match.start()) and is_comment(match.start()):
            yield source.place(match.start(), match.start() + len(match[0].rstrip()))


def _texts(one: Collected) -> Callable[[int], bool]:
    """Whether an offset is in a scalar. A block scalar that holds something of ours is a file with comments."""
    found = one.found
    ours = sorted([policy.place.start for policy in found.policies] + [server.place.start for server in found.servers])
    spans = set()
    for scalar in _scalars(one):
        at = bisect_left(ours, scalar.start)
        if not (scalar.block and at < len(ours) and ours[at] < scalar.end):
            spans.add((scalar.start, scalar.end))
    ordered = sorted(spans)
    starts = [start for start, _ in ordered]

    def covers(offset: int) -> bool:
        at = bisect_right(starts, offset) - 1
        return at >= 0 and offset < ordered[at][1]

    return covers


def _reader(one: Collected) -> Callable[[int], bool]:
    """What the reader of the file's form takes for a comment, of what has a `#` after a blank."""
    text = one.source.text
    if one.source.path.rpartition(".")[2].lower() in EMBEDDING:
        return _of_script(one)
    if any(document.json for document in one.documents):
        return lambda at: False  # JSON has no comments: kube-apiserver refuses the file
    broken = any(document.problem is not None for document in one.documents)
    if not (one.found.policies or _is_tree(one.documents, broken)):
        return _whole_lines(text)
    if broken:
        from kube_audit_lint.syntax.comments import comments

        known = {start for start, _ in comments(text)}
        return known.__contains__
    return lambda at: True


def _is_tree(documents: Sequence[Document], broken: bool) -> bool:
    """Whether a file is YAML or JSON. The `[Unit]` of a unit is a list, too, before it goes wrong."""
    return any(isinstance(one.root, MappingNode if broken else (MappingNode, SequenceNode)) for one in documents)


def _whole_lines(text: str) -> Callable[[int], bool]:
    """Comments of units, environment and argument files: a line of their own, and not in a value of several lines."""
    values = [(value[0][1], value[-1][2]) for variable in environment(text) or () if (value := variable.value)]

    def whole_line(at: int) -> bool:
        begins = not text[text.rfind("\n", 0, at) + 1 : at].strip()
        return begins and not any(start <= at < end for start, end in values)

    return whole_line


def _of_script(one: Collected) -> Callable[[int], bool]:
    """Comments of a shell or of documentation, and of those heredocs and fences that hold something of ours."""
    from kube_audit_lint.syntax.pieces import fences, heredocs
    from kube_audit_lint.syntax.shell import comments

    text, found = one.source.text, one.found
    places = [one.place for one in found.policies]
    places += [*(one.place for one in found.servers), *(one.place for one in found.misshapes)]
    ours = [place.start for place in places]
    pieces = [(piece.start, piece.end) for piece in (*fences(text), *heredocs(text))]
    pieces = [(start, end) for start, end in pieces if any(start <= at < end for at in ours)]
    if one.source.path.lower().endswith(_DOCUMENTATION):
        pieces += [match.span() for match in re.finditer(r"<!--[^>]*-->", text)]
        return lambda at: any(start <= at < end for start, end in pieces)
    known = set(comments(text))
    return lambda at: at in known or any(start <= at < end for start, end in pieces)


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


def _directive(place: Place, extents: _Extents) -> Directive | None:
    match = _DIRECTIVE.match(place.text)
    if match is None:
        return None
    source, at = place.source, place.start + match.start(2)
    ids = tuple((one[0], source.place(at + one.start(), at + one.end())) for one in _ID.finditer(match[2]))
    if not ids:
        return None
    until = _UNTIL.search(match["rest"])
    rest = match["rest"] if until is None else match["rest"][: until.start()] + match["rest"][until.end() :]
    reason = rest.strip().lstrip(":- ").strip()
    whole = match[1] == "ignore-file"
    found = Directive(place, ids, reason, _lines(place, extents, whole), whole)
    at = place.start + match.start("rest")
    for stray in _STRAY.finditer(match["rest"]):
        if until is None or stray.start() != until.start():
            return found._replace(until=source.place(at + stray.start(), at + stray.end()))
    if until is None:
        return found
    written = source.place(at + until.start(), at + until.end())
    return found._replace(until=written, days=days_left(until[1]))


def _wrong_day(text: str) -> str:
    """What is wrong about a last day as it is written."""
    day = text.removeprefix("until=")
    if days_left(day) is not None and day != text:
        return f"`{text}` is a second last day"
    return f"`{text}`: {'there is no such day' if is_written(day) else 'write the last day as `until=2027-03-31`'}"


def _lines(place: Place, extents: _Extents, whole: bool) -> tuple[int, int]:
    """The lines that a comment covers."""
    source = place.source
    if whole:
        return 1, len(source.line_starts)
    line, column = source.position(place.start)
    if source.text[place.start - column + 1 : place.start].strip():
        return line, line
    return extents.of(line + 1)


class _Extents:
    """The extents of what begins below comments, each found once: comments may be in piles."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._code: list[int] | None = None
        self._known: dict[int, tuple[int, int]] = {}

    def of(self, line: int) -> tuple[int, int]:
        """The lines of what begins on the first line of code from `line` on."""
        if self._code is None:
            count = len(self._source.line_starts)
            self._code = [number for number in range(1, count + 1) if _is_code(self._source.line(number))]
        at = bisect_left(self._code, line)
        if at == len(self._code):
            return (len(self._source.line_starts) + 1,) * 2
        first = self._code[at]
        if first not in self._known:
            self._known[first] = _extent(self._source, self._code, at)
        return self._known[first]


def _extent(source: Source, code: list[int], at: int) -> tuple[int, int]:
    """The same for the line of code at an index of all of them."""
    text = source.line(code[at])
    depth, item = _depth(text), _is_item(text)
    before = source.line(code[at - 1]) if at else ""
    continued = text.rstrip().endswith("\\") and not before.rstrip().endswith("\\")
    end = code[at]
    for index in range(at + 1, len(code)):
        number = code[index]
        text = source.line(number)
        below = _depth(text)
        closes = below == depth and text.strip().startswith(_CLOSING)
        # A list may be as far left as the key that it belongs to.
        if not (continued or below > depth or closes or (below == depth and not item and _is_item(text))):
            break
        continued = continued and text.rstrip().endswith("\\")
        end = number
    return code[at], end


def _is_code(text: str) -> bool:
    bare = text.strip()
    return bool(bare) and not bare.startswith("#") and bare != "---"


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))


def _is_item(text: str) -> bool:
    bare = text.strip()
    return bare == "-" or bare.startswith("- ")
