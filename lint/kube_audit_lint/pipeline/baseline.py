"""A baseline: the findings that a repository had on some day, so that only later ones are reported.

A finding is known again by its fingerprint (report/fingerprint.py), which stays when lines move. Equal lines of a file
have equal fingerprints but for a number: of three findings, of which a baseline knows two, the last is reported.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence

from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.finding import Finding, Suppressed
from kube_audit_lint.pipeline.limiting import is_rest
from kube_audit_lint.report.fingerprint import fingerprints, path_of
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source

VERSION = 1
UNNEEDED = "unneeded-baseline-entry"
NEVER_KNOWN = frozenset(("undecided", "internal-error", UNNEEDED))
"""Rules whose findings no baseline keeps out: that something was not checked has to be seen."""


class Entry(NamedTuple):
    """A finding that is known: `path` as `path_of` gives it for the baseline's folder. place: where it is written."""

    path: str
    rule: str
    fingerprint: str
    place: Place = Source("", "").place()


Decides = Callable[[Entry], bool]
"""Whether a run would have found what an entry stands for."""


class Parted(NamedTuple):
    """Findings that no baseline knows, those that one knows, and entries of it that nothing needs any more."""

    left: list[Finding]
    suppressed: list[Suppressed]
    unneeded: list[Entry]


class Baseline:
    """The entries of a file. new: it is to be written; then they are those of the file that it replaces."""

    def __init__(self, path: str, entries: Sequence[Entry] = (), new: bool = False) -> None:
        self.path = path
        self.entries = list(entries)
        self.new = new

    @property
    def folder(self) -> str:
        """The folder that it is in, from which paths count where there is no repository."""
        return os.path.dirname(os.path.abspath(self.path))

    def part(self, findings: Sequence[Finding], decides: Decides) -> Parted:
        """Parts all findings of a run; a new baseline learns them first."""
        pairs = list(zip(findings, fingerprints(findings, self.folder), strict=True))
        if self.new:
            self._learn(pairs, decides)
        known = {one.fingerprint for one in self.entries}
        reason = f"known in {self.path}"
        parted = Parted([], [], [])
        for one, mark in pairs:
            if mark in known and _may_be_known(one):
                parted.suppressed.append(Suppressed(one, "baseline", reason))
            else:
                parted.left.append(one)
        needed = {mark for _, mark in pairs}
        parted.unneeded.extend(one for one in self.entries if one.fingerprint not in needed and decides(one))
        return parted

    def _learn(self, pairs: list[tuple[Finding, str]], decides: Decides) -> None:
        """Takes the findings in, and drops the entries that the run decides about and did not find."""
        found = {mark: Entry(path_of(one, self.folder), one.rule, mark) for one, mark in pairs if _may_be_known(one)}
        kept = (one for one in self.entries if one.fingerprint not in found and not decides(one))
        self.entries = [*found.values(), *kept]

    def text(self) -> str:
        """The file, an entry a line, so that changes of it are easy to read and to merge."""
        rows = (
            json.dumps({"path": one.path, "rule": one.rule, "fingerprint": one.fingerprint})
            for one in sorted(self.entries, key=lambda one: one[:3])
        )
        listed = ",\n".join(f"  {row}" for row in rows)
        return f'{{"version": {VERSION}, "findings": [\n{listed}\n]}}\n' if listed else _EMPTY


_EMPTY = f'{{"version": {VERSION}, "findings": []}}\n'


def _may_be_known(finding: Finding) -> bool:
    """Whether a baseline may keep a finding out; one that stands for others hides what nobody has seen."""
    return finding.rule not in NEVER_KNOWN and not is_rest(finding)


def read_baseline(path: str, new: bool = False, named: tuple[str, ...] = ()) -> Baseline:
    """The baseline in a file. Raises OwnFileError. named: the paths that the command names."""
    try:
        data = read_own(path, named)
    except OSError as error:
        raise OwnFileError(path, error.strerror or str(error)) from error
    return Baseline(path, entries_of(path, data), new)


def entries_of(path: str, data: bytes) -> list[Entry]:
    """The entries of a baseline's content. Raises OwnFileError."""
    text, problem = decode(data)
    source = Source(path, text)
    if problem is not None:
        raise OwnFileError(path, problem.message, *source.position(problem.start))
    document = next(iter(read_documents(source)), None)
    if document is not None and document.problem is not None:
        at = document.problem.place.start
        raise OwnFileError(path, f"cannot be read: {document.problem.message}", *source.position(at))
    root = document.mapping if document is not None else None
    if root is None or "findings" not in root.entries:
        raise OwnFileError(path, "is not a baseline: --write-baseline writes one")
    version = root.get("version")
    if not isinstance(version, Scalar) or version.value != str(VERSION):
        raise OwnFileError(path, f"version: must be {VERSION}; --write-baseline writes the file anew", 1, 1)
    return [_entry(path, node) for node in root.items("findings")]


def _entry(path: str, node: Node) -> Entry:
    values = [node.string(key) for key in ("path", "rule", "fingerprint")] if isinstance(node, Mapping) else []
    texts = [value for value in values if value is not None]
    if len(texts) < 3:
        at = node.place.source.position(node.start)
        raise OwnFileError(path, "findings: an entry must have path, rule and fingerprint, each a text", *at)
    return Entry(texts[0], texts[1], texts[2], node.place)
