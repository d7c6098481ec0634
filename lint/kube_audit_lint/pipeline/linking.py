"""Which policy document an API server loads: through its flag, its mounts and the files at hand.

The path of `--audit-policy-file` is one inside the container. The mount that covers it gives the path on the
host; what the form brings onto the host, a configured link, or a file of the repository with the same end
of its path (else the same name, nearest by) gives the policy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from kube_audit_lint.kubernetes.paths import host_path, policy_path
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.server import ApiServer, HostFile, clean, covering
from kube_audit_lint.syntax.record import NamedTuple

_TEMPLATE_ENDS = (".j2", ".tpl", ".tmpl", ".erb", ".gotmpl")
_OBJECTS = ("ConfigMap:", "Secret:")
"""How a HostFile's `local` begins that is taken from an object: `Secret:name/key`."""

_NEAR = 6
"""How many steps up and down the tree a file of the same name may be away."""


class Link(NamedTuple):
    """A server and the policy it loads. `missing` says in words why an expected one is not there."""

    server: ApiServer
    policy: PolicyDocument | None
    missing: str = ""


def wanted_name(server: ApiServer) -> str | None:
    """The file name a policy of this server would have in a repository."""
    path = policy_path(server)
    if path is None or server.policy is not None:
        return None
    at = host_path(server, path)
    file = _brought(server, path)
    if at is not None and file is not None and file.local is not None and clean(file.path) == at:
        return os.path.basename(file.local.text) or None
    return os.path.basename(at or path) or None


def link(
    servers: Iterable[ApiServer],
    policies: Sequence[PolicyDocument],
    configured: Callable[[ApiServer], str | None] = lambda server: None,
) -> list[Link]:
    """Each server with its policy.

    configured: gives the path of the file that the configuration links a server to, or None.
    """
    by_name: dict[str, list[PolicyDocument]] = {}
    by_path: dict[str, PolicyDocument] = {}
    for policy in policies:
        by_path.setdefault(policy.source.path, policy)
        for name in policy.names or (policy.source.path,):
            by_name.setdefault(_base(name), []).append(policy)
    return [_link(server, by_name, by_path, configured(server)) for server in servers]


def surely(server: ApiServer, path: str) -> bool:
    """Whether a file is so clearly the one that a server loads that its content need not say so."""
    at = host_path(server, policy_path(server) or "") or clean(policy_path(server) or "")
    return _common_end(path, at) >= 2 or os.path.dirname(path) == os.path.dirname(server.source.path)


def _link(
    server: ApiServer,
    by_name: Mapping[str, list[PolicyDocument]],
    by_path: Mapping[str, PolicyDocument],
    configured: str | None,
) -> Link:
    if server.policy is not None:
        return Link(server, server.policy)
    if configured is not None:
        found = by_path.get(configured)
        return Link(
            server, found, "" if found else f"the configuration links it to {configured}, which holds no policy"
        )
    path = policy_path(server)
    if path is None:
        return Link(server, None)
    brought = _brought(server, path)
    if brought is not None:
        return Link(server, _content(server, path, brought, by_path, by_name))
    return Link(server, _in_volume(server, path, by_name) or _nearest(server, path, by_name))


def _brought(server: ApiServer, path: str) -> HostFile | None:
    """The file that the form itself brings onto the host and that is read: no other can be, known or not."""
    at = host_path(server, path)
    best: HostFile | None = None
    for file in server.files:
        if at is not None and _at_or_below(at, clean(file.path)) and (best is None or len(file.path) > len(best.path)):
            best = file
    return best


def _content(
    server: ApiServer,
    path: str,
    file: HostFile,
    by_path: Mapping[str, PolicyDocument],
    by_name: Mapping[str, list[PolicyDocument]],
) -> PolicyDocument | None:
    """The policy in a file that the form brings: written in place, in an object's key, or on the author's machine."""
    if file.content is not None or file.local is None:
        return file.content
    if file.local.text.startswith(_OBJECTS):
        named, _, key = file.local.text.rpartition("/")
        return _closest(server, [policy for policy in by_name.get(_base(key), ()) if named in policy.names])
    below = (host_path(server, path) or "")[len(clean(file.path)) :].lstrip("/")
    return _local(server.source.path, "/".join(part for part in (file.local.text, below) if part), by_path)


def _local(from_path: str, local: str, by_path: Mapping[str, PolicyDocument]) -> PolicyDocument | None:
    beside = os.path.normpath(os.path.join(os.path.dirname(from_path), local)).replace(os.sep, "/")
    return by_path.get(beside) or by_path.get(os.path.normpath(local).replace(os.sep, "/"))


def _in_volume(server: ApiServer, path: str, by_name: Mapping[str, list[PolicyDocument]]) -> PolicyDocument | None:
    """The policy in the ConfigMap or Secret that is mounted there."""
    mount = covering(server.mounts or (), clean(path))
    if mount is None or mount.volume is None or mount.volume.kind not in ("configMap", "secret", "projected"):
        return None
    named = [policy for policy in by_name.get(os.path.basename(path), ()) if policy.names]
    return _closest(server, named)


def _nearest(server: ApiServer, path: str, by_name: Mapping[str, list[PolicyDocument]]) -> PolicyDocument | None:
    at = host_path(server, path) or clean(path)
    named = [policy for policy in by_name.get(os.path.basename(at), ()) if policy.whole_file and _on_disk(policy)]
    longest = max((_end_in_common(policy, at) for policy in named), default=0)
    same_end = [policy for policy in named if _end_in_common(policy, at) == longest]
    if longest < 2:
        same_end = [policy for policy in same_end if _distance(server, policy) <= _NEAR]
    return _closest(server, same_end)


def _on_disk(policy: PolicyDocument) -> bool:
    """Whether it is or becomes a file: the key of a ConfigMap is none, until it is mounted."""
    return not policy.names or any("/" in name for name in policy.names)


def _end_in_common(policy: PolicyDocument, path: str) -> int:
    return max(_common_end(name, path) for name in policy.names or (policy.source.path,))


def _closest(server: ApiServer, policies: Sequence[PolicyDocument]) -> PolicyDocument | None:
    """The one nearest in the tree; none when two are equally near, for a guess is worse than silence."""
    ordered = sorted(policies, key=lambda policy: _distance(server, policy))
    if len(ordered) > 1 and _distance(server, ordered[0]) == _distance(server, ordered[1]):
        return None
    return ordered[0] if ordered else None


def _distance(server: ApiServer, policy: PolicyDocument) -> int:
    one = os.path.dirname(server.source.path).split("/")
    two = os.path.dirname(policy.source.path).split("/")
    common = 0
    while common < min(len(one), len(two)) and one[common] == two[common]:
        common += 1
    return len(one) + len(two) - 2 * common


def _common_end(one: str, two: str) -> int:
    count = 0
    for left, right in zip(reversed(_plain(one).split("/")), reversed(two.split("/")), strict=False):
        if left != right:
            break
        count += 1
    return count


def _at_or_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _base(path: str) -> str:
    return os.path.basename(_plain(path))


def _plain(path: str) -> str:
    """A path without the ending that marks a template."""
    for end in _TEMPLATE_ENDS:
        path = path.removesuffix(end)
    return path
