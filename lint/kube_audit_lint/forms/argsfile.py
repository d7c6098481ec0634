"""Argument files: one flag a line, as MicroK8s and the Kubernetes snaps keep them (`args/kube-apiserver`).

Source: canonical/microk8s build-scripts/components/kubernetes/patches/*/0000-Kubelite-integration.patch,
`ReadArgsFromFile`: lines that start with `#` are comments, quotes are removed wherever they are, lines are
split at blanks, `$NAME` and `${NAME}` are expanded. Its own variables are known (snap_data is
/var/snap/microk8s/current). It sets no audit flag by itself (microk8s-resources/default-args/kube-apiserver).
The server runs on the host: no mounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.commandline import OWN_FLAGS
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.edits import kubelite_refuses
from kube_audit_lint.forms.common.snap import VARIABLES
from kube_audit_lint.forms.common.spelt import Spelt
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.unknown import UNKNOWN, Room
from kube_audit_lint.syntax.words import Letter, Word, expanded, letters

MARKS = ("--audit", "--etcd-servers")
ORDER = 7

_LINE = re.compile(rf"--[A-Za-z]|{UNKNOWN}")
_NEEDED = ("--etcd-servers", "--etcd_servers", "--storage-backend", "--service-cluster-ip-range")
_VARIABLES = {name: letters(value, 0, len(value)) for name, value in VARIABLES.items()}


def read_text(source: Source, context: Context) -> Found | None:
    """The API server that is started with the file's flags."""
    words = _words(context.text)
    if words is None or not any(word.text.startswith(OWN_FLAGS) for word in words):
        return None
    if _is_kubelite(context.path, words):
        return Found(misshapes=tuple(_refused(words, context)))
    spelt = Spelt(context)
    values = [spelt.value(word) for word in expanded(words, _VARIABLES, Room(), bare=True)]
    whole = any(word.text.startswith(_NEEDED) for word in words)
    partial = not whole or any(word.text.startswith(UNKNOWN) for word in words)
    return Found(servers=(ApiServer("argsfile", values[0].place, flags_of(values, spelt.part), partial=partial),))


def _is_kubelite(path: str, words: list[Word]) -> bool:
    """Whether these are the flags of MicroK8s' own daemon, which names the files with those of its components."""
    named = path.rpartition("/")[2] == "kubelite"
    return named or any(word.text.startswith("--apiserver-args-file") for word in words)


def _refused(words: list[Word], context: Context) -> Iterator[Misshape]:
    for word in words:
        if word.text.startswith(OWN_FLAGS):
            yield kubelite_refuses(word.text.partition("=")[0], context.place(word.start, word.end))


def _words(text: str) -> list[Word] | None:
    """The words of the file; None when a line is neither flags nor a comment."""
    found: list[Word] = []
    at = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            if not _LINE.match(bare):
                return None
            found += _split(letters(text, at, at + len(line)))
        at += len(line) + 1
    return found


def _split(line: list[Letter]) -> list[Word]:
    words: list[Word] = []
    current: list[Letter] = []
    for letter in [*line, (" ", 0, 0)]:
        if not letter[0].isspace():
            current.append(letter)
        elif current:
            kept = tuple(one for one in current if one[0] not in "\"'")
            words.append(Word(kept, current[0][1], current[-1][2]))
            current = []
    return words
