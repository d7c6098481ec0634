"""The policy that the server loads is not there: not among the files where it was expected, or brought elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._commands import named_in_command
from kube_audit_lint.checks._server import place_of_value
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.discovery.look import named_policy
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.kubernetes.paths import brought_file, host_path, policy_path
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """Reports why linking did not find a policy that was expected; and a policy that the same file brings elsewhere."""
    if subject.policy_missing and subject.policy is None:
        message = f"The audit policy was not found, so nothing can be said of it: {subject.policy_missing}."
        yield Hit(place_of_value(subject.server, POLICY_FILE), message)
    path = policy_path(subject.server)
    at = host_path(subject.server, path) if path else None
    seen = not subject.server.partial or subject.server.files_known
    if subject.server.policy is not None or not seen or path is None or at is None:
        return
    brought = [one for one in subject.server.files if _is_policy(one)]
    known = not any(is_unknown(one.path) for one in subject.server.files)
    if not brought or not known or brought_file(subject.server, path) is not None:
        return
    if not named_in_command(subject.server, at):
        yield _elsewhere(subject, at, brought)


def _is_policy(file: HostFile) -> bool:
    """Whether a file is brought to the host that is a policy, or is called so where it comes from."""
    return file.content is not None or (file.local is not None and named_policy(os.path.basename(file.local.text)))


def _elsewhere(subject: ServerSubject, at: str, brought: list[HostFile]) -> Hit:
    file = brought[0]
    message = (
        f"Nothing brings {at} to the host: the audit policy is written to {file.path}, from where no API server loads "
        f"it. {_effect(subject.server)}"
    )
    related = (Related(file.place, "the policy goes here"),)
    help = f"Write the same path in both places: {at} or {file.path}."
    return Hit(place_of_value(subject.server, POLICY_FILE), message, related, severity="error", help=help)


def _effect(server: ApiServer) -> str:
    """What the missing policy leads to: a distribution that writes one of its own does so at its own path only."""
    if server.writes_policy and server.defaults.get(POLICY_FILE) == server.value(POLICY_FILE):
        return "RKE2 writes a policy there that records nothing, and kube-apiserver starts with it."
    return "kube-apiserver does not start: loading audit policy file: failed to read file path."
