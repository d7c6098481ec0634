"""`k3s server --kube-apiserver-arg=FLAG=VALUE`, also through the installer and k3d, in scripts and documentation.

Sources: k3s-io/k3s pkg/cli/cmds/server.go (`--kube-apiserver-arg`), k3s-io/k3s install.sh (INSTALL_K3S_EXEC, and the
words after `sh -s -`), k3d-io/k3d docs/usage/commands (`--k3s-arg "ARG@NODEFILTER"`). K3s runs kube-apiserver on the
host (k3d: in its container) without mounts of its own, and sets no audit flag itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.commandline import Part, same_text
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

# The words are quoted in every way there is (INSTALL_K3S_EXEC="server \ --...", '--...' \), so that only what cannot
# be in a value ends one.
_ARGUMENT = re.compile(
    r"--kube-apiserver-arg(?:=|[ \t]+)[\"']?(?:--)?(?P<name>audit-[a-z-]+)=(?P<value>[^\s\"'\\;|&]*)"
)
_IN_WORD = re.compile(r"(--kube-apiserver-arg=)?(?:--)?(?P<name>[a-z][a-z-]*)=(?P<value>.*)")
_NODES = re.compile(r"@(?:all|(?:servers?|agents?|loadbalancer)\b[^\s]*)\Z")
_PROGRAM = re.compile(r"k3[sd]|K3[SD]_")  # the program or the installer's variables; sentences write K3s
# What brings arguments that are not seen: a variable that may hold several, or a configuration file.
_MORE = re.compile(
    r"(?:^|[\s\"'])\$(?:\w+|\{\w+\}|\([^)]*\)|[@*])(?=\s|\Z)|\$(?:[@*]|\{\w*(?:\[?[@*]))|`|--config\b|(?<![\w-])-c[ =]"
)
_OPTION = re.compile(r"--[\w-]+(?:=|[ \t]+)\$(?:\w+|\{\w+\})(?=\s)")
"""An option whose value is a variable, which brings no more than that."""


def started(text: str, context: Context) -> Found:
    """The API servers of the clusters that a text's commands start."""
    servers = []
    for start, end in _commands(text):
        command = text[start:end]
        flags = list(_flags(text, start, end, context))
        if not flags:
            continue
        place = flags[0].place
        # Without the program these are lines out of a command, or to be added to one.
        shown = _PROGRAM.search(_ARGUMENT.sub("", command)) is not None
        partial = not shown or _MORE.search(_OPTION.sub("", command)) is not None
        servers.append(
            ApiServer("k3s", place, tuple(flags), partial=partial, spelling=_spelling, name="kube-apiserver")
        )
    return Found(servers=tuple(servers))


def flags_in_words(words: Sequence[Value], part: Part = same_text) -> Iterator[Flag]:
    """The flags of kube-apiserver among K3s's words, `--kube-apiserver-arg NAME=VALUE` as two words, too."""
    follows = False
    for word in words:
        found = _IN_WORD.fullmatch(word.text)
        if found is not None and (found[1] or follows):
            value = Value(found["value"], part(word, *found.span("value")))
            yield setting(Value(found["name"], part(word, *found.span("name"))), value)
        elif is_unknown(word.text) and (follows or word.text.startswith("--kube-apiserver-arg=")):
            yield setting(Value(UNKNOWN, word.place), None)  # whatever flag a template puts in
        follows = word.text == "--kube-apiserver-arg"


def _commands(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the commands with such arguments: lines that are continued belong together, comments to nothing."""
    at = 0
    while (found := _ARGUMENT.search(text, at)) is not None:
        start = text.rfind("\n", 0, found.start()) + 1
        while start and text[: start - 1].rstrip("\r").endswith("\\"):
            start = text.rfind("\n", 0, start - 1) + 1
        end = text.find("\n", found.end())
        while end >= 0 and text[start:end].rstrip("\r").endswith("\\"):
            end = text.find("\n", end + 1)
        at = len(text) if end < 0 else end
        if not text[start:at].lstrip().startswith("#"):
            yield start, at


def _flags(text: str, start: int, end: int, context: Context) -> Iterator[Flag]:
    for found in _ARGUMENT.finditer(text, start, end):
        value = _NODES.sub("", found["value"])
        place = context.place(found.start("value"), found.start("value") + len(value))
        if "$" in value or "`" in value:
            value = UNKNOWN * len(value)
        yield setting(Value(found["name"], context.place(*found.span("name"))), Value(value, place))


def _spelling(name: str, value: str) -> str:
    return f"--kube-apiserver-arg={name}" + (f"={value}" if value else "")
