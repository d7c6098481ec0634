"""Files that mention audit settings and that no form reads: one note a run, for nothing in them was checked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kube_audit_lint.discovery.walk import TooLarge, embeds, interesting, is_program, read_bytes
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline.repository import beginning
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
_ALERTS = rb"(?m)^[ \t-]*alert:"
"""Rules of Prometheus, whose texts tell which flag to look at."""
_SETS = rb"--audit-[a-z-]+(?==[^=]|[\"'`],[ \t]*[\"'`])|[\"'`]audit-[a-z-]+[\"'`]\]?(?=[ \t]*(?::|=|=>)[^=])"
"""What a program that sets a flag has, and not one that takes it."""
_OTHERS = (
    r"(?:\A|/)(?:vendor|third_party|node_modules|testdata|fixtures|tests?|spec|e2e)/"
    r"|_test\.|(?:\A|/)test_|\.(?:test|spec)\."
)
"""Programs of others, and tests of programs: what they mention is no setting of a cluster."""
_COMMENTS = (b"#", b"//", b"*", b"/*")
_DOCUMENTS = (".md", ".mdx", ".markdown")
_SHOWN = 3


def look(path: str) -> Sequence[Note]:
    """What a file mentions that is not read as configuration; nothing also where it cannot be read."""
    try:
        return of(path, read_bytes(path))
    except (OSError, TooLarge):
        return ()


def look_into_program(path: str) -> Sequence[Note]:
    """The same of a program, of which a repository may have thousands."""
    return () if re.search(_OTHERS, path) else _of_program(path, beginning(path))


def of(path: str, data: bytes) -> Sequence[Note]:
    """What the content of a file mentions: the first audit flag or audit policy, at its place."""
    if is_program(path):
        return _of_program(path, data)
    if not any(word in data for word in _WORDS):
        return ()
    search = re.search if path.endswith(_DOCUMENTS) else _outside_comments  # there `#` may be root's prompt
    found = search(_SETTING, data) or (re.search(_GROUP, data) if re.search(_POLICY, data) else None)
    if found is None or (b"alert:" in data and re.search(_ALERTS, data)):
        return ()
    return (_note(path, data, found),)


def _of_program(path: str, data: bytes) -> Sequence[Note]:
    """The flag that a program sets, where it is neither of others nor a test."""
    found = _outside_comments(_SETS, data) if b"audit-" in data and not re.search(_OTHERS, path) else None
    return (_note(path, data, found),) if found is not None and re.search(_SETTING, found[0]) else ()


def _outside_comments(pattern: bytes, data: bytes) -> re.Match[bytes] | None:
    """The first place that is in no line which is a comment."""
    for found in re.finditer(pattern, data):
        line = data[data.rfind(b"\n", 0, found.start()) + 1 : found.start()].lstrip()
        if not line.startswith(_COMMENTS):
            return found
    return None


def _note(path: str, data: bytes, found: re.Match[bytes]) -> Note:
    source = Source(path, decode(data)[0])
    start = len(decode(data[: found.start()])[0])
    word = found[0].decode()
    lead = len(word) - len(word.lstrip("\"'`"))
    return Note(source.place(start + lead, start + len(word)), word.strip("\"'`]"))


def one_note(mentions: Sequence[Note], embedded: bool) -> list[Note]:
    """One note about all of them, at the first. embedded: scripts and documentation are read already."""
    if not mentions:
        return []
    first, *others = sorted(mentions, key=_by_weight)
    message = f"mentions {first.message}, and no form reads it"
    if not embedded and any(embeds(one.place.source.path) for one in mentions):
        message += "; --embedded looks into scripts and documentation"
    if others:
        files = "1 more file" if len(others) == 1 else f"{len(others)} more files"
        message += f". The same holds for {files}: {some_of([one.place.source.path for one in others])}"
    return [Note(first.place, message)]


def _by_weight(note: Note) -> tuple[int, str]:
    """Configuration first, then scripts and programs, documentation last."""
    path = note.place.source.path
    return 2 if path.endswith(_DOCUMENTS) else 1 if embeds(path) or is_program(path) else 0, path


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
