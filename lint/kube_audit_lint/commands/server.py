"""`kube-audit-lint server`: the linter in an editor, over the language server protocol."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import redirect_stdout

from kube_audit_lint.commands import FINDINGS, OK, standard_input
from kube_audit_lint.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    parser.add_argument("--stdio", action="store_true", help="standard input and output, which it takes anyway")


def run(arguments: argparse.Namespace) -> int:
    """Serves until the editor ends it; returns the exit code, 1 where it went away without a word (as LSP has it)."""
    try:
        from kube_audit_lint.server.app import server
    except ImportError as error:
        raise UsageError(f"the language server requires pygls: pip install 'kube-audit-lint[lsp]' ({error})") from error
    # Closed in the end; and what else might be printed must not come between the messages.
    with open(os.dup(sys.stdout.fileno()), "wb") as stream, redirect_stdout(sys.stderr):
        server.start_io(standard_input(), stream)
    return OK if server.asked_to_end else FINDINGS
