"""`kube-audit-lint map`: what a policy records of every request, or what another one changes, at a glance."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from kube_audit_lint.commands import OK, add_color, file_name, filled, input_of, tell_ignored
from kube_audit_lint.commands._outputs import prepare_file, refuse_input, style_of
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.matrix import Map
from kube_audit_lint.model.version import Versions, newer
from kube_audit_lint.pipeline.mapping import mapped
from kube_audit_lint.pipeline.options import STDIN, versions_of
from kube_audit_lint.pipeline.requests import open_policy

FORMATS = ("text", "markdown", "json", "html")
_OF_NAMES = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    add(
        "policy",
        metavar="POLICY",
        help="a file that holds an audit policy, or - for standard input; with a second one, the old of two",
    )
    add("other", nargs="?", metavar="NEW", help="the new policy: shows what it changes")
    add("--kubernetes-version", metavar="V", help="the cluster's version (1.30) or a range of them (1.29-1.34)")
    add(
        "--who",
        type=filled,
        metavar="WHO",
        help="in text and markdown: whose requests (default: everybody); --who help",
    )
    add("--format", choices=FORMATS, help="default: text, or what the name of --output ends with")
    add("--output", type=file_name, metavar="FILE", help="write it to a file")
    add_color(add)


def run(arguments: argparse.Namespace) -> int:
    """Shows the table; returns the exit code."""
    versions = versions_of(arguments.kubernetes_version)
    if versions is not None and newer(versions):
        print(newer(versions), file=sys.stderr)
    chosen = arguments.format or _format_of(arguments.output)
    if arguments.output:
        prepare_file(arguments.output)
    new, old = (arguments.other, arguments.policy) if arguments.other else (arguments.policy, None)
    refuse_input("--output", arguments.output, (new, old))
    stdin = input_of(new, old)
    opened = open_policy(new, versions, stdin)
    before = open_policy(old, versions or opened.document.versions, stdin) if old else None
    tell_ignored(*filter(None, (before, opened)))
    findings = _findings(new, versions, stdin) if chosen in ("html", "json") else []
    made = mapped(opened, before, versions, findings)
    pieces = _rendered(made, chosen, arguments)
    if arguments.output:
        _write(pieces, arguments.output)
    else:
        for piece in pieces:
            sys.stdout.write(piece)
    return OK


def _format_of(output: str | None) -> str:
    """What the name of the file ends with."""
    return _OF_NAMES.get(os.path.splitext(output or "")[1].lower(), "text")


def _rendered(made: Map, chosen: str, arguments: argparse.Namespace) -> Iterator[str]:
    sender = _sender(made, arguments.who or "everybody")
    if chosen == "text":
        from kube_audit_lint.report.maptext import render as text

        color = "never" if arguments.output and arguments.color == "auto" else arguments.color
        style = style_of(color)
        return text(made, sender, style.width, style.color)
    if chosen == "markdown":
        from kube_audit_lint.report.mapmarkdown import render as markdown

        return markdown(made, sender)
    if chosen == "html":
        from kube_audit_lint.report.maphtml import render as html

        return html(made, sender)
    from kube_audit_lint.report.mapjson import render as json

    return json(made)


def _sender(made: Map, wanted: str) -> int:
    ids = [one.id for one in made.senders]
    if wanted not in ids:
        raise UsageError(f"--who takes one of these for {made.policy.name}: {', '.join(ids)}")
    return ids.index(wanted)


def _findings(path: str, versions: Versions | None, stdin: bytes) -> list[Finding]:
    """What `check` finds in the file, by the configuration that it has there."""
    from kube_audit_lint.catalogue.shipped import catalogue_with
    from kube_audit_lint.pipeline.config import load_config
    from kube_audit_lint.pipeline.options import Options
    from kube_audit_lint.pipeline.run import run as check

    config = load_config()
    catalogue = catalogue_with(config.rule_folders)
    config.check_against(catalogue)
    options = Options((), versions, stdin=(STDIN, stdin)) if path == "-" else Options((path,), versions)
    return list(check(options, config, catalogue).report.findings)


def _write(pieces: Iterator[str], path: str) -> None:
    from kube_audit_lint.report.outfile import whole_file

    try:
        with whole_file(path) as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise UsageError(f"--output {path}: {error.strerror}") from error
