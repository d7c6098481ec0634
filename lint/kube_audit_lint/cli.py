"""The command line: which command is asked for, and the one boundary at which errors become messages."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from kube_audit_lint import __version__
from kube_audit_lint.commands import FAILED
from kube_audit_lint.errors import KubeAuditLintError

COMMANDS = {
    "check": "lint files and folders",
    "rules": "the catalogue; one rule's page",
    "explain": "which rule of a policy decides a request, and what is recorded",
    "test": "hold a policy to what a team says it must record",
}

COLLECTOR = (100_000, 20, 20)
"""A short run makes no garbage worth looking for, and Python would look ten times: a sixth of the run."""

_BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code (0 fine, 1 findings, 2 the run itself failed)."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parser(words).parse_args(words)
        return int(arguments.run(arguments))
    except KubeAuditLintError as error:
        print(f"kube-audit-lint: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader went away (`| head`): nobody is left to tell. Keep Python from trying again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return 130


def entry() -> None:
    """The installed command."""
    gc.set_threshold(*COLLECTOR)
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = _BROKEN_PIPE
    # All is written and closed: taking every object apart again would only keep the user waiting.
    os._exit(code)


def _parser(words: list[str]) -> argparse.ArgumentParser:
    """The parser of the command that is asked for; without one, the parser that knows them all."""
    if words and words[0] in COMMANDS:
        return _parser_of(words.pop(0))
    parser = argparse.ArgumentParser(
        prog="kube-audit-lint",
        description="Lints Kubernetes audit policies and kube-apiserver audit settings by computing what the "
        "API server will load, match and record.",
        epilog="Exit status: 0 nothing found, 1 findings, 2 the run itself failed.",
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"kube-audit-lint {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text in COMMANDS.items():
        commands.add_parser(name, help=help_text)
    return parser


def _parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of one command: building and importing the others would cost a tenth of a run."""
    module: Any = import_module(f"kube_audit_lint.commands.{name}")
    prog = f"kube-audit-lint {name}"
    parser = argparse.ArgumentParser(prog=prog, description=COMMANDS[name], formatter_class=_Formatter)
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)
    return parser


class _Formatter(argparse.HelpFormatter):
    """Help of one width: argparse asks for the terminal's with every option, and imports shutil for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=96)
