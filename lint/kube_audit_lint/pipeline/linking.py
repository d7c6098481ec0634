"""Which policy an API server loads, and which configuration of its audit webhook (pipeline/locating.py)."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property

from kube_audit_lint.discovery.look import base_name
from kube_audit_lint.kubernetes.paths import policy_path, webhook_path
from kube_audit_lint.pipeline.delivering import NOTHING, Delivered, Deliveries
from kube_audit_lint.pipeline.locating import Located, Locator
from kube_audit_lint.pipeline.repository import Repository, above, absolute, names_of
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.model.kubeconfig import Kubeconfig
    from kube_audit_lint.model.server import ApiServer


class Link(NamedTuple):
    """A server, the policy it loads, and the configuration of its webhook.

    missing: why a configured policy is not there. equal: the paths of files that fit equally well. others: the policies
    of the object that it comes from, which has them under other keys; other_webhooks: likewise.
    """

    server: ApiServer
    policy: PolicyDocument | None
    missing: str = ""
    equal: tuple[str, ...] = ()
    webhook: Kubeconfig | None = None
    delivered: Delivered = NOTHING
    others: tuple[PolicyDocument, ...] = ()
    other_webhooks: tuple[Kubeconfig, ...] = ()


class Linker:
    """Finds the policies of servers, and the servers of policies, in a repository; and those of webhooks.

    configured: the path of the policy that the configuration links the server of a file to, or None.
    """

    def __init__(self, repository: Repository, configured: Callable[[str], str | None] = lambda path: None) -> None:
        self.repository = repository
        self._configured = configured
        self._links: dict[int, Link] = {}
        self._policies = Locator(repository, repository.policies, self._declared, lambda file: file.content)
        self._deliveries = Deliveries(repository, self._policies)
        self._webhooks: Locator[Kubeconfig] = Locator(
            repository, repository.kubeconfigs, lambda path: None, lambda file: file.kubeconfig
        )

    def link(self, server: ApiServer) -> Link:
        """What a server loads."""
        if id(server) not in self._links:
            path = webhook_path(server)
            webhook: Located[Kubeconfig] = Located() if path is None else self._webhooks.locate(server, path)
            link = self._link(server)._replace(webhook=webhook.document, delivered=self._deliveries.of(server))
            self._links[id(server)] = link._replace(other_webhooks=webhook.others)
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
        found: Located[PolicyDocument] = Located() if path is None else self._policies.locate(server, path)
        others = found.others
        if path is not None and not (found.document or found.equal or others):
            others = tuple(one._replace(names=(key,)) for key, one in self._policies.generated(server, path))
        return Link(server, found.document, equal=found.equal, others=others)

    def _declared(self, path: str) -> PolicyDocument | None:
        declared = self.repository.declared(path)
        return declared.found.policies[0] if declared is not None else None

    def loaders(self, policy: PolicyDocument | Kubeconfig) -> list[ApiServer]:
        """The servers of the repository that load a policy, or a webhook's configuration."""
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
        candidates.update(dict.fromkeys((*self._by_configuration.get(path, ()), *self.repository.bases(path))))
        for unit in [server for one in candidates for server in self.repository.servers(one) if server.flag_files]:
            for name in map(os.path.basename, unit.flag_files):
                candidates.update(dict.fromkeys(self.repository.by_name.get(name, ())))
                candidates.update(dict.fromkeys(self.repository.by_name.get(f"{name}.env", ())))
        servers = (server for one in candidates for server in self.repository.servers(one))
        return [server for server in servers if any(one is policy for one in self._loaded(server))]

    def _loaded(self, server: ApiServer) -> tuple[PolicyDocument | Kubeconfig | None, ...]:
        link = self.link(server)
        return link.policy, link.webhook, *link.others, *link.other_webhooks

    @cached_property
    def _by_configuration(self) -> dict[str, list[str]]:
        """The files of the repository by the policy that the configuration links them to."""
        found: dict[str, list[str]] = {}
        for path in self.repository.paths:
            policy = self._configured(path)
            if policy is not None:
                found.setdefault(absolute(policy), []).append(path)
        return found
