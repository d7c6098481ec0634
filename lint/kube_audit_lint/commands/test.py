"""`kube-audit-lint test`: holds policies to files of tests."""

from __future__ import annotations

import argparse

from kube_audit_lint.commands import FINDINGS, OK
from kube_audit_lint.pipeline.policytest import Failure, run_file
from kube_audit_lint.report.safe import json_text, lines, visible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files of tests: what a policy must do")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Runs the tests; returns the exit code: 1 when any fails."""
    tests = 0
    failures: list[Failure] = []
    for path in dict.fromkeys(arguments.files):
        outcome = run_file(path)
        tests += outcome.tests
        failures += outcome.failures
    if arguments.format == "json":
        print(json_text({"tests": tests, "failures": [one._asdict() for one in failures]}))
    else:
        for one in failures:
            print(lines(_lines(one)))
        failed = len({(one.path, one.line) for one in failures})
        print(f"{tests - failed} passed, {failed} failed")
    return FINDINGS if failures else OK


def _lines(failure: Failure) -> str:
    parts = (("request", failure.request), ("expected", failure.expected), ("got", failure.got))
    head = visible(f"{failure.path}:{failure.line}: {failure.name}")
    return "\n".join([head, *(f"  {label:9}{visible(text)}" for label, text in parts)])
