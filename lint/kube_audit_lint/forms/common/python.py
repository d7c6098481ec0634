"""Documents that Python programs read (cloud-init, Ansible): what PyYAML makes of them counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping
from kube_audit_lint.syntax.python_yaml import read_python_yaml


def as_python(document: Document, context: Context) -> Document:
    """The document as PyYAML reads it; as it is where a template decides parts of it, or the file holds several."""
    if context.is_template or len(context.documents) > 1:
        return document
    return read_python_yaml(context.source, context.text, context.offsets)


def unreadable(document: Document, program: str, consequence: str) -> Iterator[Misshape]:
    """The finding for a document that PyYAML refuses. consequence: what the program does then."""
    if document.problem is not None:
        message = f"{program} cannot read this as YAML, {consequence}: {document.problem.message}."
        yield Misshape("wrong-shape", document.problem.place, message, "Write it as YAML that PyYAML reads.")


def lost_keys(mapping: Mapping, program: str, consequence: str, where: Callable[[Entry], bool]) -> Iterator[Misshape]:
    """The findings for keys that occur twice with different values, those that are lost of which `where` holds."""
    text = mapping.source.text
    for lost, winner in mapping.duplicates:
        same = text[lost.value.start : lost.value.end] == text[winner.value.start : winner.value.end]
        if not same and where(lost):
            line = mapping.source.position(winner.key.start)[0]
            name = lost.key.value
            message = f"`{name}` stands twice: {program} keeps the last one (line {line}), {consequence}."
            yield Misshape("wrong-shape", lost.key.place, message, f"Write one `{name}`.")
