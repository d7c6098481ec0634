"""The forms in which people write audit configuration: which there are, and who reads which.

A form is a module with one function:

    read(document: Document, context: Context) -> Found | None      for documents in YAML or JSON
    read_text(source: Source, context: Context) -> Found | None     for other texts (units, argument files)

None means: not this form. It decides by content; the file's name is the last resort. A module is
imported only when `wants` sees one of its marks in the file's text, so that a plain run loads what it
needs. To add a form: write the module and add its line to FORMS. A form never knows a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from kube_audit_lint.model.document import Found
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.offsets import OffsetMap
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source


class Context(NamedTuple):
    """What a form may know beyond the document.

    documents: all documents of the file, in order. source: the file.
    hint: "policy" or "server" when the configuration or a link says what the file is.
    embedded: also look into heredocs and fenced blocks (`--embedded`).
    neutral: the text of a template without its template language, of the same length; None when it is none.
    name: of a text inside the file, what the file is called that it becomes (a ConfigMap's key, a path).
    offsets: of a text inside the file, where it stands; None when the text is the file's own.
    inside_template: of a text inside the file, whether a template decides parts of it.
    """

    source: Source
    documents: tuple[Document, ...] = ()
    hint: str = ""
    embedded: bool = False
    neutral: str | None = None
    name: str = ""
    offsets: OffsetMap | None = None
    inside_template: bool = False

    @property
    def is_template(self) -> bool:
        """Whether a template decides parts of the text."""
        return self.inside_template or (self.neutral is not None and self.offsets is None)

    @property
    def path(self) -> str:
        """What the file is called, for forms that a name says something to."""
        return self.name or self.source.path

    @property
    def text(self) -> str:
        """The text to read: placeholders of a template are unknown values in it."""
        return self.source.text if self.neutral is None else self.neutral

    def place(self, start: int, end: int) -> Place:
        """Where the characters of the text from `start` to `end` stand in the file."""
        if self.offsets is None:
            return Place(self.source, start, end)
        return Place(self.source, self.offsets.outer(start), self.offsets.outer_end(end))


class Form(NamedTuple):
    """One line of the table: a name, the module below this package, marks of which the text must hold one."""

    name: str
    marks: tuple[str, ...]
    text: bool = False

    def wants(self, text: str) -> bool:
        """Whether the module is worth loading for this text."""
        return any(mark in text for mark in self.marks)


class DocumentReader(Protocol):
    """The function `read` of a form's module."""

    def __call__(self, document: Document, context: Context) -> Found | None: ...


class TextReader(Protocol):
    """The function `read_text` of a form's module."""

    def __call__(self, source: Source, context: Context) -> Found | None: ...


# The first form that recognises a document has it.
FORMS = (
    Form("policy", ("",)),  # an empty file holds no marks, and is a policy that stops the server when it is named so
    Form("workload", ("kube-apiserver", "apiserver")),
    Form("kubeadm", ("kubeadm.k8s.io/", "ClusterConfiguration")),
    Form("pod_patch", ("/containers/", "/kubeadmConfigSpec/")),
    Form("kops", ("kops.k8s.io/", "kops/", "kubeAPIServer")),
    Form("rke1", ("kube-api:", "kube_api:", 'kube-api"', 'kube_api"')),
    Form(
        "rke2",
        ("-arg:", "-arg+:", "-args:", '-arg"', '-arg+"', "audit-policy-file:", "\naudit-"),
    ),
    Form("canonical", ("extra-node-kube-apiserver-args",)),
    Form("rancher", ("provisioning.cattle.io/",)),
    Form("kubespray", ("_audit", "audit_", "kube_kubeadm_apiserver_extra_args")),
    Form("configmap", ("ConfigMap", "Secret")),
    Form("capi", (".cluster.x-k8s.io/", "kubeadmConfigSpec", "ClusterClass")),
    Form("cloudinit", ("write_files", "#cloud-config")),
    Form("eksa", ("anywhere.eks.amazonaws.com/",)),
    Form("kubeone", ("KubeOneCluster",)),
    Form("kind", ("kind.x-k8s.io/", "kind.sigs.k8s.io/")),
    Form("k0s", ("k0sproject.io/", "k0smotron.io/", "K0s", "extraArgs")),
    Form("openshift", ("openshift.io/", "MasterConfig")),
    Form("microshift", ("auditLog", "apiServer")),
    Form("gardener", ("kubeAPIServer",)),
    Form("deckhouse", ("control-plane-manager", "controlPlaneManager", "auditPolicyEnabled")),
    Form("kwok", ("kwok.x-k8s.io/",)),
    Form("talos", ("apiServer", "KubeAPIServerConfig", "KubeAuditPolicyConfig")),
    Form(  # the last of documents
        "elsewhere",
        ("audit.k8s.io/", "YXVkaXQuazhzLmlv", "F1ZGl0Lms4cy5pb", "hdWRpdC5rOHMuaW", "/config.yaml", "/manifests/kube"),
    ),
    Form("embedded", ("<<", "```", "~~~", "minikube", "--kube-apiserver-arg", "audit.k8s.io/"), text=True),
    Form("systemd", ("[Service]",), text=True),
    Form("environment", ("--audit", "--etcd-servers"), text=True),
    Form("argsfile", ("--audit", "--etcd-servers"), text=True),
)


def document_readers(text: str) -> Iterator[tuple[Form, DocumentReader]]:
    """The forms that may recognise a YAML or JSON document of this text."""
    for form in FORMS:
        if not form.text and form.wants(text):
            yield form, cast(DocumentReader, import_module(f"{__name__}.{form.name}").read)


def text_readers(text: str) -> Iterator[tuple[Form, TextReader]]:
    """The forms that may recognise a text that is no YAML or JSON."""
    for form in FORMS:
        if form.text and form.wants(text):
            yield form, cast(TextReader, import_module(f"{__name__}.{form.name}").read_text)
