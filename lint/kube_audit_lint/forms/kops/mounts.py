"""What kops mounts into kube-apiserver by itself.

Sources: kubernetes/kops nodeup/pkg/model/kube_apiserver.go: /srv/kubernetes up to 1.21 and only
/srv/kubernetes/kube-apiserver from 1.22; the log's directory, writable, from 1.7; the policy's directory from
1.26.6 and 1.27 (docs/cluster_spec.md says the same). A kops makes clusters of its own minor and of several before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kube_audit_lint.forms.common.extra_args import own_mount
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.server import ApiServer, Flag, Mount, clean
from kube_audit_lint.syntax.unknown import is_unknown

_NO_SRV_SINCE = 22
_POLICY_DIRECTORY_SINCE = 27


def mounts_of(server: ApiServer) -> tuple[Mount, ...] | None:
    """The mounts, as the kops that mounts most would make them; None where that cannot be known."""
    log, policy = _directory(server, "audit-log-path"), _directory(server, "audit-policy-file")
    if log is None or policy is None or (log and log == policy):
        return None
    old = server.versions is None or server.versions.first < _NO_SRV_SINCE
    found = [own_mount("/srv/kubernetes" if old else "/srv/kubernetes/kube-apiserver", server.place, True, "")]
    for path, name, read_only in ((policy, "audit-policy-file", True), (log, "audit-log-path", False)):
        flag = server.flag(name)
        if path and flag is not None:
            found.append(own_mount(path, flag.value_place, read_only, ""))
    return tuple(found)


def twice_mounted(server: ApiServer) -> Iterator[Misshape]:
    """Log and policy in one directory: kops mounts it for each of them, and no pod takes two mounts at one path."""
    log, policy = server.flag("audit-log-path"), server.flag("audit-policy-file")
    directory = _directory(server, "audit-log-path")
    if log is None or policy is None or not directory or directory != _directory(server, "audit-policy-file"):
        return
    if server.versions is not None and server.versions.first >= _POLICY_DIRECTORY_SINCE:
        yield Misshape(
            "wrong-shape",
            log.value_place,
            f"The log lies in {directory}, and so does the policy. kops mounts the directory once for each of them, "
            "and the kubelet refuses a pod with two mounts at one path: kube-apiserver does not start "
            f'(`mountPath: Invalid value: "{directory}": must be unique`).',
            "Give the policy a directory of its own.",
        )


def mounting(server: ApiServer) -> Callable[[str, str], str]:
    """kops has no setting for volumes: what is to be read has to be in a directory that it mounts."""
    folder = _directory(server, "audit-policy-file")
    reached = f"the policy's, {folder}," if folder else "the policy's"

    def help(flag: str, path: str) -> str:
        at = f"{folder}/{path.rpartition('/')[2]}" if folder else ""
        to = f": write `{at}` as the path of the file asset, and `--{flag}={at}`" if at else ""
        return f"kops mounts no other folder than {reached} and has no setting for volumes. Put the file there{to}."

    return help


def _directory(server: ApiServer, name: str) -> str | None:
    """The directory of a flag's path; "" when there is none; None when it is not known."""
    flag: Flag | None = server.flag(name)
    if flag is None or not flag.value or flag.value == "-":
        return ""
    return None if is_unknown(flag.value) else clean(flag.value).rpartition("/")[0] or "/"
