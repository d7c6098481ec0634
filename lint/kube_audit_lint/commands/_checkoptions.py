"""The options of `kube-audit-lint check`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from kube_audit_lint import report as reports
from kube_audit_lint.catalogue.rule import CATEGORIES
from kube_audit_lint.commands import add_color, file_name, filled
from kube_audit_lint.model.finding import SEVERITIES

FAIL_ON = (*reversed(SEVERITIES), "never")
_CATEGORIES = ", ".join((*CATEGORIES, "own"))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    _add_checked(add)
    _add_reported(add)
    _add_fixing(add)
    _add_surroundings(add)


def _add_checked(add: Callable[..., object]) -> None:
    """What is checked, and by which rules."""
    add("paths", nargs="*", metavar="PATH", help="files, folders, or - for standard input (default: .)")
    add("--kubernetes-version", metavar="V", help="the cluster's version (1.30) or a range of them (1.29-1.34)")
    add("--profile", type=filled, help="default, cis, stig, ack, detections, or one of your own (`rules --profiles`)")
    add(
        "--select",
        type=filled,
        action="append",
        default=[],
        metavar="IDS",
        help=f"only these rules or categories: {_CATEGORIES}",
    )
    add("--ignore", type=filled, action="append", default=[], metavar="IDS", help="all but these rules or categories")
    add("--pedantic", action="store_true", help="also what costs only volume or tidiness")


def _add_reported(add: Callable[..., object]) -> None:
    """What is reported where, and what fails the run."""
    add("--format", choices=reports.FORMATS, default="text", metavar="FORMAT", help="%(choices)s (default: text)")
    add(
        "--output",
        type=filled,
        action="append",
        default=[],
        metavar="[FORMAT=]FILE",
        help="write the report to a file, or with - to standard output, which else gets the text; several may be given",
    )
    add("--quiet", "-q", action="store_true", help="findings and errors only: no notes, no summary")
    add("--statistics", action="store_true", help="in text, how many findings each rule has in place of the findings")
    add("--show-all", action="store_true", help="in text, each finding and note, however many files have the same")
    add("--fail-on", choices=FAIL_ON, help="the least severity that fails the run (default: warning)")


def _add_fixing(add: Callable[..., object]) -> None:
    """What is changed in the files."""
    add("--fix", action="store_true", help="change the files: what is proven to change only what a finding is about")
    add(
        "--unsafe-fixes",
        action="store_true",
        help="also fixes that change more; that is shown. Without --diff as --fix",
    )
    add("--diff", action="store_true", help="show what --fix would change, and change nothing")
    add(
        "--pre-commit", action="store_true", help="the first PATHs may be options of fixing: so pre-commit gives `args`"
    )


def _add_surroundings(add: Callable[..., object]) -> None:
    """What else is read and left out, and the screen."""
    add(
        "--config",
        type=file_name,
        metavar="FILE",
        help="default: .kube-audit-lint.yaml here or above, up to the repository's root",
    )
    add(
        "--api-resources",
        type=file_name,
        metavar="FILE",
        help="what the cluster serves: output of `kubectl api-resources -o wide`, or of discovery as JSON",
    )
    add("--baseline", type=file_name, metavar="FILE", help="report only what this file does not know")
    add(
        "--write-baseline", type=file_name, metavar="FILE", help="write all that is found to FILE, as known from now on"
    )
    add("--no-config", action="store_true", help="read no configuration")
    add("--no-ignores", action="store_true", help="report also what comments suppress")
    add("--embedded", action="store_true", help="also look into heredocs and fenced blocks")
    add("--stdin-filename", type=filled, metavar="NAME", help="the name of what comes on standard input")
    add_color(add)
