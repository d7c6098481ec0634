"""Hand-built findings for the tests of all formats."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from kube_audit_lint.model.finding import FileError, Finding, Related
from kube_audit_lint.report import Files, Report, RuleInfo, Style, write
from kube_audit_lint.syntax.source import Place, Source

RULES = {
    "unreachable-rule": RuleInfo(
        "unreachable-rule",
        "A rule that no request ever reaches",
        "error",
        why="The first rule that matches decides.",
        help="Move it up.",
        standards=("CIS 3.2.2",),
        search="loaded illegal policy",
    )
}

ESCAPE = "\x1b[31mred"
OVERRIDE = "\u202egnp.exe"
BYTE = "\udc80"
EMOJI = "\U0001f600"


def at(source: Source, text: str, occurrence: int = 1) -> Place:
    """The place of a text in a file."""
    start = -1
    for _ in range(occurrence):
        start = source.text.index(text, start + 1)
    return source.place(start, start + len(text))


def found(place: Place, **fields: Any) -> Finding:
    """A finding at a place; what is not said is ordinary."""
    return Finding("no-rules", "error", place, "it is wrong")._replace(**fields)


def report(findings: Sequence[Finding] = (), errors: Sequence[FileError] = ()) -> Report:
    """A report on three files."""
    return Report(findings, Files(3, 1, 1), errors)


def written(format: str, given: Report, style: Style = Style()) -> str:  # noqa: B008
    """The report as text, through a stream that takes only what UTF-8 can encode."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", errors="strict", newline="")
    write(format, given, stream, RULES, style)
    stream.flush()
    return raw.getvalue().decode("utf-8")


def hostile() -> Report:
    """Everything odd at once."""
    name = f"a b/100%,x:y\n::error::{ESCAPE}{OVERRIDE}{BYTE}.yaml"
    source = Source(name, f'rules:\r\n- user: "{ESCAPE}{OVERRIDE}{BYTE}{EMOJI}"\r\n\tlevel: None\r\n')
    other = Source("::warning::x.yaml", "##[error]a\n")
    finding = found(
        at(source, EMOJI),
        message=f"::error::50% [x](http://a) ##[error] {ESCAPE}{OVERRIDE}\r\n{BYTE}",
        help=f"use {BYTE}\n  {ESCAPE}",
        proof=f"{OVERRIDE}",
        kubernetes="1.24-1.37",
        witness={"user": BYTE, BYTE: [BYTE, 1, None, True]},
    )
    end = other.place(len(other.text))
    return report(
        [
            finding._replace(related=(Related(end, f"[a](1) \\ {BYTE}"),)),
            found(end, severity="info", message="end"),
            found(Source("empty.yaml", "").place(), severity="warning"),
        ],
        [FileError(f"::error::{BYTE}\n", f"cannot be read: {ESCAPE}%\n::error::")],
    )
