"""Files that mention audit settings and that no form reads: one note a run, for nothing in them was checked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kube_audit_lint.discovery.walk import TooLarge, embeds, interesting, read_bytes
from kube_audit_lint.model.found import Note
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.source import Source

_WORDS = (b"audit", b"AUDIT", b"Audit")
_SETTING = (
    rb"(?:--)?audit(?:-(?:policy-file|log-(?:path|format|mode|max(?:age|backup|size))|webhook-(?:config-file|mode))"
    rb"|_(?:policy_file|log_(?:path|max(?:age|backup|size))|webhook_config_file))\b"
    rb"|AUDIT_(?:POLICY_FILE|LOG_MAX(?:AGE|BACKUP|SIZE)|WEBHOOK_CONFIG_FILE)\b"
    rb"|kubeAPIServer\.audit[A-Z]\w*|--extra-config[= ]\"?apiserver\.[Aa]udit[\w.-]*"  # kops and minikube
)
_POLICY = rb"(?m)^[ \t]*[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Policy\b"
_GROUP = rb"audit\.k8s\.io/v\d\w*"
_SHOWN = 3


def look(path: str) -> Note | None:
    """What a file mentions that is not read as configuration; None also where it cannot be read."""
    try:
        return of(path, read_bytes(path))
    except (OSError, TooLarge):
        return None


def of(path: str, data: bytes) -> Note | None:
    """What the content of a file mentions: an audit flag or an audit policy, at its place."""
    if not any(word in data for word in _WORDS):
        return None
    found = re.search(_SETTING, data) or (re.search(_GROUP, data) if re.search(_POLICY, data) else None)
    if found is None:
        return None
    source = Source(path, decode(data)[0])
    start = max(source.text.find(found[0].decode()), 0)
    return Note(source.place(start, start + len(found[0])), found[0].decode())


def one_note(mentions: Sequence[Note], embedded: bool) -> list[Note]:
    """One note about all of them, at the first. embedded: scripts and documentation are read already."""
    if not mentions:
        return []
    first, *others = sorted(mentions, key=lambda note: note.place.source.path)
    message = f"mentions {first.message}, and no form reads it"
    if not embedded and any(embeds(one.place.source.path) for one in mentions):
        message += "; --embedded looks into scripts and documentation"
    if others:
        files = "1 more file" if len(others) == 1 else f"{len(others)} more files"
        message += f". The same holds for {files}: {some_of([one.place.source.path for one in others])}"
    return [Note(first.place, message)]


def of_terraform(paths: Sequence[str]) -> list[Note]:
    """One note about files of Terraform with settings of auditing, where the extra that reads them is missing."""
    found = [path for path in paths if _is_interesting(path)]
    if not found:
        return []
    files = "1 Terraform file mentions" if len(found) == 1 else f"{len(found)} Terraform files mention"
    message = f"{files} auditing; pip install 'kube-audit-lint[terraform]' reads {'it' if len(found) == 1 else 'them'}"
    return [Note(Source(min(found), "").place(), message)]


def _is_interesting(path: str) -> bool:
    try:
        return interesting(read_bytes(path))
    except (OSError, TooLarge):
        return False


def some_of(paths: Sequence[str]) -> str:
    """The first few paths, and how many more there are."""
    unique = list(dict.fromkeys(paths))
    more = len(unique) - _SHOWN
    return ", ".join(unique[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
