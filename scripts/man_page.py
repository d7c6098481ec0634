"""The manual page, in the language of troff, from the parser of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint import __version__
from kube_audit_lint.commands._words import CommandWords, Word, command_words

_HEAD = r"""
.\" Written by scripts/build_docs.py from the parser of the command line: change that instead.
.TH KUBE\-AUDIT\-LINT 1 "" "kube\-audit\-lint VERSION" "User Commands"
.SH NAME
kube\-audit\-lint \- lint Kubernetes audit policies and kube\-apiserver audit settings
.SH SYNOPSIS
.B kube\-audit\-lint
.I COMMAND
[\fIOPTION\fR]... [\fIARGUMENT\fR]...
.SH DESCRIPTION
Computes what an API server of a given version loads, matches and records, and reports what is wrong, each finding with
a concrete request as proof where there is one.
.SH COMMANDS
"""

_SECTIONS = {
    "EXIT STATUS": {
        "0": "Nothing at or above --fail-on, which is warning by itself.",
        "1": "Findings; for diff, less is recorded; for test, a test failed.",
        "2": "The run itself failed: a bad option or configuration, a path that does not exist, an unreadable file.",
    },
    "ENVIRONMENT": {
        "NO_COLOR": "No colours, if it is not empty. Goes before FORCE_COLOR.",
        "FORCE_COLOR": "Colours though standard output is no terminal, if it is not empty.",
        "COLUMNS": "How wide text and help are.",
        "KUBE_AUDIT_LINT_PAGES": "The address of the folder with the pages of the rules, to which findings are linked.",
        "KUBE_AUDIT_LINT_TRACEBACK": "Shows where a fault of the linter itself happened.",
    },
    "FILES": {".kube-audit-lint.yaml": "The configuration, here or in a folder above, up to the repository's root."},
}


def man_page() -> str:
    """The whole page."""
    parts = [_HEAD.lstrip().replace("VERSION", _text(__version__)), *map(_command, command_words())]
    for title, entries in _SECTIONS.items():
        parts.append(f".SH {title}\n")
        parts += (_entry(rf"\fB{_text(name)}\fR", text) for name, text in entries.items())
    return "".join(parts)


def _command(command: CommandWords) -> str:
    words = " ".join(_synopsis(command))
    about = command.help[:1].upper() + command.help[1:]
    head = rf".SS kube\-audit\-lint {_text(command.name)} {words}" + f"\n{_text(about)}.\n"
    return head + "".join(_entry(_term(one), _help(one)) for one in (*command.others, *command.options))


def _synopsis(command: CommandWords) -> Iterator[str]:
    yield r"[\fIOPTION\fR]..."
    for one in command.others:
        yield rf"\fI{_text(one.value)}\fR" + ("..." if one.many else "")


def _term(word: Word) -> str:
    """`-q, --quiet`, `--format FORMAT`, `PATH`."""
    value = rf"\fI{_text(word.value)}\fR" if word.value else ""
    names = ", ".join(rf"\fB{_text(name)}\fR" for name in sorted(word.names, key=len))
    return f"{names} {value}".strip()


def _help(word: Word) -> str:
    listed = ", ".join(word.choices)
    return word.help if listed in word.help else f"{listed}; {word.help}"


def _entry(term: str, text: str) -> str:
    return f".TP\n{term}\n{_text(text)}\n"


def _text(text: str) -> str:
    """Text of which troff takes nothing for a request: a dot or an apostrophe at the start, backslashes, hyphens."""
    return re.sub(r"^(?=[.'])", r"\\&", text.replace("\\", "\\e").replace("-", "\\-"))
