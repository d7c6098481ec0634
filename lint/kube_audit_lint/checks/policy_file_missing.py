"""The policy that the server loads is not there, or is brought elsewhere; and so for its webhook's configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._commands import folder_in_command, named_in_command
from kube_audit_lint.checks._server import place_of_value
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.discovery.look import named_policy
from kube_audit_lint.kubernetes.flags import POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.kubernetes.paths import (
    brought_file,
    has_entry,
    host_path,
    may_cover,
    policy_path,
    taken_from,
    webhook_path,
)
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any
from kube_audit_lint.syntax.unknown import is_unknown

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.model.kubeconfig import Kubeconfig

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_OTHER_WEBHOOKS = ("auth", "admission", "image", "token", "validating", "mutating")


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """Reports why linking did not find a policy that was expected; and what the same file brings elsewhere."""
    if subject.policy_missing and subject.policy is None:
        message = f"The audit policy was not found, so nothing can be said of it: {subject.policy_missing}."
        yield Hit(place_of_value(subject.server, POLICY_FILE), message)
    if subject.other_policies:
        yield _under_another_key(subject.server, POLICY_FILE, "audit policy", subject.other_policies)
    if subject.other_webhooks:
        what = "configuration of the audit webhook"
        yield _under_another_key(subject.server, WEBHOOK_CONFIG, what, subject.other_webhooks)
    if not subject.server.partial or subject.server.files_known:
        yield from _policy_elsewhere(subject)
        yield from _webhook_elsewhere(subject)


def _under_another_key(server: ApiServer, flag: str, what: str, others: tuple[PolicyDocument | Kubeconfig, ...]) -> Hit:
    """That the object which a file is taken from has no such key, but files of its kind under other ones.

    Sources: pkg/volume/configmap of k8s.io/kubernetes (a key is a file; one of `items` that is not there is refused),
    bootstrap controller of Cluster API, gardener-admission-controller: each wants the very key.
    """
    path = server.value(flag) or ""
    named, key = taken_from(server, path) or ("", "")
    file = brought_file(server, path)
    kind, _, name = named.partition(":")
    held = list(dict.fromkeys(one.names[0] for one in others))
    message = (
        f"The {kind} {name} has no key `{key}`, from which the {what} is taken: what it has of this kind is called "
        f"{' and '.join(f'`{one}`' for one in held)}. kube-apiserver does not get it, and does not start."
    )
    related = tuple(Related(one.place, f"`{one.names[0]}` of the {kind}") for one in others)
    place = file.place if file is not None else place_of_value(server, flag)
    which = f"the key `{held[0]}`" if len(held) == 1 else "the key that is meant"
    return Hit(place, message, related, severity="error", help=f"Rename {which} in the {kind} to `{key}`.")


def _policy_elsewhere(subject: ServerSubject) -> Iterator[Hit]:
    server = subject.server
    at = _not_brought(subject, policy_path(server)) if server.policy is None else None
    brought = next((one for one in server.files if _is_policy(one) and not is_unknown(one.path)), None)
    if at is not None and brought is not None:
        yield _elsewhere(server, POLICY_FILE, "audit policy", at, brought, _effect(server))
    elif at is not None and subject.policy is None and not folder_in_command(server, at):
        yield from _nothing_brings(server, POLICY_FILE, "audit policy", at, _effect(server))


def _webhook_elsewhere(subject: ServerSubject) -> Iterator[Hit]:
    server, path = subject.server, webhook_path(subject.server)
    at = _not_brought(subject, path) if subject.webhook is None else None
    brought = next((one for one in server.files if _is_webhook(one) and _unused(server, one)), None)
    if at is None:
        return
    effect = f"kube-apiserver does not start: initializing audit webhook: stat {path}: no such file or directory."
    if brought is not None:
        yield _elsewhere(server, WEBHOOK_CONFIG, "audit webhook's configuration", at, brought, effect)
    elif not folder_in_command(server, at):
        yield from _nothing_brings(server, WEBHOOK_CONFIG, "audit webhook's configuration", at, effect)


def _not_brought(subject: ServerSubject, path: str | None) -> str | None:
    """Where a path is on the host, when the form brings files and surely none to there, and nothing else does."""
    server = subject.server
    at = host_path(server, path) if path else None
    if not path or at is None or at in subject.brought or not server.files:
        return None
    if brought_file(server, path) is not None or any(may_cover(one.path, at) for one in server.files):
        return None
    if all(one.path for one in server.files) and has_entry(server.source.text, at):
        return None  # of another object, or in a text that the form does not read
    return None if named_in_command(server, at) else at


def _nothing_brings(server: ApiServer, flag: str, what: str, at: str, effect: str) -> Iterator[Hit]:
    """That files are brought to the host, and this one is not among them."""
    files = [one for one in server.files if one.path.startswith("/") and not is_unknown(one.path)]
    others = [one for one in files if one.place != server.place]
    if others and server.flag(flag) is not None:  # what the product names itself, it brings itself
        message = f"Nothing brings {at} to the host, though other files are brought there, such as {others[0].path}. "
        message += f"Unless the {what} comes with the machine's image, {effect}"
        related = (Related(others[0].place, "the files that are brought"),)
        help = f"Bring the {what} to {at} too; suppress this finding where the image has it."
        yield Hit(place_of_value(server, flag), message, related, help=help)


def _is_policy(file: HostFile) -> bool:
    """Whether a file is brought to the host that is a policy, or is called so where it comes from."""
    if file.content is not None or file.local is None:
        return file.content is not None
    local = file.local.text  # `ConfigMap:audit-policy/policy.yaml` where it is an object's key
    return named_policy((local.partition(":")[2] or os.path.basename(local)).replace("/", "-"))


def _is_webhook(file: HostFile) -> bool:
    """Whether a file is called as the configuration of an audit webhook is: there are other webhooks, too."""
    name = os.path.basename(file.path).lower()
    if file.content is not None or any(other in name for other in _OTHER_WEBHOOKS):
        return False
    return "webhook" in name or (file.kubeconfig is not None and "audit" in name)


def _unused(server: ApiServer, file: HostFile) -> bool:
    """Whether nothing else in the text names a file's path: another flag may load it, or a command move it."""
    return server.source.text.count(file.path) < 2


def _elsewhere(server: ApiServer, flag: str, what: str, at: str, file: HostFile, effect: str) -> Hit:
    related: tuple[Related, ...] = (Related(file.place, f"the {what} goes here"),)
    if not file.path:
        message = f"The {what} is brought to other machines only, and nothing brings {at} to the control plane's. "
        help = "Bring it to the machines of the control plane."
    else:
        by = ""
        if file.place.source.path != server.source.path:  # who checks that file alone sees nothing of this one
            by, related = f" by {file.place.source.path}, line {file.place.source.position(file.place.start)[0]}", ()
        message = (
            f"Nothing brings {at} to the host: the {what} is written to {file.path}{by}, from where no API server "
        )
        message += "loads it. "
        help = f"Write the same path in both places: {at} or {file.path}."
    return Hit(place_of_value(server, flag), message + effect, related, severity="error", help=help)


def _effect(server: ApiServer) -> str:
    """What the missing policy leads to: a distribution that writes one of its own does so at its own path only."""
    if server.writes_policy and server.defaults.get(POLICY_FILE) == server.value(POLICY_FILE):
        return "RKE2 writes a policy there that records nothing, and kube-apiserver starts with it."
    return "kube-apiserver does not start: loading audit policy file: failed to read file path."
