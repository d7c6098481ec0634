"""A kubeconfig where it is written: what `--audit-webhook-config-file` names."""

from __future__ import annotations

from kube_audit_lint.syntax.nodes import Mapping
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source


class Kubeconfig(NamedTuple):
    """A kubeconfig; `_replace` gives a changed copy.

    place: what to underline when it is meant as a whole. named: whether its name is that of a webhook's.
    loaded: whether an API server loads it as its audit webhook's configuration.
    names: what it is called where it is mounted from or written to; empty when the name of the file counts.
    namespace: that of the ConfigMap or Secret that holds it, "" where it says none.
    """

    root: Mapping
    place: Place
    named: bool = False
    loaded: bool = False
    names: tuple[str, ...] = ()
    namespace: str = ""

    @property
    def source(self) -> Source:
        """The file it is written in."""
        return self.place.source

    @property
    def whole_file(self) -> bool:
        """Whether nothing else is in the file: kube-apiserver reads its first document."""
        return True
