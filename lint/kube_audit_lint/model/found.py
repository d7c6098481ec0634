"""What a form finds in a file: policies, API servers, settings that the form does not take as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kube_audit_lint.model.document import PolicyDocument
    from kube_audit_lint.model.kubeconfig import Kubeconfig
    from kube_audit_lint.model.server import ApiServer

MisshapeKind = Literal[
    "unknown-key",
    "wrong-shape",
    "not-a-string",
    "not-on-host",
    "switched-off",
    "applied",
    "in-manifests",
    "not-readable",
    "refused",
    "logging-off",
    "rotated-twice",
    "not-writable",
    "not-forwarded",
    "kept-short",
]
"""What is wrong: a key that the form does not know; a shape it does not take; an item of a command that is no
string; a policy that nothing brings onto the host; auditing that is switched off as a whole; a policy that is
applied as an object; one that is written where the kubelet looks for pods; a policy that the server may not
read; a pod that is refused as a whole; the audit log of a managed cluster that is not delivered;
an audit log that something else rotates as well, that a forwarder leaves where it is, or that a store deletes early."""


class Misshape(NamedTuple):
    """Something in a form's file that the form does not take as it was meant. related: in the files that are why."""

    kind: MisshapeKind
    place: Place
    message: str
    help: str = ""
    related: tuple[Related, ...] = ()


class Note(NamedTuple):
    """A part of a file that was not checked, and why. is_error: whether it is surely meant as an audit policy.
    about: the paths of other files that it is about as well."""

    place: Place
    message: str
    is_error: bool = False
    about: tuple[str, ...] = ()


class Rotation(NamedTuple):
    """A path of logrotate's configuration, with wildcards, and what becomes of a log there that kube-apiserver writes.

    likely: whether the path alone shows that it is an audit log, so that it is reported whatever the run holds.
    emptied: whether the file is emptied in its place, which does no harm where the server never rotates it.
    """

    pattern: str
    misshape: Misshape
    likely: bool = False
    emptied: bool = False


class Found(NamedTuple):
    """What one file holds. managed: the control planes that a provider runs, of which it says what is logged."""

    policies: tuple[PolicyDocument, ...] = ()
    servers: tuple[ApiServer, ...] = ()
    misshapes: tuple[Misshape, ...] = ()
    notes: tuple[Note, ...] = ()
    kubeconfigs: tuple[Kubeconfig, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    managed: tuple[Place, ...] = ()

    def __bool__(self) -> bool:
        held = self.policies or self.servers or self.misshapes or self.notes or self.kubeconfigs
        return bool(held or self.rotations or self.managed)

    def with_policies(self, change: Callable[[PolicyDocument], PolicyDocument]) -> Found:
        """The same with each policy changed, also where a server refers to it."""
        changed = {id(policy): change(policy) for policy in self.policies}

        def current(policy: PolicyDocument | None) -> PolicyDocument | None:
            return changed.get(id(policy), policy)

        def referring(server: ApiServer) -> ApiServer:
            files = tuple(file._replace(content=current(file.content)) for file in server.files)
            return server._replace(policy=current(server.policy), files=files)

        servers = tuple(referring(server) for server in self.servers) if changed else self.servers
        return self._replace(policies=tuple(changed.values()), servers=servers)

    def with_servers(self, change: Callable[[ApiServer], ApiServer]) -> Found:
        """The same with each server changed."""
        return self._replace(servers=tuple(change(server) for server in self.servers))

    def with_kubeconfigs(self, change: Callable[[Kubeconfig], Kubeconfig]) -> Found:
        """The same with each kubeconfig changed."""
        return self._replace(kubeconfigs=tuple(change(one) for one in self.kubeconfigs))

    def with_misshapes(self, more: Iterable[Misshape]) -> Found:
        """The same with further misshapes behind its own."""
        return self._replace(misshapes=(*self.misshapes, *more))


def joined(parts: Iterable[Found]) -> Found:
    """All that several parts of a file hold."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    return Found(
        tuple(policy for part in parts for policy in part.policies),
        tuple(server for part in parts for server in part.servers),
        tuple(misshape for part in parts for misshape in part.misshapes),
        tuple(note for part in parts for note in part.notes),
        tuple(one for part in parts for one in part.kubeconfigs),
        tuple(one for part in parts for one in part.rotations),
        tuple(one for part in parts for one in part.managed),
    )
