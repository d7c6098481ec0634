"""An audit policy where it is written."""

from __future__ import annotations

from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, locate
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.syntax.statements import Branch


class OpenPolicy(NamedTuple):
    """A policy in a template, with unknown nodes for what it puts in.

    root: the policy with all that its branches hold; a rule that is put in is a node without a length. branches: the
    blocks that decide which parts of it are there.
    """

    root: Mapping
    branches: tuple[Branch, ...]


class PolicyDocument(NamedTuple):
    """An audit policy where it is written; `_replace` gives a changed copy.

    document: the document that kube-apiserver would read; for a policy that is a part of a larger
        document (`auditPolicy:` of a Talos machine configuration) its `root` is that part.
    place: what to underline when the policy as a whole is meant.
    versions: the versions that the surrounding form names, or None.
    whole_file: the policy is all that is in the file (so that further documents are never read).
    later: the documents after it in the same file.
    embedded: the form hands kube-apiserver a policy it has parsed and checked itself (a part of a larger
        document): what is special about reading a file does not hold.
    partial: only a part of the policy is here (a fragment, a template whose loops decide the rest).
    opened: of a partial policy, what may become of it, where the places that are left open are known.
    in_order: of a partial policy, that its rules follow one another: what the first take, the others never get.
    only_rules: the file holds the list of rules and no key beside it; who reads it writes the rest.
    names: what it is called where it is mounted from (a ConfigMap's key, the path that cloud-init
        writes it to); empty when the name of the file counts.
    namespace: that of the ConfigMap or Secret that holds it, "" where it says none.
    """

    document: Document
    place: Place
    form: str = "policy"
    versions: Versions | None = None
    whole_file: bool = False
    later: tuple[Document, ...] = ()
    embedded: bool = False
    partial: bool = False
    opened: OpenPolicy | None = None
    in_order: bool = False
    only_rules: bool = False
    names: tuple[str, ...] = ()
    namespace: str = ""

    @property
    def source(self) -> Source:
        """The file it is written in."""
        return self.place.source

    @property
    def root(self) -> Node | None:
        """The root node; None when the document is empty or unreadable."""
        return self.document.root

    def at(self, *path: str | int) -> Place:
        """The place of the node at a path (`"rules", 2, "users", 0`); where it is missing, of what is nearest above."""
        return self.place if self.root is None else locate(self.root, *path).place

    def __repr__(self) -> str:
        return f"PolicyDocument({self.source.path!r}, {self.place.start}-{self.place.end})"
