"""What checks are called with: a policy, a server, the two linked, a directory; each with its surroundings."""

from __future__ import annotations

from functools import lru_cache

from kube_audit_lint.model.version import UNSECURED_LAST
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.kubernetes.custom import Served
    from kube_audit_lint.kubernetes.loading import Loaded
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.model.kubeconfig import Kubeconfig
    from kube_audit_lint.model.policy import Policy
    from kube_audit_lint.model.server import ApiServer
    from kube_audit_lint.model.version import Versions
    from kube_audit_lint.syntax.source import Place


class PolicySubject:
    """A policy with the versions it is checked by, the servers that load it, and where those name their versions.

    served: what is known of custom resources.
    """

    def __init__(
        self,
        document: PolicyDocument,
        versions: Versions,
        servers: tuple[ApiServer, ...] = (),
        version_places: tuple[Place, ...] = (),
    ) -> None:
        self.document = document
        self.versions = versions
        self.servers = servers
        self.version_places = version_places
        self.served: Served | None = None
        self._loaded: Loaded | None = None
        self._analysis: Analysis | None = None

    @property
    def is_unsecured_served(self) -> bool:
        """Whether anybody may be system:unsecured: in a version whose insecure port is open by default.

        A server's command line may close it, and what configures a server by settings (kubeadm, k3s) has it closed.
        """
        if self.versions.first > UNSECURED_LAST:
            return False
        ports = ((server.spelling is None, server.value("insecure-port")) for server in self.servers)
        return not self.servers or any(port != "0" and (port is not None or plain) for plain, port in ports)

    @property
    def loaded(self) -> Loaded:
        """What kube-apiserver makes of the document (kubernetes/loading.py), computed once."""
        if self._loaded is None:
            from kube_audit_lint.kubernetes.loading import load

            self._loaded = load(self.document, self.versions)
        return self._loaded

    @property
    def analysis(self) -> Analysis | None:
        """The first-match analysis, of the policy as it was meant when no version of the range loads it.

        None when nobody can say what it would match. Every question may raise UndecidedError.
        """
        if self._analysis is None and self.loaded.policy is not None:
            self._analysis = _analysis_of(self.loaded.policy, self.loaded.policy_versions)
        return self._analysis

    def with_analysis(self, analysis: Analysis) -> PolicySubject:
        """The same policy as another one would be decided that stands at the same places."""
        other = PolicySubject(self.document, self.versions, self.servers, self.version_places)
        other.served, other._loaded, other._analysis = self.served, self._loaded, analysis
        return other


@lru_cache(maxsize=16)
def _analysis_of(policy: Policy, versions: Versions) -> Analysis:
    """Repositories hold copies of one policy for many clusters: they are analysed once."""
    from kube_audit_lint.analysis.analysis import Analysis

    return Analysis(policy, versions)


class ServerSubject:
    """An API server with the versions it is checked by, and the policy it loads when that is among the files.

    policy_missing: in words, why the policy was expected and is not there; "" otherwise. webhook: the configuration
    of its audit webhook, when that is among the files. brought: paths on the host that another file of the repository
    brings. other_policies: those of the object that the policy is taken from, where it lacks the key; other_webhooks:
    likewise of the webhook's configuration.
    """

    def __init__(
        self,
        server: ApiServer,
        versions: Versions,
        policy: PolicySubject | None = None,
        policy_missing: str = "",
        webhook: Kubeconfig | None = None,
        brought: frozenset[str] = frozenset(),
        other_policies: tuple[PolicyDocument, ...] = (),
        other_webhooks: tuple[Kubeconfig, ...] = (),
    ) -> None:
        self.server = server
        self.versions = versions
        self.policy = policy
        self.policy_missing = policy_missing
        self.webhook = webhook
        self.brought = brought
        self.other_policies = other_policies
        self.other_webhooks = other_webhooks


class DirectorySubject:
    """The files of one directory that hold audit configuration.

    clusters: the servers of the whole run that the configuration or their names put into one cluster
        (pipeline/clusters.py), each group with a server of this directory.
    """

    def __init__(
        self,
        path: str,
        servers: tuple[ServerSubject, ...],
        policies: tuple[PolicySubject, ...],
        clusters: tuple[tuple[ServerSubject, ...], ...] = (),
    ) -> None:
        self.path = path
        self.servers = servers
        self.policies = policies
        self.clusters = clusters


Params = dict[str, Any]
