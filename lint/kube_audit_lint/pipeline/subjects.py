"""What each policy and server is judged by: its version, and its other half."""

from __future__ import annotations

import os
from collections.abc import Iterator

from kube_audit_lint.checks._subject import DirectorySubject, PolicySubject, ServerSubject
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline import linking
from kube_audit_lint.pipeline.clusters import clusters
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.options import Options


def subjects(
    files: list[Collected], options: Options, config: Config
) -> tuple[list[PolicySubject], list[ServerSubject]]:
    """Policies and servers, each with the versions it is judged by and its other half."""
    servers = [server for one in files for server in one.found.servers]
    documents = [policy for one in files for policy in one.found.policies]
    documents += [server.policy for server in servers if server.policy and server.policy not in documents]
    links = linking.link(servers, documents, config.linked_policy)
    loaders: dict[int, list[ApiServer]] = {}
    for link in links:
        if link.policy is not None:
            loaders.setdefault(id(link.policy), []).append(link.server)
    policies: dict[int, PolicySubject] = {}
    for document in documents:
        loading = tuple(loaders.get(id(document), ()))
        versions = _policy_versions(document, loading, options, config)
        policies[id(document)] = PolicySubject(document, versions, loading)
    judged = []
    for link in links:
        versions = _server_versions(link.server, options, config)
        judged.append(ServerSubject(link.server, versions, policies.get(id(link.policy)), link.missing))
    return list(policies.values()), judged


def _policy_versions(
    document: PolicyDocument, loading: tuple[ApiServer, ...], options: Options, config: Config
) -> Versions:
    """What was asked for; else what the servers that load the policy run; else what its form says."""
    asked = _asked(document.source.path, options, config)
    if asked is not None:
        return asked
    known = [server.versions for server in loading if server.versions is not None]
    if known:
        return Versions(min(one.first for one in known), max(one.last for one in known))
    return document.versions or DEFAULT


def _server_versions(server: ApiServer, options: Options, config: Config) -> Versions:
    return _asked(server.source.path, options, config) or server.versions or DEFAULT


def _asked(path: str, options: Options, config: Config) -> Versions | None:
    """The versions that the command line asks for, or else the configuration."""
    return options.versions or config.for_path(path).versions


def directories(
    policies: list[PolicySubject], servers: list[ServerSubject], config: Config
) -> Iterator[DirectorySubject]:
    """A subject for each directory with policies or servers, with the clusters that begin in it."""
    folders: dict[str, tuple[list[ServerSubject], list[PolicySubject]]] = {}
    for server in servers:
        folders.setdefault(os.path.dirname(server.server.source.path), ([], []))[0].append(server)
    for policy in policies:
        folders.setdefault(os.path.dirname(policy.document.source.path), ([], []))[1].append(policy)
    groups = clusters(servers, config.cluster_of) if len(servers) > 1 else []
    for path, (of_servers, of_policies) in folders.items():
        own = tuple(group for group in groups if os.path.dirname(group[0].server.source.path) == path)
        yield DirectorySubject(path, tuple(of_servers), tuple(of_policies), own)
