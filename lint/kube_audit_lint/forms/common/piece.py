"""Texts inside scripts, documentation and Terraform's files, read through every form: only what is certain of them."""

from __future__ import annotations

import re

from kube_audit_lint.discovery.look import interesting, named_policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_in_text
from kube_audit_lint.forms.common.uncertain import TemplateParts, left_open
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Note
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.offsets import ChunkMap
from kube_audit_lint.syntax.pieces import Piece
from kube_audit_lint.syntax.source import OffsetMap, Source
from kube_audit_lint.syntax.statements import Branch, Span
from kube_audit_lint.syntax.templates import Neutral, neutralise
from kube_audit_lint.syntax.unknown import UNKNOWN

_ELLIPSIS = re.compile(r"(?m)^[ \t]*(?:-[ \t]*)?(?:\.\.\.|…|\[\.\.\.\])[ \t]*\r?$")
_UNKNOWN_LINE = re.compile(rf"(?m)^[ \t]*{UNKNOWN}+[ \t]*\r?$")
_UNREAD = "this block cannot be read as it stands"


def found_in_piece(piece: Piece, context: Context, fenced: bool = False) -> Found:
    """What any form finds in a piece. fenced: it is a block of documentation, which shows parts of things."""
    source = context.source
    if not (interesting(piece.text.encode("utf-8", "replace")) or named_policy(piece.name)):
        return Found()
    around = context.offsets or OffsetMap()
    offsets = ChunkMap(piece.chunks, around, piece.start)
    neutral = _statements(piece)
    found = found_in_text(source, neutral.text, offsets, context, name=piece.name)
    left_out = fenced and _ELLIPSIS.search(piece.text) is not None
    if neutral.partial and piece.chunks:
        found = found.with_policies(TemplateParts(_in_file(neutral, source, offsets), source, ()).policy)

    def of_policy(policy: PolicyDocument) -> PolicyDocument:
        names = policy.names or ((piece.name,) if piece.name else ())
        opened = None if left_out else policy.opened
        in_order = policy.in_order and not left_out
        return policy._replace(names=names, partial=policy.partial or left_out, opened=opened, in_order=in_order)

    found = found.with_policies(of_policy)
    doubtful = fenced or piece.open or neutral.text != piece.text
    return _certain(found, left_out or neutral.partial, doubtful, fenced)


def _statements(piece: Piece) -> Neutral:
    """A piece with its statements; a line that only the running script knows may be anything, or nothing."""
    neutral = neutralise("", piece.text) or Neutral(piece.text)
    lines = [one.span() for one in _UNKNOWN_LINE.finditer(neutral.text)] if piece.open else []
    text = _UNKNOWN_LINE.sub(lambda found: " " * len(found[0]), neutral.text) if lines else neutral.text
    return neutral._replace(text=text, insertions=(*neutral.insertions, *lines))


def _in_file(neutral: Neutral, source: Source, offsets: OffsetMap) -> Neutral:
    """The statements of a piece by where they are in the file."""

    def span(one: Span) -> Span:
        return offsets.outer(one[0]), offsets.outer_end(one[1])

    def branch(one: Branch) -> Branch:
        start, end = span((one.start, one.end))
        return one._replace(start=start, end=end, arms=tuple(map(span, one.arms)))

    characters = list(source.text)
    for at, character in enumerate(neutral.text):
        start, end = span((at, at + 1))
        characters[start:end] = [character] + [" "] * (end - start - 1)
    insertions = tuple(map(span, neutral.insertions))
    return neutral._replace(
        text="".join(characters), branches=tuple(map(branch, neutral.branches)), insertions=insertions
    )


def _certain(found: Found, part: bool, doubtful: bool, fenced: bool) -> Found:
    """Only what nothing that is left out can change; a piece that cannot be read is noted where it may become one.

    part: something decides which lines of a server are there.
    """
    problems = [policy.document.problem for policy in found.policies if doubtful and policy.document.problem]
    notes = (*found.notes, *(Note(problem.place, _UNREAD) for problem in problems))
    policies = tuple(policy for policy in found.policies if policy.document.problem not in problems)
    kept = (server for server in found.servers if not fenced or _about_audit(server))
    servers = tuple(left_open(server, part, partial=part) for server in kept)
    return found._replace(policies=policies, servers=servers, notes=notes)


def _about_audit(server: ApiServer) -> bool:
    """Whether documentation shows the server for its auditing: what it shows for else leaves auditing out."""
    known = server.policy is not None or bool(server.defaults) or server.flags_fixed
    return known or any(flag.name.startswith("audit") for flag in server.flags)
