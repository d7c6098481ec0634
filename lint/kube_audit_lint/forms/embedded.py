"""What is in heredocs of scripts and in fenced blocks of documentation, read through every form (`--embedded`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.piece import found_in_piece
from kube_audit_lint.forms.common.script import into_minikube, of_commands, of_heredoc, with_written
from kube_audit_lint.model.found import Found, joined
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
    "--audit-",
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
    held = _written(written, context, text, markdown)
    around = context._replace(neutral=text)
    started = joined(list(_started(_outside(outside, written), around, markdown)))
    parts += (held, started if markdown else into_minikube(started, held, outside, around))
    found = joined(parts)
    return found if found else None


def _written(pieces: list[Piece], context: Context, text: str, prose: bool) -> Found:
    """What heredocs and strings hold, with what the commands around them do with it. prose: of documentation."""
    if prose:
        return joined([found_in_piece(piece, context, True) for piece in pieces])
    found = joined([of_heredoc(piece, found_in_piece(piece, context), text) for piece in pieces])
    around = context._replace(neutral=text)
    return with_written(found, pieces, text, around).with_misshapes(of_commands(text, around, found))


def _started(text: str, context: Context, prose: bool) -> Iterator[Found]:
    """The clusters that the commands of a script start. text: without its heredocs, which whoever splits all of it into
    commands leaves out himself. prose: sentences, which name single flags."""
    if "minikube" in text:
        from kube_audit_lint.forms import minikube

        yield minikube.started(text, context)
    if "kubeAPIServer.audit" in text and not prose:
        from kube_audit_lint.forms.kops import script

        yield script.started(text, context)
    if "--kube-apiserver-arg" in text and not prose:
        from kube_audit_lint.forms import k3s

        yield k3s.started(text, context)
    is_script = not prose and (context.offsets is None or text.startswith("#!"))
    if is_script and "--audit-" in text and ("kube-apiserver" in text or "hyperkube" in text):
        from kube_audit_lint.forms import shell

        yield shell.started(context.text, context)
    if not prose and any(word in text for word in ("update-cluster-logging", "diagnostic-settings", "clusterLogging")):
        from kube_audit_lint.forms import cloud_commands

        yield cloud_commands.run(context.text, context)


def _outside(text: str, pieces: list[Piece]) -> str:
    """The text with blanks for its pieces, which are read by themselves."""
    parts: list[str] = []
    at = 0
    for piece in sorted(pieces, key=lambda piece: piece.start):
        parts += (text[at : piece.start], re.sub(r"[^\r\n]", " ", text[piece.start : piece.end]))
        at = piece.end
    return "".join([*parts, text[at:]])
