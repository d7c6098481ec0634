"""extraArgs of kubeadm written as flags below each other, which YAML reads as one string."""

from __future__ import annotations

import pytest
from form_samples import flags, misshapes, server_in

HEAD = "kind: ClusterConfiguration\napiServer:\n  extraArgs:"
WORDS = "\n    --audit-log-path=/a.log\n    --audit-log-maxage=30\n"


@pytest.mark.parametrize("version", ["v1beta3", "v1beta4"])
def test_the_shape_is_wrong_and_the_flags_are_as_they_were_meant(version: str) -> None:
    text = f"apiVersion: kubeadm.k8s.io/{version}\n{HEAD}{WORDS}"
    assert flags(server_in(text)) == {"audit-log-path": "/a.log", "audit-log-maxage": "30"}
    assert [rule for rule, _ in misshapes(text)] == ["wrong-shape"]


@pytest.mark.parametrize("arguments", [" {}\n", " null\n", ' {audit-log-maxage: "30"}\n'])
def test_other_shapes_are_right(arguments: str) -> None:
    assert not misshapes(f"apiVersion: kubeadm.k8s.io/v1beta3\n{HEAD}{arguments}")
