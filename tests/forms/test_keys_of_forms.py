"""Settings beside the audit ones: none of them is reported, and a misspelt one is, with its name."""

from __future__ import annotations

from textwrap import indent
from typing import NamedTuple

import pytest
from form_samples import found_in

from kube_audit_lint.checks._files import of_file


class Section(NamedTuple):
    """A file of a form with a section; `before`: all up to its keys."""

    before: str
    width: int
    keys: str
    after: str = ""

    def text(self, *keys: str) -> str:
        lines = "".join(f"{key}: {VALUES.get(key, '{}')}\n" for key in keys)
        return self.before + indent(lines, " " * self.width) + self.after


AUDIT = "{audit-log-path: /a, audit-log-maxage: '7'}"
VALUES = {"extraArgs": AUDIT, "extraMounts": "[]", "name": "a", "enabled": "true", "profile": "Default"}
K0S = "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nspec:\n"
KIND = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"
PATCH = (
    "kubeadmConfigPatches:\n- |\n  kind: ClusterConfiguration\n  apiServer:\n"
    "    extraArgs: {audit-log-path: /a, audit-log-maxage: '7'}\n"
)
KUBEADM = (
    "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\napiServer:\n"
    "  extraArgs: {audit-log-path: /a, audit-log-maxage: '7'}\n"
)
SECTIONS = {
    # k0sproject/k0s pkg/apis/k0s/v1beta1/{clusterconfig_types,api}.go
    "k0s api": Section(
        K0S + "  api:\n",
        4,
        "extraArgs address onlyBindToAddress externalAddress rawArgs k0sApiPort port sans ca tunneledNetworkingMode",
    ),
    "k0s spec": Section(
        K0S + f"  api: {{extraArgs: {AUDIT}}}\n",
        2,
        "storage network controllerManager scheduler workerProfiles installConfig telemetry images extensions "
        "konnectivity featureGates",
    ),
    # kubernetes-sigs/kind pkg/apis/config/v1alpha4/types.go
    "kind cluster": Section(
        KIND + PATCH,
        0,
        "name networking featureGates runtimeConfig kubeadmConfigPatchesJSON6902 containerdConfigPatches "
        "containerdConfigPatchesJSON6902",
    ),
    "kind node": Section(
        KIND + PATCH + "nodes:\n- role: control-plane\n",
        2,
        "image labels extraMounts extraPortMappings kubeadmConfigPatches kubeadmConfigPatchesJSON6902",
    ),
    "kind mount": Section(
        KIND + PATCH + "nodes:\n- role: control-plane\n  extraMounts:\n  -\n",
        4,
        "containerPath hostPath readOnly selinuxRelabel propagation",
    ),
    # siderolabs/talos pkg/machinery/config/types/v1alpha1/v1alpha1_types.go
    "talos": Section(
        "version: v1alpha1\nmachine: {type: controlplane}\ncluster:\n  apiServer:\n",
        4,
        "extraArgs image extraVolumes env certSANs disablePodSecurityPolicy admissionControl auditPolicy resources",
    ),
    # kubernetes cmd/kubeadm/app/apis/kubeadm/v1beta3/types.go
    "kubeadm": Section(KUBEADM, 2, "certSANs extraVolumes timeoutForControlPlane"),
    "kubeadm volume": Section(KUBEADM + "  extraVolumes:\n  -\n", 4, "name hostPath mountPath readOnly pathType"),
    # openshift/microshift pkg/config/apiserver.go
    "microshift": Section("apiServer:\n  auditLog:\n", 4, "maxFileAge maxFiles maxFileSize profile"),
    # openshift/api config/v1/types_apiserver.go
    "openshift": Section(
        "apiVersion: config.openshift.io/v1\nkind: APIServer\nspec:\n  audit: {profile: None}\n",
        2,
        "servingCerts clientCA additionalCORSAllowedOrigins encryption tlsSecurityProfile",
    ),
}


def unknown(text: str) -> list[tuple[str, str]]:
    return [(hit.place.text, hit.help) for rule, hit in of_file(found_in(text)) if rule == "unknown-setting"]


@pytest.mark.parametrize("name", SECTIONS)
def test_settings_of_other_things_are_passed_over(name: str) -> None:
    section = SECTIONS[name]
    text = section.text(*section.keys.split())
    assert found_in(text)
    assert unknown(text) == []


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, one in SECTIONS.items() for key in one.keys.split()])
def test_a_misspelt_setting_is_reported_with_its_name(name: str, key: str) -> None:
    section = SECTIONS[name]
    wrong = key + key[-1]
    others = [other for other in section.keys.split() if other != key]
    text = section.text(wrong, *others)
    assert unknown(text) == [(wrong, f"Write `{key}`.")]
