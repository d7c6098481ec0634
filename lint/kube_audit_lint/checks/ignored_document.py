"""Template `ignored-document`: what is after the first YAML document of a policy file.

Source: sigs.k8s.io/yaml (YAMLToJSON) as staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go calls it, 1.12 to
1.37: the parser stops after the first document, and does not even look at what follows.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.source import Place

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit at the first document that is not read."""
    document = subject.document
    if not document.whole_file or document.embedded or not isinstance(document.root, Mapping):
        return  # an empty first document is what is wrong then, and stops the server
    later = [one for one in document.later if not _empty(one)]
    if not later:
        return
    more = "" if len(later) == 1 else f", nor the {len(later) - 1} after it"
    message = f"kube-apiserver reads only the first document of a policy file: this one is never read{more}."
    yield Hit(_place(later[0]), message)


def _empty(document: Document) -> bool:
    root = document.root
    if document.problem is not None:
        return False
    return root is None or (isinstance(root, Scalar) and root.kind == "null")


def _place(document: Document) -> Place:
    root = document.root
    if isinstance(root, Mapping):
        for entry in root.entries.values():
            if not entry.merged:
                end = entry.value.end if isinstance(entry.value, Scalar) else entry.key.end
                return Place(root.source, entry.key.start, max(end, entry.key.end))
    if root is not None:
        return root.place
    return Place(document.source, *_first_line(document))


def _first_line(document: Document) -> tuple[int, int]:
    text = document.source.text
    start = document.start
    while start < document.end and (text[start].isspace() or text.startswith("---", start)):
        start += 3 if text.startswith("---", start) else 1
    end = start
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    return start, end
