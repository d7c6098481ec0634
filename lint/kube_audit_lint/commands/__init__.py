"""The commands of the command line, one module each: `add_arguments(parser)` and `run(arguments) -> int`."""

from __future__ import annotations

import os
import sys

from kube_audit_lint.errors import UsageError
from kube_audit_lint.syntax.typed import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from kube_audit_lint.pipeline.requests import OpenedPolicy

OK = 0
"""Nothing at or above --fail-on."""

FINDINGS = 1
"""Findings at or above --fail-on; a policy test that failed."""

FAILED = 2
"""The run itself failed: a bad option or configuration, a path that does not exist, an unreadable file."""


def filled(value: str) -> str:
    """The value of an option that an empty one would silently switch off: `--config "$UNSET"`."""
    if not value:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError("the value is empty")
    return value


def file_name(value: str) -> str:
    """The name of a file that is no stream: `-` would be a file of that name, which nobody means."""
    if value == "-":
        from argparse import ArgumentTypeError

        raise ArgumentTypeError("must be a file, and - is a stream (a file of that name is ./-)")
    return filled(value)


def add_color(add: Callable[..., object]) -> None:
    """The option for colours in text. add: of the parser."""
    add(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="default: auto; honours NO_COLOR and FORCE_COLOR",
    )


def wanted_columns() -> int:
    """The width that COLUMNS names, at least 40; 0 where it names none."""
    wanted = os.environ.get("COLUMNS", "")
    return max(40, int(wanted)) if 0 < len(wanted) < 6 and wanted.isascii() and wanted.isdigit() and int(wanted) else 0


def input_of(*paths: str | None) -> bytes:
    """What comes on standard input, where one of the paths is `-`. Raises UsageError."""
    if paths.count("-") > 1:
        raise UsageError("standard input (-) can be read once only")
    try:
        return standard_input().read() if "-" in paths else b""
    except OSError as error:
        raise UsageError(f"standard input: {error.strerror or error}") from error


def tell_ignored(*policies: OpenedPolicy) -> None:
    """A line on standard error for each policy with more documents behind it, which no API server reads."""
    from kube_audit_lint.report.safe import visible

    for one in policies:
        if one.ignored:
            line = f"{one.path}: kube-apiserver reads only the first document, and so does this: {one.ignored}"
            print(visible(f"kube-audit-lint: {line}"), file=sys.stderr)


def standard_input() -> BinaryIO:
    """The bytes of standard input. Raises UsageError where it is closed."""
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return sys.stdin.buffer
