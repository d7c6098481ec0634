"""The policy that kubespray writes with `audit_policy_custom_rules` in it: a text that is put below `rules:`.

Source: kubernetes-sigs/kubespray roles/kubernetes/control-plane/templates/apiserver-audit-policy.yaml.j2; an empty text
is as good as none, and then kubespray's own rules are written.
"""

from __future__ import annotations

from kube_audit_lint.forms.common.folded import folded
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape, Note
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.offsets import embedded_text
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.unknown import is_unknown

RULES = "audit_policy_custom_rules"


def policy_of(root: Mapping, versions: Versions | None) -> Found:
    """The policy of the custom rules; empty where there are none."""
    key, node = root.key(RULES), root.get(RULES)
    if key is None or node is None or (isinstance(node, Scalar) and (node.kind == "null" or not node.value)):
        return Found()
    if isinstance(node, Sequence):
        message = f"{RULES} is a text that kubespray puts below `rules:`, and this is a list: the template fails."
        shape = Misshape("wrong-shape", key.place, message, f"Put `|` behind `{RULES}:`.")
        return Found((_policy(key, node, versions, None),), misshapes=(shape,))
    if not isinstance(node, Scalar) or node.kind != "string":
        message = f"{RULES} is a text that kubespray puts below `rules:`, and this is none."
        return Found(misshapes=(Misshape("wrong-shape", key.place, message, "Write a list of rules behind `|`."),))
    wrong = folded(node)
    if wrong is not None:
        return Found(misshapes=(wrong,))
    text, offsets = embedded_text(node)
    document = next(iter(read_documents(node.source, text, offsets)), None)
    if is_unknown(text) and (document is None or document.problem is not None or isinstance(document.root, Scalar)):
        return Found(notes=(Note(node.place, f"a template decides what {RULES} holds"),))
    rules = None if document is None else document.root
    return Found(
        (_policy(key, rules or Scalar(node.source, node.start, node.end, "null", "null"), versions, document),)
    )


def _policy(key: Scalar, rules: Node, versions: Versions | None, document: Document | None) -> PolicyDocument:
    """The whole file, whose other lines kubespray writes: they are at the variable's name."""
    if document is not None and document.problem is not None:
        return PolicyDocument(document, document.problem.place, form="kubespray", versions=versions, only_rules=True)
    entries = {
        "apiVersion": Entry(_at(key, "apiVersion"), _at(key, "audit.k8s.io/v1")),
        "kind": Entry(_at(key, "kind"), _at(key, "Policy")),
        "rules": Entry(_at(key, "rules"), rules),
    }
    whole = Mapping(key.source, key.start, rules.end, entries)
    inner = Document(key.source, key.start, rules.end, whole)
    return PolicyDocument(inner, key.place, form="kubespray", versions=versions, only_rules=True)


def _at(key: Scalar, value: str) -> Scalar:
    return Scalar(key.source, key.start, key.end, "string", value)
