"""What is reported of the kubeconfig of an audit webhook by itself; for a server there are rules of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import is_placeholder
from kube_audit_lint.kubernetes.kubeconfig import dropped, is_open, nobody, query_of, server_of, unsent
from kube_audit_lint.kubernetes.kubeconfig_refused import refusals
from kube_audit_lint.model.kubeconfig import Kubeconfig

ConfigRule = Literal["webhook-config-invalid", "unknown-setting", "webhook-unencrypted"]


def of_kubeconfig(config: Kubeconfig) -> Iterator[tuple[ConfigRule, Hit]]:
    """Each hit with the id of its rule; none for a kubeconfig that nothing shows to be a webhook's."""
    if not config.named and not config.loaded:
        return
    for one in refusals(config.root):
        if not is_placeholder(one.place.text):
            error = f"kube-apiserver does not start with this webhook configuration: {one.error.rstrip('.;')}."
            message = f"{one.message} {error if one.error else ''}"
            yield "webhook-config-invalid", Hit(one.place, message.strip(), help=one.help)
    lost = nobody(config.root)
    if lost is not None:
        yield "webhook-config-invalid", Hit(lost.place, lost.message, severity="warning", help=lost.help)
    for one in dropped(config.root):
        message = f"{one.message}: it is dropped, and what it says counts for nothing."
        yield "unknown-setting", Hit(one.place, message, help=one.help)
    query = query_of(config.root)
    if query is not None:
        message = f"kube-apiserver sends the events without `{query.text}`: the query of this address is dropped."
        yield "unknown-setting", Hit(query.place, message, help="Write what it holds into the path, or send a `token`.")
    yield from _unencrypted(config)


def _unencrypted(config: Kubeconfig) -> Iterator[tuple[ConfigRule, Hit]]:
    how, server = is_open(config.root), server_of(config.root)
    if not config.loaded or not how or server is None:
        return
    message = f"The audit events are sent {how}. They tell who does what, and may hold the bodies of requests."
    lost = unsent(config.root)
    if lost:
        listed = ", ".join(f"`{one}`" for one in lost)
        message += f" Over plain HTTP, {listed} count{'s' * (len(lost) == 1)} for nothing."
    if "://" in server.text:
        yield "webhook-unencrypted", Hit(server.place, message)
        return
    message += " An address without `https://` is one of plain HTTP."
    help = f"Write `https://{server.text}`."
    yield "webhook-unencrypted", Hit(server.place, message, severity="warning" if lost else "", help=help)
