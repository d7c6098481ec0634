"""The advice of a rule in the words of the file that it is about."""

from __future__ import annotations

import re

from kube_audit_lint.checks._subject import PolicySubject, ServerSubject
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.server import ApiServer

_MOUNTING = {
    ", mount its directory,": "",
    ", mount it into the container, and": " and",
    " in a mounted directory, with": ", with",
}
"""What is left out of advice where a form mounts by itself, or runs the server on the host."""


_WITHOUT_POLICY = " To record nothing on purpose, remove `--audit-policy-file`."


def in_words_of(subject: object, finding: Finding) -> Finding:
    """The finding, its advice in the keys and flags as the subject's form writes them."""
    if isinstance(subject, PolicySubject):
        return finding._replace(help=_of_policy(subject, finding.help))
    if not isinstance(subject, ServerSubject):
        return finding
    if subject.server.switch and finding.rule == "no-audit-policy":
        return finding._replace(help=subject.server.switch)
    return finding._replace(help=_with_flags(subject.server, _with_mounts(subject.server, finding.help)))


def _of_policy(subject: PolicySubject, help: str) -> str:
    if subject.document.only_rules:
        help = help.replace("beside `rules`", "in each of these rules")
    if any(server.flags_fixed or server.policy is not None for server in subject.servers):  # no flag names this policy
        help = help.replace(_WITHOUT_POLICY, "")
    return _with_flags(subject.servers[0], help) if len({one.form for one in subject.servers}) == 1 else help


def _with_mounts(server: ApiServer, help: str) -> str:
    if server.mounts is None or server.mounts_itself:
        for advice, shorter in _MOUNTING.items():
            help = help.replace(advice, shorter)
    if any(mount.volume is not None and mount.volume.kind == "bind" for mount in server.mounts or ()):
        help = help.replace("`readOnly: true`", "`:ro`")
    return help.replace("`type: ", f"`{server.type_key}: ")


def _with_flags(server: ApiServer, help: str) -> str:
    spelling = server.spelling
    if spelling is None or "`--" not in help:
        return help

    def written(found: re.Match[str]) -> str:
        text = spelling(found[1], found[3] or "")
        return f"`{text if found[2] else text.removeprefix('- ').rstrip(' :=')}`"

    return re.sub(r"`--([a-z0-9-]+)(=([^`]*))?`", written, help)
