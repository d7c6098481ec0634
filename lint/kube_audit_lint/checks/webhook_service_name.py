"""An audit webhook that is the name of a Service, which the host of kube-apiserver does not resolve.

Sources: kubernetes.io/docs/concepts/services-networking/dns-pod-service (with hostNetwork, ClusterFirst falls back to
Default); getPodDNSType in pkg/kubelet/network/dns of k8s.io/kubernetes; the webhook's client resolves the name itself,
or leaves it to the proxy of an egress selector (pkg/server/options/audit.go of k8s.io/apiserver).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import WEBHOOK_CONFIG
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}
_SERVICE = r"[a-z0-9-]+\.[a-z0-9-]+\.svc(?:\.|\Z)|.*\.cluster\.local\.?\Z"


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for a name of a Service where names are resolved as the host does."""
    server, config = subject.server, subject.webhook
    if config is None:
        return
    from kube_audit_lint.kubernetes.kubeconfig import host_of, server_of  # most servers have no webhook

    at = server_of(config.root)
    if at is None or server.partial or not server.host_names or "egress-selector-config-file" in _names(subject):
        return
    host, flag = host_of(at.text), server.flag(WEBHOOK_CONFIG)
    if re.match(_SERVICE, host):
        message = (
            f"{host} is the name of a Service. kube-apiserver runs in the network of its host and asks the host's "
        )
        message += "resolver, which mostly does not know the cluster's names: the server starts, and every event is "
        message += f"lost (dial tcp: lookup {host}: no such host)."
        yield Hit(at.place, message, (Related(flag.place, "it is loaded here"),) if flag else ())


def _names(subject: ServerSubject) -> set[str]:
    return {flag.name for flag in subject.server.flags}
