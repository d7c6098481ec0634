"""What rules are applied to: policies and servers, with the versions they are checked by and their counterparts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from kube_audit_lint.checks._manifests import is_hidden, is_put_away
from kube_audit_lint.checks._subject import DirectorySubject, PolicySubject, ServerSubject
from kube_audit_lint.forms.policy import is_fragment
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.kubernetes.paths import brought_file, policy_path
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Note
from kube_audit_lint.model.server import ApiServer, Flag, HostFile
from kube_audit_lint.model.version import DEFAULT, Versions, newer, refused
from kube_audit_lint.pipeline.clusters import clusters
from kube_audit_lint.pipeline.config import NAMES, Config
from kube_audit_lint.pipeline.linking import Link
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source
from kube_audit_lint.syntax.unknown import is_unknown

_BASE = r"(?i)(?:\A|[-_.])(?:base|fragment)(?=[-_.])"
"""How files are called that hold a part of a policy."""

NO_FILE = Source("", "").place()
"""The place of a note about an option."""


class Subjects(NamedTuple):
    """All that rules are applied to, and notes about what they are not applied to."""

    policies: list[PolicySubject]
    servers: list[ServerSubject]
    notes: list[Note]


def subjects(documents: Iterable[PolicyDocument], links: Sequence[Link], options: Options, config: Config) -> Subjects:
    """Each policy and server with its counterpart and versions; what is older than all known versions is noted."""
    aside = [(link, _why_aside(link.server)) for link in links]
    live = [link for link, why in aside if why is None]
    notes = [Note(link.server.place, f"{why}: not checked") for link, why in aside if why is not None]
    loaders: dict[int, list[ApiServer]] = {}
    for link in live:
        loaders.setdefault(id(link.policy), []).append(link.server)
    linked = (link.policy for link in live if link.policy is not None)
    policies: dict[int, PolicySubject] = {}
    for document in {id(one): one for one in (*documents, *linked)}.values():
        servers = tuple(loaders.get(id(document), ()))
        versions, places = _policy_versions(document, servers, options, config)
        if versions.known is not None:
            part = document.partial or (not servers and _is_part(document, config))
            shown = document._replace(partial=part, in_order=document.in_order or (part and not document.partial))
            policies[id(document)] = PolicySubject(shown, versions.known, servers, places)
        if not servers:
            notes += _about_versions(versions, document.place, options, config)
    subjects = []
    for link in live:
        versions = _requested(link.server.source.path, options, config) or link.server.versions or DEFAULT
        notes += _about_versions(versions, link.server.version_place or link.server.place, options, config)
        notes += _missing(link, config)
        if versions.known is not None:
            subjects.append(_server_subject(link, versions.known, policies.get(id(link.policy))))
    return Subjects(list(policies.values()), subjects, notes)


def _server_subject(link: Link, versions: Versions, policy: PolicySubject | None) -> ServerSubject:
    files, known, brought = link.delivered
    server = link.server if files == link.server.files else link.server._replace(files=files, files_known=known)
    others = link.others, link.other_webhooks
    return ServerSubject(server, versions, policy, link.missing, link.webhook, brought, *others)


def _why_aside(server: ApiServer) -> str | None:
    """Why no kubelet reads a file; None where one may."""
    path = server.source.path
    if is_put_away(path):
        return "a backup outside of a static pod directory"
    return "the kubelet reads no file whose name begins with a dot" if is_hidden(path) else None


def _is_part(document: PolicyDocument, config: Config) -> bool:
    """Whether a policy that no server loads is one that others are made from: OpenShift's `base-policy.yaml`."""
    path = document.source.path
    if is_fragment(document.root, path) and document.whole_file and not config.hint(path):
        return True
    return re.search(_BASE, os.path.basename(document.source.path)) is not None and not document.names


def _about_versions(versions: Versions, place: Place, options: Options, config: Config) -> Iterator[Note]:
    """A note about versions that are not among the known ones; those of the configuration are noted there."""
    if versions.known is None:
        yield Note(place, f"{refused(versions)}: not checked")
    elif newer(versions):
        if options.versions is not None:
            yield Note(NO_FILE, f"--kubernetes-version: {newer(versions)}")
        elif config.for_path(place.source.path).versions is None:
            yield Note(place, newer(versions))


def _missing(link: Link, config: Config) -> Iterator[Note]:
    """A note about a server whose policy is in no file of the run."""
    server, flag = link.server, link.server.flag(POLICY_FILE)
    path = policy_path(server)
    if link.policy is not None or link.missing or link.others or path is None:
        return
    if flag is None:
        yield from _unseen(brought_file(server, path))
        return
    if link.equal:
        yield _tie(link, path, flag, config)
        return
    file = brought_file(server, path)
    if file is None or file.local is not None:  # else the form brings a policy that is not known
        message = f"the policy {path} is in no file of this run: what it records was not checked"
        if server.writes_policy and server.defaults.get(POLICY_FILE) == path:
            message += "; where it is missing on the host, too, RKE2 writes a policy there that records nothing"
        yield Note(flag.value_place, message)


def _tie(link: Link, path: str, flag: Flag, config: Config) -> Note:
    """A note about a server that may load several policies, and about each of these."""
    first, *others = link.equal
    if not others:  # parts of one file
        message = f"several policies of {first} fit {path}: which of them this server loads is not known"
        return Note(flag.value_place, f"{message}, so none was checked with it", about=link.equal)
    files = f"{first} and {others[0]}" if len(others) == 1 else f"{first}, {others[0]} and {len(others) - 1} more"
    message = (
        f"{files} fit {path} equally well: which of them this server loads is not known, so none was checked with "
    )
    message += f"it; say so in {config.of(link.server.source.path).path or NAMES[0]}, for instance "
    shown = config.of(link.server.source.path).below(first)
    return Note(flag.value_place, f"{message}`links: {{PATH OF THIS FILE: {shown}}}`", about=link.equal)


def _unseen(file: HostFile | None) -> Iterator[Note]:
    """A note about an object or a file that a form takes the policy from, where it is in no file of the run."""
    kind, _, rest = file.local.text.partition(":") if file is not None and file.local is not None else ("", "", "")
    if file is not None and kind in ("ConfigMap", "Secret"):
        name = rest.rpartition("/")[0]
        message = f"the {kind} {name} with the policy is in no file of this run: what it records was not checked"
        yield Note(file.place, message)
    elif file is not None and file.local is not None and not is_unknown(file.local.text):
        at = file.local.text
        yield Note(file.local.place, f"the policy {at} is in no file of this run: what it records was not checked")


def _policy_versions(
    document: PolicyDocument, servers: tuple[ApiServer, ...], options: Options, config: Config
) -> tuple[Versions, tuple[Place, ...]]:
    """What is requested; else what the servers that load it run, and where they name it; else what its form names.

    Servers that are older than all known versions count only when there is no other.
    """
    requested = _requested(document.source.path, options, config)
    if requested is not None:
        return requested, ()
    found = [(one.versions, one) for one in servers if one.versions is not None]
    found = [(versions, one) for versions, one in found if versions.known is not None] or found
    if not found:
        return document.versions or DEFAULT, ()
    first = min(found, key=lambda one: one[0].first)
    last = max(found, key=lambda one: one[0].last)
    places = dict.fromkeys(one.version_place or one.place for _, one in (first, last))
    return Versions(first[0].first, last[0].last), tuple(places)


def _requested(path: str, options: Options, config: Config) -> Versions | None:
    """The versions of the command line, or else of the configuration."""
    return options.versions or config.for_path(path).versions


def directories(subjects: Subjects, config: Config) -> Iterator[DirectorySubject]:
    """A subject for each directory with policies or servers, with the clusters that begin in it."""
    folders: dict[str, tuple[list[ServerSubject], list[PolicySubject], list[tuple[ServerSubject, ...]]]] = {}

    def of(path: str) -> tuple[list[ServerSubject], list[PolicySubject], list[tuple[ServerSubject, ...]]]:
        return folders.setdefault(os.path.dirname(path), ([], [], []))

    bases: set[Place] = set()  # one object is one file's, whatever kustomizations make of it
    for server in subjects.servers:
        overlay = server.server.overlay
        if overlay is None or overlay.base not in bases:
            of(server.server.source.path)[0].append(server)
        bases.update((overlay.base,) if overlay is not None else ())
    for policy in subjects.policies:
        of(policy.document.source.path)[1].append(policy)
    for group in clusters(subjects.servers, config.cluster_of):
        of(group[0].server.source.path)[2].append(group)
    for path, (servers, policies, groups) in folders.items():
        yield DirectorySubject(path, tuple(servers), tuple(policies), tuple(groups))
