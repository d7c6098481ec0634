"""What stands in heredocs of scripts and in fenced blocks of documentation, read through every form (`--embedded`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.applied import applied_in, policies_by_name, with_policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.copies import copies
from kube_audit_lint.forms.common.kubectl import BY, from_input, in_script, may_apply
from kube_audit_lint.forms.common.manifests import policy_among
from kube_audit_lint.forms.common.misplaced import misplaced, misplaced_in
from kube_audit_lint.forms.common.piece import found_in_piece
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.extras import TERRAFORM
from kube_audit_lint.syntax.pieces import Piece, fences, heredocs, strings
from kube_audit_lint.syntax.source import Source

MARKS = (
    "<<",
    "```",
    "~~~",
    "kubectl",
    "oc apply",
    "oc create",
    "manifests",
    "minikube",
    "--kube-apiserver-arg",
    "kubeAPIServer.audit",
    "audit.k8s.io/",
    "update-cluster-logging",
    "diagnostic-settings",
    "clusterLogging",
)
LOOK = (
    ("apiserver", r"\.audit\."),  # the names of localkube, for minikube
    ("update-cluster-logging", ""),
    ("diagnostic-settings", r"\s+create\b"),
    ("clusterlogging", r"[\"'=]"),
    ("kubectl", r"[^\n]*\b(?:apply|create|replace)\b", "audit"),
)
ORDER = 4

_MARKDOWN = (".md", ".markdown", ".mdx", ".rmd", ".qmd")


def read_text(source: Source, context: Context) -> Found | None:
    """What the pieces of a text hold, and the clusters that its commands start."""
    if not context.embedded:
        return None
    own = context.offsets is None
    text = source.text if own else context.text
    markdown = own and source.path.lower().endswith(_MARKDOWN)
    terraform = own and source.path.lower().endswith(TERRAFORM)
    fenced = list(fences(text)) if markdown else []
    outside = _outside(text, fenced)
    written = list(heredocs(outside, terraform))
    if terraform:
        written += strings(_outside(outside, written))
    parts = [found_in_piece(piece, context, True) for piece in fenced]
    found_in_written = [_of_heredoc(piece, context, markdown, text) for piece in written]
    parts += found_in_written
    parts += _started(_outside(outside, written), context._replace(neutral=text), markdown)
    if not markdown and may_apply(outside):
        held = {name: version for one in found_in_written for name, version in policies_by_name(one)}
        parts.append(Found(misshapes=tuple(in_script(outside, context._replace(neutral=text), held))))
    if not markdown and "manifest" in outside:
        parts.append(Found(misshapes=tuple(_copied(outside, context._replace(neutral=text)))))
    found = joined(parts)
    return found if found else None


def _of_heredoc(piece: Piece, context: Context, markdown: bool, text: str) -> Found:
    """What a heredoc holds: what becomes of a policy in it that is applied, or written where it may not lie."""
    found = found_in_piece(piece, context, markdown)
    if markdown or not found.policies:
        return found
    start = text.rfind("\n", 0, max(0, piece.start - 1)) + 1
    found = applied_in(found, BY) if from_input(text[start : piece.start]) else found
    return misplaced_in(found, piece.name) if piece.name else found


def _copied(text: str, context: Context) -> Iterator[Misshape]:
    """The policies that a script copies to where they may not lie."""
    for one in copies(text):
        wrong = misplaced(context.place(one.target.start, one.target.end), one.path)
        policy = policy_among(one.source.text, context) if wrong is not None else None
        if wrong is not None and policy is not None:
            yield with_policy(wrong, policy)


def _started(text: str, context: Context, prose: bool) -> Iterator[Found]:
    """The clusters that the commands of a script start. prose: sentences, which name single flags."""
    if "minikube" in text:
        from kube_audit_lint.forms import minikube

        yield minikube.started(text, context)
    if "kubeAPIServer.audit" in text and not prose:
        from kube_audit_lint.forms.kops import script

        yield script.started(text, context)
    if "--kube-apiserver-arg" in text and not prose:
        from kube_audit_lint.forms import k3s

        yield k3s.started(text, context)
    if not prose and any(word in text for word in ("update-cluster-logging", "diagnostic-settings", "clusterLogging")):
        from kube_audit_lint.forms import cloud_commands

        yield cloud_commands.run(text, context)


def _outside(text: str, pieces: list[Piece]) -> str:
    """The text with blanks for its pieces, which are read by themselves."""
    parts: list[str] = []
    at = 0
    for piece in sorted(pieces, key=lambda piece: piece.start):
        parts += (text[at : piece.start], re.sub(r"[^\r\n]", " ", text[piece.start : piece.end]))
        at = piece.end
    return "".join([*parts, text[at:]])
