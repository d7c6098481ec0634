"""Configuration of logrotate that rotates the audit log of an API server, which rotates it by itself.

Sources: logrotate(8) (paths and `{ ... }`, copy, copytruncate, compress, delaycompress, postrotate ... endscript);
natefinch/lumberjack v2 lumberjack.go, with which kube-apiserver writes its log (the file stays open until its own
rotation; one that it makes itself is opened without O_APPEND; no signal makes it open the file again);
cloudfoundry-incubator/kubo-deployment issue 370 (what becomes of the file).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.found import Found, Misshape, Rotation
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source

MARKS = ("rotate ", "rotate\t", "copytruncate")
LOOK = (("rotate", r"[ \t]+\d+[ \t]*\r?\n"), ("copytruncate", r"\b"))
ORDER = 6

_SERVER = re.compile(r"(?i)kube|k8s|api-?server|rke2|k3s|k0s")
_LIVE = re.compile(
    r"(?i)(?:(?:kube|k8s|kubernetes|api|server|apiserver|cluster|policy|k3s|rke2|k0s)[-_.]?)*"
    r"audit(?:[-_.]?(?:log|logs|events?))?(?:\.(?:log|json|txt))*"
)
_USUAL = ("audit.log", "kube-apiserver-audit.log", "kube-audit.log", "apiserver-audit.log", "audit.json")
"""Names of the file that is written; `audit-2030-01-01T00-00-00.000.log` is one that was rotated."""
_RESTARTS = re.compile(r"(?i)(?:restart|stop|kill)[^\n]*(?:kube|api-?server|k3s|rke2|k0s)")
_HELP = (
    "Take the path out of logrotate's configuration: --audit-log-maxsize, --audit-log-maxbackup, --audit-log-maxage "
    "and --audit-log-compress do all of this."
)
_COPIED = (
    "logrotate empties this file (copytruncate) while kube-apiserver keeps it open: into a file that it made itself it "
    "writes on at the old offset, so that the emptied file begins with as many zero bytes and is no JSON any more, and "
    "events between copying and emptying are lost."
)
_RENAMED = (
    "logrotate renames this file while kube-apiserver keeps it open, and no signal makes it open the new one: it "
    "writes on into the renamed file until its own rotation or next start, and nothing arrives where the log is looked "
    "for."
)
_PACKED = " What it writes after logrotate has compressed and removed that file is lost."


class _Block(NamedTuple):
    """Paths with their directives. script: what is run afterwards."""

    paths: list[tuple[int, int]]
    directives: frozenset[str]
    script: str


def read_text(source: Source, context: Context) -> Found | None:
    """What logrotate does to audit logs."""
    found = tuple(one for block in _blocks(context.text) for one in _of_block(block, context))
    return Found(misshapes=tuple(one.misshape for one in found if one.likely), rotations=found) if found else None


def _of_block(block: _Block, context: Context) -> Iterator[Rotation]:
    if "copy" in block.directives or _RESTARTS.search(block.script):
        return
    if "copytruncate" in block.directives:
        message = _COPIED
    else:
        packed = "compress" in block.directives and "delaycompress" not in block.directives
        message = _RENAMED + _PACKED * packed
    for start, end in block.paths:
        place = context.place(start, end)
        misshape = Misshape("rotated-twice", place, message, _HELP)
        yield Rotation(place.text.strip("\"'"), misshape, _is_audit_log(place), "copytruncate" in block.directives)


def _is_audit_log(place: Place) -> bool:
    """Whether a path is that of the file an API server writes, and not only of those that it has rotated."""
    text = place.text.strip("\"'")
    if not _SERVER.search(text):
        return False
    if text.startswith("{{") and text.endswith("}}"):
        return re.search(r"(?i)audit[\w.]*(?:log|path|file)", text) is not None
    name = text[text.rfind("/") + 1 :]
    if any(mark in name for mark in "*?["):
        from fnmatch import fnmatchcase

        return "audit" in text.lower() and any(fnmatchcase(one, name) for one in _USUAL)
    return _LIVE.fullmatch(name) is not None


def _blocks(text: str) -> Iterator[_Block]:
    """The blocks of a configuration, with what is outside of all of them as their defaults."""
    paths: list[tuple[int, int]] = []
    directives: set[str] = set()
    defaults: set[str] = set()
    script: list[str] = []
    inside, in_script = False, False
    for match in re.finditer(r"[^\r\n]+", text):
        line = match[0].strip()
        if in_script:
            in_script = line != "endscript"
            script.append(line)
        elif not line or line.startswith("#"):
            continue
        elif line.startswith("}"):
            yield _Block(paths, frozenset(defaults | directives), "\n".join(script))
            paths, directives, script, inside = [], set(), [], False
        elif inside:
            directives.update(re.findall(r"[\w-]+", line)[:1])
            in_script = line in ("postrotate", "lastaction")
        elif "{" in line or _is_path(line):
            head = match[0].partition("{")[0]
            paths += [(match.start() + one.start(), match.start() + one.end()) for one in _words(head)]
            inside = "{" in line
        else:
            paths = []
            defaults.update(re.findall(r"[\w-]+", line)[:1])


def _words(line: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"\"[^\"]*\"|'[^']*'|[^\s\"']+", line)


def _is_path(line: str) -> bool:
    return re.match(r"[\"']?[/\ue000-\uf8ff]", line) is not None
