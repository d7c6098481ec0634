"""What `init` writes: no finding by its own version and profile, a server whose policy is found, in every form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sampling import diagonal
from starting import DETECTIONS, FORMS, PROFILES, checked, written

from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.version import DEFAULT_FIRST, NEWEST
from kube_audit_lint.starter.wanted import Wanted

MINORS = range(DEFAULT_FIRST, NEWEST + 1)
WITHOUT_A_POLICY = {"openshift"}
WITHOUT_A_WEBHOOK = {"openshift", "eks-a"}
EXTRAS = {
    "webhook": {"webhook": "https://audit.example.com/events"},
    "noise": {"noise": ("kube-system", "monitoring")},
    "detections": {"detections": DETECTIONS},
}


def held(wanted: Wanted, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No finding, no error, no note; one API server, and one policy, which it loads."""
    written(wanted, folder)
    monkeypatch.chdir(folder)
    outcome = checked(folder, wanted)
    assert [(one.rule, one.message) for one in outcome.report.findings] == [], wanted
    assert outcome.report.errors == ()
    assert outcome.notes == (), wanted  # a policy that is in no file of the run would be noted
    assert outcome.report.files.servers == 1
    assert outcome.report.files.policies == (wanted.form not in WITHOUT_A_POLICY)


def test_the_forms_are_those_that_users_have() -> None:
    known = (
        "capi configmap eks-a k0s k3s kind kops kubeadm kubespray microk8s openshift rke1 rke2 static-pod systemd talos"
    )
    assert tuple(known.split()) == FORMS


@pytest.mark.parametrize(("form", "minor"), diagonal(FORMS, [DEFAULT_FIRST, 31, NEWEST]))
def test_no_findings(form: str, minor: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for profile in ("default", "cis") if minor == 31 else ("stig", "ack"):
        held(Wanted(minor, f"1.{minor}.0", form, profile), tmp_path / profile, monkeypatch)


@pytest.mark.parametrize(("form", "extra"), diagonal(FORMS, EXTRAS))
def test_no_findings_with_more(form: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(31, "1.31.2", form)._replace(**EXTRAS[extra])
    if form in {"webhook": WITHOUT_A_WEBHOOK, "noise": WITHOUT_A_POLICY}.get(extra, set()):
        with pytest.raises(UsageError, match=f"--{extra}: "):
            written(wanted, tmp_path)
        return
    held(wanted, tmp_path / "out", monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("minor", MINORS)
def test_no_findings_in_the_whole_matrix(
    form: str, minor: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for profile in PROFILES:
        held(Wanted(minor, f"1.{minor}.0", form, profile), tmp_path / profile, monkeypatch)
        more = {"webhook": "https://audit.example.com/events"} if form not in WITHOUT_A_WEBHOOK else {}
        if form not in WITHOUT_A_POLICY and profile != "stig":
            more |= {"noise": ("kube-system",)}
        wanted = Wanted(minor, f"1.{minor}.0", form, profile, detections=DETECTIONS)._replace(**more)
        held(wanted, tmp_path / f"{profile}-more", monkeypatch)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_files_steps_and_a_proof(form: str) -> None:
    from kube_audit_lint.starter.forms import starter

    for profile in PROFILES:
        made = starter(Wanted(31, "1.31.2", form, profile, webhook="" if form in WITHOUT_A_WEBHOOK else "https://a/b"))
        everything = "\n".join((*made.files, *made.files.values(), *made.steps, made.proof))
        assert made.files
        assert made.steps
        assert made.proof
        assert not re.search(r"@[\w-]+@", everything)
        assert "1.31" in everything or form in ("rke2", "k3s", "openshift", "kubespray")
        for number, line in enumerate(everything.splitlines()):
            assert line == line.rstrip(), number
