"""Verdicts of `report` are those of kube-bench for the same version, on what both can decide: a server's flags.

CHECKS is kube-bench's configuration written down as data (aquasecurity/kube-bench cfg/*/master.yaml and
controlplane.yaml, rancher/security-scan package/cfg for the newer ones of RKE2, K3s and RKE); `state` is what its
check/test.go and check/check.go make of a check and of the output of `ps`. Not compared is where kube-bench does not
see what kube-apiserver does: of a repeated flag it takes the first value and not the last, `--audit-log-path=` passes
it as set, and the value of `--audit-log-maxage 30`, in two words, it does not see.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kube_audit_lint.cli import main


class Check(NamedTuple):
    """A check of kube-bench: the flag that has to be there, its least value, and whether it is scored."""

    id: str
    flag: str
    least: int | None
    scored: bool


def checks(path: int, scored: bool = True, policy: bool = False) -> list[Check]:
    """The checks where --audit-log-path is 1.2.`path`. scored: the flags of the log; policy: 3.2.1."""
    flags = [("--audit-log-path", None), ("--audit-log-maxage", 30), ("--audit-log-maxbackup", 10)]
    flags.append(("--audit-log-maxsize", 100))
    log = [Check(f"1.2.{path + index}", flag, least, scored) for index, (flag, least) in enumerate(flags)]
    return [*log, Check("3.2.1", "--audit-policy-file", None, policy)]


CHECKS = {
    "cis@1.5": checks(22, policy=True),
    "cis@1.6": checks(22),
    "cis@1.20": checks(21),
    "cis@1.23": checks(19),
    "cis@1.24": checks(18),
    "cis@1.7": checks(18),
    "cis@1.8": checks(17),
    "cis@1.9": checks(16),
    "cis@1.10": checks(16),
    "cis@1.11": checks(16),
    "cis@1.12": checks(16),
    "rke2-cis@1.23": checks(19, policy=True),
    "rke2-cis@1.24": checks(19, policy=True),
    "rke2-cis@1.7": checks(18, policy=True),
    "rke2-cis@1.8": checks(17, policy=True),
    "rke2-cis@1.9": checks(16, policy=True),
    "rke2-cis@1.12": checks(16, policy=True),
    "k3s-cis@1.6": checks(22, policy=True),
    "k3s-cis@1.23": checks(19),
    "k3s-cis@1.24": checks(19, scored=False),
    "k3s-cis@1.7": checks(18, scored=False),
    "k3s-cis@1.8": checks(17, scored=False),
    "k3s-cis@1.9": checks(16, scored=False),
    "k3s-cis@1.12": checks(16, scored=False),
    "rke-cis@1.23": checks(19, policy=True),
    "rke-cis@1.24": checks(19, policy=True),
    "rke-cis@1.7": checks(18, policy=True),
    "rke-cis@1.8": checks(17, policy=True),
    "ack-cis@1.0": checks(20),
}

SERVERS = (
    (),
    ("--audit-log-path=/var/log/audit.log",),
    ("--audit-log-path=-",),
    ("--audit-policy-file=/etc/kubernetes/audit-policy.yaml",),
    ("--audit-webhook-config-file=/etc/kubernetes/webhook.yaml",),
    ("--audit-log-maxage=30", "--audit-log-maxbackup=10", "--audit-log-maxsize=100"),
    ("--audit-log-path=/a", "--audit-log-maxage=30", "--audit-log-maxbackup=10", "--audit-log-maxsize=100"),
    ("--audit-log-path=/a", "--audit-log-maxage=29", "--audit-log-maxbackup=9", "--audit-log-maxsize=99"),
    ("--audit-log-path=/a", "--audit-log-maxage=31", "--audit-log-maxbackup=11", "--audit-log-maxsize=101"),
    ("--audit-log-path=/a", "--audit-log-maxage=0", "--audit-log-maxbackup=0", "--audit-log-maxsize=0"),
    ("--audit-log-path=/a", "--audit-log-maxage=-1", "--audit-log-maxbackup=-1", "--audit-log-maxsize=-1"),
    ("--audit-log-path=/a", "--audit-log-maxage=thirty", "--audit-log-maxbackup=10x", "--audit-log-maxsize=1e3"),
    ("--audit-log-path=/a", "--audit-log-maxage=1825", "--audit-log-maxsize=1000", "--audit-policy-file=/p.yaml"),
)
"""The flags of one server each: present, absent, with values on both sides of the bound."""


def state(check: Check, ps: str) -> str:
    """PASS, FAIL or WARN, as kube-bench says."""
    value = re.search(f"({check.flag})(=|: *)*([^\\s]*) *", ps)
    passes = value is not None
    if value is not None and check.least is not None:
        passes = re.fullmatch(r"[+-]?\d+", value[3]) is not None and int(value[3]) >= check.least
    return "PASS" if passes else "FAIL" if check.scored else "WARN"


def said(control: dict[str, Any], result: dict[str, Any]) -> str:
    """The same of ours: kube-bench warns where a control that is not scored fails."""
    if result["status"] == "passed":
        return "PASS"
    return "FAIL" if control["scored"] else "WARN"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest for each of SERVERS."""
    folder = tmp_path_factory.mktemp("servers")
    for index, flags in enumerate(SERVERS):
        listed = "".join(f"\n    - {json.dumps(flag)}" for flag in flags)
        (folder / f"{index:02}.yaml").write_text(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\nspec:\n  containers:\n"
            "  - name: kube-apiserver\n"
            f"    image: registry.k8s.io/kube-apiserver:v1.30.0\n    command:\n    - kube-apiserver{listed}\n"
        )
    return folder


@pytest.mark.parametrize("standard", CHECKS)
def test_verdicts_are_those_of_kube_bench(
    standard: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert main(["report", "--standard", standard, "--format", "json", "--no-config"]) == 0
    data = json.loads(capsys.readouterr().out)
    places = [one["place"]["path"] for one in data["subjects"]]
    assert places == [f"{index:02}.yaml" for index in range(len(SERVERS))]
    controls = {one["id"]: one for one in data["controls"]}
    wanted, found = {}, {}
    for check in CHECKS[standard]:
        control = controls[check.id]
        assert control["scored"] == check.scored
        for result in control["results"]:
            assert result["status"] in ("passed", "failed")
            key = (check.id, SERVERS[result["subject"]])
            found[key] = said(control, result)
            wanted[key] = state(check, " ".join(("kube-apiserver", *SERVERS[result["subject"]])))
    assert found == wanted
    assert len(found) == len(SERVERS) * len(CHECKS[standard])
    assert set(found.values()) >= {"PASS", "FAIL" if CHECKS[standard][0].scored else "WARN"}
