"""Which files of a repository the findings about the named ones depend on; they are read, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

from kube_audit_lint.discovery.look import base_name
from kube_audit_lint.pipeline.clusters import pattern
from kube_audit_lint.pipeline.repository import Repository, above, absolute, may_be_policy
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.model.kubeconfig import Kubeconfig
    from kube_audit_lint.model.server import ApiServer
    from kube_audit_lint.pipeline.linking import Linker

ClusterOf = Callable[[str], str | None]
"""The name that the configuration gives the cluster of a file, or None."""


def close(named: list[str], repository: Repository, linker: Linker, cluster_of: ClusterOf) -> None:
    """Reads what the named files belong to.

    For a policy: the servers that load it, and the servers of their clusters with their policies; what brings it
    elsewhere. For a server: its policy, with all of that. For both: the API servers in the same folder; for a pod also
    the policies there.
    """
    ours = [path for path in named if repository.file(path) is not None or may_be_policy(path)]
    if not ours or repository.is_complete:
        return
    closure = _Closure(repository, linker, cluster_of)
    folders: dict[str, bool] = {}
    for path in ours:
        servers, policies = repository.servers(path), repository.policies(path)
        for base in repository.bases(path):
            folders.setdefault(base.rpartition("/")[0], False)
            repository.file(base)
        for kubeconfig in repository.kubeconfigs(path):
            closure.kubeconfig(kubeconfig)
        if servers or policies:
            folder = path.rpartition("/")[0]
            folders[folder] = folders.get(folder, False) or any(server.is_pod for server in servers)
        for server in servers:
            closure.server(server)
        for policy in policies:
            closure.policy(policy)
        if not policies and may_be_policy(path):
            closure.declared(path)
        if policies:
            repository.read_bringing(path.rpartition("/")[2])
    for folder, holds_pods in folders.items():
        repository.read_folder(folder, policies=holds_pods)


class _Closure:
    def __init__(self, repository: Repository, linker: Linker, cluster_of: ClusterOf) -> None:
        self._repository = repository
        self._linker = linker
        self._cluster_of = cluster_of
        self._seen: set[int] = set()
        self._clusters: dict[tuple[str, str], list[str]] | None = None

    def server(self, server: ApiServer) -> None:
        """Reads what a server loads, and the servers of its cluster."""
        policy = self._linker.link(server).policy
        for name in server.flag_files:
            base = base_name(name)
            for path in (*self._repository.by_name.get(base, ()), *self._repository.by_name.get(f"{base}.env", ())):
                self._repository.file(path)
        if policy is not None:
            self.policy(policy)
        self._members(server)

    def policy(self, policy: PolicyDocument) -> None:
        """Reads the servers that load a policy, and those of their clusters."""
        if id(policy) not in self._seen:
            self._seen.add(id(policy))
            for server in self._linker.loaders(policy):
                self._members(server)

    def kubeconfig(self, kubeconfig: Kubeconfig) -> None:
        """Reads the servers whose webhook's configuration this is."""
        for server in self._linker.loaders(kubeconfig):
            self.server(server)

    def declared(self, path: str) -> None:
        """Reads the servers that load a file which does not say itself that it is a policy."""
        name = base_name(path)
        for folder in above(path):
            near = [one for one in self._repository.may_load(name).below(folder) if self._repository.wants(one, name)]
            for one in near:
                for server in self._repository.servers(one):
                    self.server(server)
            if near:
                return

    def _members(self, server: ApiServer) -> None:
        """Reads the other servers of a server's cluster, and their policies."""
        for path in self._paths_of_cluster(server.source.path):
            for member in self._repository.servers(path):
                self._linker.link(member)

    def _paths_of_cluster(self, path: str) -> list[str]:
        key = self._key(path)
        if key is None:
            return []
        if self._clusters is None:
            self._clusters = {}
            for one in self._repository.paths:
                other = self._key(one)
                if other is not None:
                    self._clusters.setdefault(other, []).append(one)
        return self._clusters.get(key, [])

    def _key(self, path: str) -> tuple[str, str] | None:
        name = self._cluster_of(path)
        if name is not None:
            return "configured", name
        found = pattern(absolute(path))
        return None if found is None else ("named", found)
