"""`kube-audit-lint diff`: which requests two versions of a policy record differently, and which settings differ."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Any

from kube_audit_lint.commands import FINDINGS, OK
from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError, UsageError
from kube_audit_lint.model.comparison import Comparison
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.comparing import Side, compare, side, upgraded
from kube_audit_lint.pipeline.options import versions_of

FORMATS = {"text": "difftext", "json": "diffjson", "markdown": "diffmarkdown", "github": "diffgithub"}
"""Each with its module in `report/`, which has a function `render(comparison, fails)`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    add = parser.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="two files, old and new; with --base or --to one (or none: all changed)",
    )
    add("--base", metavar="REV", help="compare with this revision of the git repository; renames are followed")
    add("--staged", action="store_true", help="with --base: what is staged, and not what lies in the folders")
    add("--kubernetes-version", metavar="V", help="the cluster's version (1.30) or a range of them (1.29-1.34)")
    add("--to", metavar="V", help="what an upgrade from --kubernetes-version to this version changes for one policy")
    add("--format", choices=FORMATS, default="text", help="default: text")
    add(
        "--fail-on",
        choices=("less", "weakened", "any", "never"),
        default="less",
        help="what makes the exit status 1: less is recorded (default), or also weakened checks, or anything",
    )
    add("--message", metavar="FILE", help="a commit message in which a line `Audit-Less: reason` allows less")


def run(arguments: argparse.Namespace) -> int:
    """Compares; returns the exit code."""
    versions = versions_of(arguments.kubernetes_version)
    if arguments.to is not None:
        comparison = Comparison((_upgraded(arguments, versions),))
    elif arguments.base is not None:
        comparison = _since(arguments, versions)
    else:
        comparison = _of_files(arguments, versions)
    if arguments.message is not None:
        allows = comparison.fails("weakened" if arguments.fail_on == "weakened" else "less")
        comparison = comparison._replace(reason=_reason(arguments.message) if allows else "")
    fails = comparison.fails(arguments.fail_on)
    report: Any = import_module(f"kube_audit_lint.report.{FORMATS[arguments.format]}")
    for piece in report.render(comparison, fails):
        sys.stdout.write(piece)
    if fails and arguments.message is not None:
        print("A line `Audit-Less: reason` in the commit's message lets it pass.", file=sys.stderr)
    return FINDINGS if fails else OK


def _of_files(arguments: argparse.Namespace, versions: Versions | None) -> Comparison:
    if len(arguments.paths) != 2 or arguments.staged:
        raise UsageError("diff takes two files, or --base REV and at most one path; --staged goes with --base")
    old, new = (_read(path) for path in arguments.paths)
    pairs = tuple(compare(old, new, versions))
    kinds = [bool(one.found.policies) for one in (old, new)]
    if kinds[0] != kinds[1] and not (old.found.servers and new.found.servers):
        raise UsageError(
            f"{old.name} and {new.name} have nothing in common: one holds a policy, the other an API server"
        )
    _loads(old, versions)
    return Comparison(pairs)


def _loads(old: Side, versions: Versions | None) -> None:
    """Raises OwnFileError for an old policy that no server loads: there is nothing to compare with."""
    from kube_audit_lint.kubernetes.loading import load
    from kube_audit_lint.model.version import DEFAULT

    for document in old.found.policies:
        loaded = load(document, (versions or document.versions or DEFAULT).known or DEFAULT)
        if loaded.policy is None or loaded.loads_in is None:
            first = next((problem for problem in loaded.problems if problem.fatal), None)
            message = first.message if first else "a template decides what is in it"
            raise OwnFileError(old.name, f"kube-apiserver does not load this policy: {message}")


def _read(path: str) -> Side:
    try:
        return side(path, path, read_own(path, (path,)))
    except OSError as error:
        raise OwnFileError(path, error.strerror or str(error)) from error


def _upgraded(arguments: argparse.Namespace, first: Versions | None) -> Any:
    last = _target(arguments.to)
    if arguments.base is not None or len(arguments.paths) != 1:
        raise UsageError("--to takes one file, and no --base")
    if first is None or not first.single or not last.single or first.first >= last.first:
        raise UsageError("--to takes a version above that of --kubernetes-version: --kubernetes-version 1.30 --to 1.36")
    return upgraded(_read(arguments.paths[0]), first.known or first, last.known or last)


def _target(text: str) -> Versions:
    try:
        found = versions_of(text)
    except UsageError as error:
        raise UsageError(str(error).replace("--kubernetes-version", "--to")) from error
    assert found is not None
    return found


def _since(arguments: argparse.Namespace, versions: Versions | None) -> Comparison:
    from kube_audit_lint.pipeline.since import since

    if len(arguments.paths) > 1:
        raise UsageError("--base takes at most one path")
    path = arguments.paths[0] if arguments.paths else ""
    return since(path, arguments.base, arguments.staged, versions)


def _reason(path: str) -> str:
    """The text of a line `Audit-Less:` of a commit message; "" where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = file.read(1_000_000).splitlines()
    except OSError as error:
        raise UsageError(f"--message {os.fspath(path)}: {error.strerror or error}") from error
    for row in rows:
        if row.startswith("# ------------------------ >8"):  # what `git commit --verbose` puts below is no message
            break
        name, colon, reason = row.partition(":")
        if colon and name.strip().lower() == "audit-less" and reason.strip():
            return reason.strip()
    return ""
