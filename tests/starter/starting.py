"""What the tests of `init` share."""

from __future__ import annotations

from pathlib import Path

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import Outcome, run
from kube_audit_lint.starter.data_files import detections, form_names
from kube_audit_lint.starter.forms import starter
from kube_audit_lint.starter.wanted import Wanted
from kube_audit_lint.starter.writing import write

FORMS = form_names()
PROFILES = ("default", "cis", "stig", "ack")
DETECTIONS = tuple(detections())


def written(wanted: Wanted, folder: Path) -> list[str]:
    """Writes what is wanted into a folder; returns the paths."""
    return write(str(folder), starter(wanted).files, force=False)


def checked(folder: Path, wanted: Wanted) -> Outcome:
    """A run of `check --pedantic` by the version and profile that it was written for."""
    versions = Versions(wanted.minor, wanted.minor)
    return run(Options((str(folder),), versions, wanted.profile, pedantic=True), Config(), shipped())
