"""`kube-audit-lint report`: evidence for auditors, each control of a standard with what the files say of it."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime, timezone
from importlib import import_module
from typing import Any, TextIO

from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.catalogue.standards import chosen
from kube_audit_lint.commands import FAILED, FINDINGS, OK, file_name, filled, input_of
from kube_audit_lint.commands._outputs import prepare_file, refuse_input, style_of
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.assessment import STATUSES, Assessment
from kube_audit_lint.pipeline.assessing import assess
from kube_audit_lint.pipeline.config import Config, load_config
from kube_audit_lint.pipeline.options import STDIN, Options, versions_of
from kube_audit_lint.report.outfile import whole_file
from kube_audit_lint.report.safe import line, without_surrogates
from kube_audit_lint.report.words import trouble

FORMATS = {
    "text": "evidencetext",
    "markdown": "evidencemarkdown",
    "html": "evidencehtml",
    "json": "evidencejson",
    "csv": "evidencecsv",
}
"""Each with its module in `report/`, which has a function `render(assessment)`."""

_ENDINGS = {".txt": "text", ".md": "markdown", ".html": "html", ".htm": "html", ".json": "json", ".csv": "csv"}
_EPOCH = "SOURCE_DATE_EPOCH"
"""The environment variable with the time of the report, for one that is the same each time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="files, folders, or - for standard input (default: .)")
    add(
        "--standard",
        type=filled,
        required=True,
        metavar="NAME[@V]",
        help="cis, or rke2-, k3s-, rke-, eks-, aks- or ack-cis; stig, pci, nsa, bsi or nist; of cis@1.9 that version",
    )
    add("--kubernetes-version", metavar="V", help="the cluster's version (1.30) or a range of them (1.29-1.34)")
    add(
        "--format", choices=FORMATS, help="default: what the ending of --output says; text on a terminal, else markdown"
    )
    add("--output", type=file_name, metavar="FILE", help="write the report to a file")
    add("--fail-on", choices=("failed", "manual", "never"), default="never", help="what makes the exit status 1")
    add("--config", type=filled, metavar="FILE", help="what files there are and which belong together; not the rules")
    add("--no-config", action="store_true", help="read no configuration")


def run(arguments: argparse.Namespace) -> int:
    """Reports; returns the exit code."""
    standard, version = chosen(arguments.standard)
    if arguments.output:
        prepare_file(arguments.output)
    config = Config() if arguments.no_config else load_config(arguments.config)
    catalogue = catalogue_with(config.rule_folders)
    given = list(dict.fromkeys(arguments.paths))
    paths = tuple(path for path in given if path != "-")
    stdin = (STDIN, input_of("-")) if "-" in given else None
    options = Options(paths if given else (".",), versions_of(arguments.kubernetes_version), stdin=stdin)
    refuse_input("--output", arguments.output, (*paths, config.path))
    assessment = assess(standard, version, options, config, catalogue, _date())
    refuse_input("--output", arguments.output, assessment.files)
    _write(assessment, arguments)
    for failed in assessment.errors:
        print(line(trouble(failed)), file=sys.stderr)
    if assessment.errors:
        return FAILED
    return FINDINGS if _fails(assessment, arguments.fail_on) else OK


def _fails(assessment: Assessment, fail_on: str) -> bool:
    if fail_on == "never":
        return False
    least = STATUSES.index("failed" if fail_on == "failed" else "manual")
    return any(STATUSES.index(one.status) >= least for one in assessment.controls)


def _write(assessment: Assessment, arguments: argparse.Namespace) -> None:
    ending = os.path.splitext(arguments.output or "")[1].lower()
    usual = "text" if not arguments.output and sys.stdout.isatty() else "markdown"
    chosen = arguments.format or _ENDINGS.get(ending, usual)
    if not arguments.output:
        _render(chosen, assessment, sys.stdout, style_of("never").width)
        return
    try:
        with whole_file(arguments.output) as file:
            _render(chosen, assessment, file)
    except OSError as error:
        raise UsageError(f"--output {arguments.output}: {error.strerror}") from error


def _render(chosen: str, assessment: Assessment, stream: TextIO, width: int = 0) -> None:
    report: Any = import_module(f"kube_audit_lint.report.{FORMATS[chosen]}")
    for piece in report.render(assessment, width) if chosen == "text" else report.render(assessment):
        stream.write(without_surrogates(piece))


def _date() -> str:
    """The time of the report in UTC. Raises UsageError."""
    text = os.environ.get(_EPOCH)
    try:
        now = datetime.now(timezone.utc) if not text else datetime.fromtimestamp(int(text), timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{_EPOCH} is not a number of seconds since 1970: {text!r}") from error
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
