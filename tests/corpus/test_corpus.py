"""Policies and settings that people published: nothing that they wrote makes the linter fail or give up.

The files stay outside of the repository; without them there is nothing to test.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sampling import one_in

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.report import Report

CORPUS = Path(os.environ.get("KUBE_AUDIT_LINT_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
FOLDERS = sorted(path.name for path in CORPUS.iterdir() if path.is_dir()) if CORPUS.is_dir() else []
POLICIES = sorted((CORPUS / "policy").iterdir()) if FOLDERS else []

pytestmark = pytest.mark.skipif(not FOLDERS, reason="the published files are not here")


def report_on(*paths: Path, pedantic: bool = True) -> Report:
    options = Options(tuple(map(str, paths)), pedantic=pedantic, embedded=True)
    report = run(options, load_config(), shipped()).report
    assert report.files.read > 0
    return report


@pytest.mark.parametrize("folder", one_in(4, FOLDERS or ["not here"]))
def test_nothing_fails_or_is_given_up(folder: str) -> None:
    found = [one for one in report_on(CORPUS / folder).findings if one.rule in ("internal-error", "undecided")]
    assert [(one.place.source.path, one.message) for one in found] == []


@pytest.mark.parametrize("path", one_in(5, POLICIES or [CORPUS]), ids=lambda path: path.name)
def test_nothing_is_said_twice(path: Path) -> None:
    said = [(one.rule, one.place.start, one.message) for one in report_on(path).findings]
    assert len(said) == len(set(said))


@pytest.mark.slow
def test_a_finding_is_proved_where_it_can_be() -> None:
    """What says that requests are hidden, leaked or taken shows one."""
    ids = {rule.id for rule in shipped().rules.values() if rule.category in ("first-match", "recorded")}
    found = [one for one in report_on(CORPUS / "policy").findings if one.rule in ids]
    assert found
    unproved = {one.rule for one in found if not one.proof}
    assert unproved <= {"nothing-recorded"}
