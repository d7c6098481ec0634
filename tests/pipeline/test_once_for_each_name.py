"""What is looked for in all files of a repository is looked for once for each name, or kind of user."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks import never_matches
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.repository import Repository
from kube_audit_lint.pipeline.run import run


def test_files_that_bring_a_policy_are_looked_for_once_for_each_name() -> None:
    looked: list[str] = []

    def content(path: str) -> bytes:
        looked.append(path)
        return b"resources: [policy.yaml]"

    paths = [f"/r/c{number}/kustomization.yaml" for number in range(5)]
    repository = Repository({}, lambda: paths, content=content, marked=lambda paths: {})
    repository.read_bringing("policy.yaml")
    assert len(looked) >= 5
    before = len(looked)
    repository.read_bringing("policy.yaml")
    assert len(looked) == before
    repository.read_bringing("audit.yaml")
    assert len(looked) > before


def test_users_who_can_be_in_the_same_groups_are_decided_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    users = ", ".join(f"user-{number}" for number in range(300))
    (tmp_path / "audit-policy.yaml").write_text(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
        f'- level: Metadata\n  users: [{users}, "system:node:a"]\n  userGroups: ["system:serviceaccounts:shop"]\n'
        "- level: Metadata\n"
    )
    asked: list[str] = []
    real = never_matches._may_be_in
    monkeypatch.setattr(never_matches, "_may_be_in", lambda user, *rest: asked.append(user) or real(user, *rest))
    report = run(Options((".",)), load_config(), shipped()).report
    assert len(asked) == 2
    assert [one.rule for one in report.findings if one.rule == "never-matches"] == ["never-matches"]
