"""`kube-audit-lint completion SHELL`: prints the script with which a shell completes commands, options and values."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

from kube_audit_lint.commands import OK

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    parser.add_argument("shell", choices=SHELLS, help="for bash: `source <(kube-audit-lint completion bash)`")


def run(arguments: argparse.Namespace) -> int:
    """Prints; returns the exit code."""
    from kube_audit_lint.commands._words import command_words

    shell: Any = import_module(f"kube_audit_lint.commands._complete_{arguments.shell}")
    print(shell.script(command_words()), end="")
    return OK
