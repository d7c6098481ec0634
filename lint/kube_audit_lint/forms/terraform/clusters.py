"""Blocks of providers that have settings of an API server of their own, handed to the forms that know them.

Sources: rancher/terraform-provider-rke docs/resources/cluster.md (services.kube_api);
rancher/terraform-provider-rancher2 docs/resources/cluster.md (rke_config). Both take the policy as a string.
"""

from __future__ import annotations

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.terraform.values import Block
from kube_audit_lint.model.found import Found
from kube_audit_lint.syntax.hcl import Block as Written


def in_cluster(block: Written, body: Block, context: Context) -> Found:
    """The API server of a cluster's resource; nothing for other blocks."""
    if block.type != "resource" or not block.labels:
        return Found()
    if block.labels[0] in ("rke_cluster", "rancher2_cluster", "rancher2_cluster_template"):
        from kube_audit_lint.forms.terraform.rke import rke

        return rke(body, context, block.labels[0] != "rke_cluster")
    return Found()
