"""Scripts that start kube-apiserver themselves, on the host or by a container engine, with flags of auditing.

Such a script is read whole, as `--embedded` reads it (`starts` tells which are). Sources: as of common/commandline.py
and common/binds.py. Variables are unknown; what may bring more flags (`"$@"`, `$ARGS`) leaves open which are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.binds import engine_run
from kube_audit_lint.forms.common.commandline import api_server, is_started, without_prefix
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.launched import launched
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.shell import Word, commands
from kube_audit_lint.syntax.source import Source

_FILLED = re.compile(r"\{\{|\{%|<%|%\{")
"""What begins a placeholder or a statement of a template."""


def starts(text: str) -> bool:
    """Whether a script starts such a server."""
    return bool(started(text, Context(Source("", text))).servers)


def started(text: str, context: Context) -> Found:
    """The API servers that the commands of a script start."""
    servers = (server for words in commands(text) if (server := _server(words, context)) is not None)
    return Found(servers=tuple(servers))


def _server(words: list[Word], context: Context) -> ApiServer | None:
    if not any("--audit" in word.text for word in words) or _FILLED.search(context.text, words[0].start, words[-1].end):
        return None  # what a template fills in is not what it looks like, and may be anything
    values = list(_values(without_prefix(words), context))
    server = launched("shell", values)
    if server is None or not any(flag.name.startswith("audit-") and flag.value is not None for flag in server.flags):
        return None
    run = engine_run(values)
    inside = values if run is None else run.command
    line = api_server(inside)
    if line is not None and not is_started(inside, line):
        return None
    in_array = (
        context.text[max(0, words[0].start - 200) : words[0].start].rstrip().endswith("=(")
    )  # to which more may be added
    return server._replace(partial=server.partial or in_array)


def _values(words: list[Word], context: Context) -> Iterator[Value]:
    for word in words:
        yield Value(word.text, context.place(word.start, word.end))
