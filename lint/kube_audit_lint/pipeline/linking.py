"""Which policy an API server loads. It never guesses: where two files fit equally well, none is linked.

The path of `--audit-policy-file` is one inside the container. The mount that covers it gives the path on the host;
then a configured link, what the form itself brings to that path, or a file of the repository with the same end of
its path gives the policy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property

from kube_audit_lint.kubernetes.paths import brought_file, host_path, policy_path
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.server import ApiServer, HostFile, clean, covering
from kube_audit_lint.pipeline.repository import Repository, Tree, above, absolute, base_name, names_of
from kube_audit_lint.syntax.record import NamedTuple

_OBJECTS = ("ConfigMap:", "Secret:")
"""How a HostFile's `local` begins that is taken from an object: `Secret:name/key`."""

_PARTS = 6
"""How many parts of a path are compared."""

_STEPS = 2
"""How many folders up, and how many down from there, a file may lie that only its name connects with a server."""


class Link(NamedTuple):
    """A server and the policy it loads.

    missing: why a configured one is not there. equal: the paths of files that fit equally well.
    """

    server: ApiServer
    policy: PolicyDocument | None
    missing: str = ""
    equal: tuple[str, ...] = ()


class Linker:
    """Finds the policies of servers, and the servers of policies, in a repository.

    configured: the path of the policy that the configuration links the server of a file to, or None.
    """

    def __init__(self, repository: Repository, configured: Callable[[str], str | None] = lambda path: None) -> None:
        self.repository = repository
        self._configured = configured
        self._links: dict[int, Link] = {}
        self._ends: dict[str, dict[str, Tree]] = {}
        self._free: dict[tuple[str, str, str], list[str]] = {}
        self._wanting: dict[tuple[str, str], bool] = {}

    def link(self, server: ApiServer) -> Link:
        """The policy that a server loads."""
        if id(server) not in self._links:
            self._links[id(server)] = self._link(server)
        return self._links[id(server)]

    def _link(self, server: ApiServer) -> Link:
        if server.policy is not None:
            return Link(server, server.policy)
        configured = self._configured(server.source.path)
        if configured is not None:
            policy = next(iter(self.repository.policies(absolute(configured))), None)
            missing = "" if policy else f"the configuration links it to {configured}, which holds no policy"
            return Link(server, policy, missing)
        path = policy_path(server)
        if path is None:
            return Link(server, None)
        brought = brought_file(server, path)
        if brought is not None:
            return self._brought(server, path, brought)
        mount = covering(server.mounts or (), clean(path))
        if mount is not None and mount.volume is not None and mount.volume.kind in ("configMap", "secret", "projected"):
            return self._in_objects(server, os.path.basename(path))
        at = host_path(server, path) or clean(path)
        own = absolute(server.source.path)
        for look, where in ((self._contained, (own,)), (self._on_disk, above(own)), (self._contained, above(own))):
            link = look(server, at, where)
            if link.policy is not None or link.equal:
                break
        return link

    def _brought(self, server: ApiServer, path: str, file: HostFile) -> Link:
        """The policy in a file that the form brings: in place, in an object's key, or on the author's machine."""
        if file.content is not None or file.local is None:
            return Link(server, file.content)
        if file.local.text.startswith(_OBJECTS):
            named, _, key = file.local.text.rpartition("/")
            return self._in_objects(server, key, named)
        below = (host_path(server, path) or "")[len(clean(file.path)) :].lstrip("/")
        local = "/".join(part for part in (file.local.text, below) if part)
        folder = os.path.dirname(absolute(server.source.path))
        for at in dict.fromkeys((os.path.normpath(os.path.join(folder, local)), absolute(os.path.normpath(local)))):
            policy = self._policy(at.replace(os.sep, "/"), server, True)
            if policy is not None:
                return Link(server, policy)
        return Link(server, None)

    def _on_disk(self, server: ApiServer, at: str, folders: tuple[str, ...]) -> Link:
        """The policy in a file whose path has the longest end in common with `at`, the nearest of several."""
        parts, name = at.strip("/").split("/")[-_PARTS:], os.path.basename(at)
        for length in range(len(parts), 0, -1):
            end = "/".join(parts[-length:])
            for steps, folder in enumerate(folders if length > 1 else folders[: _STEPS + 1]):
                found: dict[int, list[PolicyDocument]] = {}
                for path in self._candidates(name, folder, end):
                    depth = path.count("/") - folder.rstrip("/").count("/") - 1
                    if length > 1 or depth <= _STEPS:
                        policy = self._policy(path, server, length > 1 or steps + depth == 0)
                        if policy is not None:
                            found.setdefault(depth, []).append(policy)
                if found:
                    return _only(server, found[min(found)])
        return Link(server, None)

    def _candidates(self, name: str, folder: str, end: str) -> list[str]:
        """The files below a folder whose path ends so and that belong to no other server below it.

        A folder that holds a server which loads a policy of the same name is another cluster's.
        """
        key = (name, folder, end)
        if key not in self._free:
            if name not in self._ends:
                self._ends[name] = _by_end(self.repository.by_name.get(name, ()))
            found = self._ends[name].get(end)
            self._free[key] = [
                path
                for path in (found.below(folder) if found is not None else ())
                if path.rpartition("/")[0] == folder.rstrip("/") or not self._is_wanted(name, _child(folder, path))
            ]
        return self._free[key]

    def _is_wanted(self, name: str, folder: str) -> bool:
        """Whether a server in or below a folder loads a policy of that name."""
        key = (name, folder)
        if key not in self._wanting:
            paths = self.repository.may_load(name).below(folder)
            self._wanting[key] = any(self.repository.wants(path, name) for path in paths)
        return self._wanting[key]

    def _policy(self, path: str, server: ApiServer, surely: bool) -> PolicyDocument | None:
        """The policy that a file is; `surely`: also when only the server's path says that it is one."""
        if path == absolute(server.source.path):  # a manifest is never its own policy
            return None
        found = self.repository.policies(path)
        whole = next((one for one in found if one.whole_file and not one.names), None)
        if found or not surely:
            return whole
        declared = self.repository.declared(path)
        return declared.found.policies[0] if declared is not None else None

    def _in_objects(self, server: ApiServer, key: str, named: str = "") -> Link:
        """The policy in the nearest ConfigMap or Secret with this key."""

        def accepts(policy: PolicyDocument) -> bool:
            objects = [name for name in policy.names if name.startswith(_OBJECTS)]
            return bool(objects) and key in policy.names and named in ("", *objects)

        path = absolute(server.source.path)
        for folder in (path, *above(path)):
            found = [policy for policy in self._held(base_name(key), folder) if accepts(policy)]
            if found:
                return _only(server, found)
        return Link(server, None)

    def _contained(self, server: ApiServer, at: str, folders: tuple[str, ...]) -> Link:
        """The policy that a form writes to a path on the host with the same end, in the nearest of the folders."""
        for folder in folders:
            found: dict[int, list[PolicyDocument]] = {}
            for policy in self._held(os.path.basename(at), folder):
                ends = [_common_end(name, at) for name in policy.names if "/" in name]
                if ends and max(ends) > 1 and policy.whole_file:
                    found.setdefault(max(ends), []).append(policy)
            if found:
                return _only(server, found[max(found)])
        return Link(server, None)

    def _held(self, name: str, folder: str) -> Iterator[PolicyDocument]:
        """The policies that are parts of files below a folder, or of one file, and are called so."""
        own = folder in self.repository.paths
        for path in (folder,) if own else self.repository.may_hold(name).below(folder):
            for policy in self.repository.policies(path):
                if name in names_of(policy):
                    yield policy

    def loaders(self, policy: PolicyDocument) -> list[ApiServer]:
        """The servers of the repository that load a policy."""
        path = absolute(policy.source.path)
        candidates: dict[str, None] = {path: None}
        for name in names_of(policy) or (base_name(path),):
            candidates.update(dict.fromkeys(self.repository.by_local_path(name)))
            for folder in ("/",) if policy.names else above(path):
                paths = self.repository.may_load(name).below(folder)
                near = [one for one in paths if policy.names or self.repository.wants(one, name)]
                candidates.update(dict.fromkeys(near))
                if near:  # a server further away belongs to another cluster
                    break
        candidates.update(dict.fromkeys(self._by_configuration.get(path, ())))
        for unit in [server for one in candidates for server in self.repository.servers(one) if server.flag_files]:
            for name in map(os.path.basename, unit.flag_files):
                candidates.update(dict.fromkeys(self.repository.by_name.get(name, ())))
                candidates.update(dict.fromkeys(self.repository.by_name.get(f"{name}.env", ())))
        servers = (server for one in candidates for server in self.repository.servers(one))
        return [server for server in servers if self.link(server).policy is policy]

    @cached_property
    def _by_configuration(self) -> dict[str, list[str]]:
        """The files of the repository by the policy that the configuration links them to."""
        found: dict[str, list[str]] = {}
        for path in self.repository.paths:
            policy = self._configured(path)
            if policy is not None:
                found.setdefault(absolute(policy), []).append(path)
        return found


def _only(server: ApiServer, policies: list[PolicyDocument]) -> Link:
    """The one policy; none when there are several."""
    if len(policies) == 1:
        return Link(server, policies[0])
    return Link(server, None, equal=tuple(sorted({policy.source.path for policy in policies})))


def _by_end(paths: list[str] | tuple[()]) -> dict[str, Tree]:
    """Paths by each end of theirs."""
    found: dict[str, list[str]] = {}
    for path in paths:
        plain = f"{path.rpartition('/')[0]}/{base_name(path)}".strip("/").split("/")
        for length in range(1, min(len(plain), _PARTS) + 1):
            found.setdefault("/".join(plain[-length:]), []).append(path)
    return {end: Tree(ending) for end, ending in found.items()}


def _child(folder: str, path: str) -> str:
    """The folder below a folder that leads to a path."""
    start = folder.rstrip("/") + "/"
    return start + path[len(start) :].partition("/")[0]


def _common_end(one: str, two: str) -> int:
    left, right = one.strip("/").split("/"), two.strip("/").split("/")
    count = 0
    while count < min(len(left), len(right)) and left[-count - 1] == right[-count - 1]:
        count += 1
    return count
