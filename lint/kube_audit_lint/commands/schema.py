"""`kube-audit-lint schema`: JSON Schemas for editors, SchemaStore and other programs."""

from __future__ import annotations

import argparse
import json
import sys

from kube_audit_lint.catalogue.published import NAMES, published
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.commands import OK
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.version import DEFAULT, newer
from kube_audit_lint.pipeline.options import versions_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives the command its options."""
    parser.add_argument("name", choices=NAMES, help="what the schema is of")
    parser.add_argument(
        "--kubernetes-version",
        metavar="V",
        help="of a policy: what this version (1.30), or each of a range (1.29-1.34), loads without dropping anything",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the schema; returns the exit code."""
    versions = versions_of(arguments.kubernetes_version)
    if versions is not None and arguments.name != "policy":
        raise UsageError(f"--kubernetes-version goes with `schema policy`: a {arguments.name} is the same in all")
    if versions is not None and newer(versions):
        print(newer(versions), file=sys.stderr)
    known = (versions or DEFAULT).known or DEFAULT
    print(json.dumps(published(arguments.name, known, shipped()), indent=2, ensure_ascii=False))
    return OK
