"""What is read out of a template: what its placeholders and statements leave open is left out or marked as unknown."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from kube_audit_lint.forms.common.open_policy import open_policy
from kube_audit_lint.forms.common.unknown_parts import DocumentParts, UnknownParts
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.server import ApiServer, Flag, Mount
from kube_audit_lint.syntax.deciding import Deciding
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence, scalar_spans
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.templates import scalar_at
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

if TYPE_CHECKING:
    from kube_audit_lint.syntax.templates import Neutral

_WORD = re.compile(f"({UNKNOWN}+)")
_ITEM = re.compile(rf"(?m)^[ \t]*-[ \t]+[\"']?({UNKNOWN}+)[\"']?[ \t]*\r?$")
_PLACEHOLDER = re.compile(r"\{\{|<%|%\{|#@|\$[{(\w]|`")


class TemplateParts:
    """What is certain of what was found in a template. decided: the places that decide parts of it, as far as met."""

    def __init__(self, template: Neutral, source: Source, documents: tuple[Document, ...]) -> None:
        self.decided: list[tuple[int, int]] = []
        self._template = template
        self._deciding = Deciding(template)
        self._text = source.text
        self._documents = documents
        self._document_ends = [one.end for one in documents]
        self._scalars: list[tuple[int, int]] | None = None
        self._parts: dict[int, DocumentParts] = {}

    def policy(self, policy: PolicyDocument) -> PolicyDocument:
        """The policy as a part of one where a statement decides what is in it; what encloses it leaves it whole."""
        root = policy.root
        start, end = (policy.place.start, policy.place.end) if root is None else (root.start, root.end)
        later = tuple(one for one in policy.later if not self._conditional(one, (start, end)))
        opened = None if policy.partial else open_policy(root, self._deciding, self._text, self._template.text)
        partial = policy.partial or self._is_partial((start, end))
        in_order = policy.in_order and not self._is_partial((start, end))
        self.decided += _unknown_rules(root)
        return policy._replace(partial=partial, opened=opened, later=later, in_order=in_order)

    def _conditional(self, document: Document, policy: tuple[int, int]) -> bool:
        """Whether a document after a policy is only there under a condition that the policy does not have."""
        root = document.root
        if root is None:
            return False
        around = (one for one in self._template.branches if one.start < root.start < one.end)
        return any(not one.holds(*policy) for one in around)

    def server(self, server: ApiServer) -> ApiServer:
        """The server without what only the filled template decides."""
        scope = self._document_of(server)
        scopes = self._scalars_of(server) if self._template.scalars and scope != _hull(server) else [scope]
        branched = [scope for scope in scopes if self._is_partial(scope)]
        # What a branch holds is in the file: what is in none of its arms is never set.
        inserted = any(self._deciding.insertions_in(*scope) for scope in branched)
        unknown = self._unknown_parts(server)
        if server.partial:
            self.decided += self._unknown_words(server, scope)
        # A container that an arm begins and what follows the block goes on with shows no flags of its own.
        begun = not server.flags and any(
            one.holds(server.place.start, server.place.end) and not one.holds(*scope) for one in self._template.branches
        )
        changed = left_open(server, bool(branched), partial=inserted or bool(unknown.flags) or begun)
        if unknown.mounts:
            changed = changed._replace(mounts=None)
        return changed._replace(flags=tuple(self._flag(flag) for flag in changed.flags))

    def _unknown_words(self, server: ApiServer, scope: tuple[int, int]) -> list[tuple[int, int]]:
        """The first word behind the command that may be any flag: of a list, or of a line of a script."""
        known = [(one.place.start, one.value_place.end) for one in server.flags if not is_unknown(one.name)]
        pattern = _WORD if scope == _hull(server) else _ITEM
        words = (one.span(1) for one in pattern.finditer(self._template.text, server.place.start, scope[1]))
        return [one for one in words if not any(start <= one[0] < end for start, end in known)][:1]

    def _unknown_parts(self, server: ApiServer) -> UnknownParts:
        """The parts of its document that a template puts in as a whole."""
        index = self._index_at(server.place.start)
        if index is None or UNKNOWN not in self._template.text:
            return UnknownParts()
        places = {server.place.start, *(flag.place.start for flag in server.flags)}
        if index not in self._parts:
            self._parts[index] = DocumentParts(self._documents[index])
        found = self._parts[index].of_server(places)
        self.decided += [(one.start, one.end) for one in (*found.flags, *found.mounts)]
        return found

    def decides(self, misshape: Misshape) -> bool:
        """Whether statements may give a pod what it is refused for: other lines beside those that the file shows."""
        start, end = self._document_at(misshape.place.start) or (0, len(self._text))
        return misshape.kind == "refused" and self._deciding.decided(start, end) is not None

    def is_whole(self, node: Node) -> bool:
        """Whether no statement decides a part of something."""
        return self._deciding.decided(node.start, node.end) is None

    def _is_partial(self, span: tuple[int, int]) -> bool:
        decided = self._deciding.decided(*span)
        if decided is not None:
            self.decided.append(decided)
        return decided is not None

    def _flag(self, flag: Flag) -> Flag:
        """The flag with an unknown value where a statement is in it."""
        place = flag.value_place
        if flag.value is None or self._deciding.decided(place.start, place.end) is None:
            return flag
        return flag._replace(value=UNKNOWN)

    def _document_of(self, server: ApiServer) -> tuple[int, int]:
        return self._document_at(server.place.start) or _hull(server)

    def _document_at(self, at: int) -> tuple[int, int] | None:
        """What a document of YAML holds; None where the text is no YAML at all."""
        index = self._index_at(at)
        root = self._documents[index].root if index is not None else None
        return None if root is None or isinstance(root, Scalar) else (root.start, root.end)

    def _index_at(self, at: int) -> int | None:
        """The number of the document that a place is in."""
        index = bisect_left(self._document_ends, at)
        return index if index < len(self._documents) and self._documents[index].start <= at else None

    def _scalars_of(self, server: ApiServer) -> list[tuple[int, int]]:
        """The scalars of more than one line out of which the server was read."""
        places = {server.place.start, *(flag.place.start for flag in server.flags)}
        if self._scalars is None:
            self._scalars = sorted(span for one in self._documents for span in scalar_spans(one.root))
        spans = self._scalars
        inside = {span for at in places if (span := scalar_at(spans, at)) is not None}
        return [span for span in sorted(inside) if "\n" in self._text[span[0] : span[1]].strip()]


def _unknown_rules(root: Node | None) -> list[tuple[int, int]]:
    """The rules of a policy of which nothing is known, together or one by one."""
    rules = root.get("rules") if isinstance(root, Mapping) else None
    each = rules.items if isinstance(rules, Sequence) else [rules]
    return [(one.start, one.end) for one in each if isinstance(one, Scalar) and is_unknown(one.value)]


def _hull(server: ApiServer) -> tuple[int, int]:
    """From the first to the last place out of which a server was read that is no YAML: a unit's, for example."""
    places = (server.place, *(place for flag in server.flags for place in (flag.place, flag.value_place)))
    inside = [place for place in places if place.source is server.source]
    return min(place.start for place in inside), max(place.end for place in inside)


def left_open(server: ApiServer, branched: bool, *, partial: bool) -> ApiServer:
    """The server without what only the filled template decides.

    branched: statements decide which lines are there. Then of a flag that is in several of them the last is
    kept, and one that has lost its value to another line has an unknown one. partial: they also put in lines that
    the file does not show.
    """
    flags, mounts = server.flags, server.mounts
    if branched:
        last = {flag.name: flag for flag in flags}
        kept = (flag for flag in flags if last[flag.name] is flag)
        flags = tuple(flag if flag.value is not None else flag._replace(value=UNKNOWN) for flag in kept)
    if mounts is not None:
        mounts = tuple(_mount(mount) for mount in mounts)
    partial = server.partial or partial or any(is_unknown(flag.name) for flag in server.flags)
    return server._replace(flags=flags, mounts=mounts, partial=partial)


def _mount(mount: Mount) -> Mount:
    place = mount.read_only_place
    known = place is None or _PLACEHOLDER.search(place.text) is None
    return mount if known else mount._replace(read_only_known=False)
