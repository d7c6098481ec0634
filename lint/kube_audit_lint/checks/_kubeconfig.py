"""What is reported of the kubeconfig of an audit webhook by itself; for a server there are rules of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kube_audit_lint.checks import Hit
from kube_audit_lint.kubernetes.kubeconfig import dropped, is_open, refusals, server_of
from kube_audit_lint.model.kubeconfig import Kubeconfig

ConfigRule = Literal["webhook-config-invalid", "unknown-setting", "webhook-unencrypted"]


def of_kubeconfig(config: Kubeconfig) -> Iterator[tuple[ConfigRule, Hit]]:
    """Each hit with the id of its rule; none for a kubeconfig that nothing shows to be a webhook's."""
    if not config.named and not config.loaded:
        return
    for one in refusals(config.root):
        message = f"{one.message} kube-apiserver does not start with this webhook configuration: {one.error}."
        yield "webhook-config-invalid", Hit(one.place, message.strip(), help=one.help)
    for one in dropped(config.root):
        message = f"{one.message}: it is dropped, and what it says counts for nothing."
        yield "unknown-setting", Hit(one.place, message, help=one.help)
    how, server = is_open(config.root), server_of(config.root)
    if config.loaded and how and server is not None:
        message = f"The audit events are sent {how}. They tell who does what, and may hold the bodies of requests."
        yield "webhook-unencrypted", Hit(server.place, message)
