"""From the bytes of a file to what it holds: decodes, parses, and recognises forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.discovery.walk import EMBEDDING
from kube_audit_lint.forms import AllForms
from kube_audit_lint.forms.common.context import Context, DocumentReader, Reading
from kube_audit_lint.model.found import Found, Note, joined
from kube_audit_lint.syntax.decode import decode, has_mark
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place, Source

if TYPE_CHECKING:
    from kube_audit_lint.syntax.templates import Neutral

_TEMPLATE_MARKS = ("{{", "{%", "<%", "#@", "%{", "${", "$(", "\\$")
"""One of them is in every template; most files hold none, and need no more of templates."""

_ENDINGS = (".yaml", ".yml", ".json")
_SETTINGS = ("audit-policy-file", "audit-log-path", "auditPolicyFile", "auditLogPath", "audit_log:")

LARGE = 200_000
"""Characters above which a stream is looked at document by document before any is parsed."""


class Collected(NamedTuple):
    """One file: its text, its documents and what the forms found in them.

    reported: whether the user named the file (findings elsewhere are not shown).
    """

    source: Source
    documents: tuple[Document, ...]
    found: Found
    reported: bool = True


def collect(
    path: str, data: bytes, *, hint: str = "", embedded: bool = False, reported: bool = True
) -> Collected | None:
    """What a file holds; None when nothing in it is ours.

    hint: `policy` or `server` when the configuration or a manifest says what the file is.
    """
    source, documents, template = _read(path, data, embedded)
    neutral = None if template is None else template.text
    context = Context(source, documents, hint, embedded, neutral, readers=AllForms(), reading=Reading())
    found = _of_documents(documents, context) if documents else Found()
    if not found:
        found = _of_text(source, context)
    if template is not None:
        found = _of_template(found, template, source)
    elif not found:
        found = _unreadable(documents, source)
    return Collected(source, documents, found, reported) if found else None


def _unreadable(documents: tuple[Document, ...], source: Source) -> Found:
    """A note where a file shows settings of auditing, but nobody can read it."""
    problem = next((one.problem for one in documents if one.problem is not None), None)
    if problem is None or not source.path.endswith(_ENDINGS):
        return Found()
    if not any(mark in source.text for mark in _SETTINGS):
        return Found()
    return Found(notes=(Note(problem.place, f"audit settings in a file that cannot be read: {problem.message}"),))


def _read(path: str, data: bytes, embedded: bool) -> tuple[Source, tuple[Document, ...], Neutral | None]:
    """A file's documents; those of a template with its placeholders as unknown values."""
    text, problem = decode(data)
    source = Source(path, text)
    # Of scripts and documentation only pieces are read, each with what is unknown in it (forms/embedded.py).
    pieces = embedded and path.rpartition(".")[2].lower() in EMBEDDING
    marked = problem is None and not pieces and any(mark in text for mark in _TEMPLATE_MARKS)
    template = _neutral(path, text) if marked else None
    if template is not None:
        return source, tuple(read_documents(source, template.text)), template
    if problem is None and len(text) > LARGE and not has_mark(data):
        from kube_audit_lint.pipeline.large import read_large

        return source, tuple(read_large(source)), None
    documents = tuple(read_documents(source, byte_problem=problem, marked=has_mark(data)))
    if marked and any(one.problem for one in documents):
        # What cannot be read as it stands may be a template of a kind that its name does not show.
        template = _neutral(path, text, shell=True)
        filled = tuple(read_documents(source, template.text)) if template is not None else ()
        if template is not None and any(one.mapping for one in filled) and not any(one.problem for one in filled):
            refused = next(one.problem for one in documents if one.problem is not None)
            return source, filled, template._replace(refused=refused)
    return source, documents, None


def _neutral(path: str, text: str, shell: bool = False) -> Neutral | None:
    from kube_audit_lint.syntax.templates import neutralise

    return neutralise(path, text, shell)


def _of_template(found: Found, template: Neutral, source: Source) -> Found:
    """Of a template, only what no filling can change; the rest is noted."""
    from kube_audit_lint.forms.common.uncertain import left_open

    found = found.with_policies(lambda policy: policy._replace(partial=policy.partial or template.partial))
    found = found.with_servers(lambda server: left_open(server, template.partial))
    notes = list(found.notes)
    policies = []
    for policy in found.policies:
        if policy.document.problem is not None:
            notes.append(Note(policy.document.problem.place, "this template cannot be read before it is filled"))
            continue
        policies.append(policy)
    if template.refused is not None and (policies or found.servers):
        as_it_stands = f"read as a template; as it stands the file is no YAML: {template.refused.message}"
        notes.append(Note(template.refused.place, as_it_stands))
    if template.partial and (policies or found.servers):
        first = template.insertions[0] if template.insertions else (0, 0)
        notes.append(Note(Place(source, *first), "the template decides what is here; only what is certain was checked"))
    return Found(tuple(policies), found.servers, found.misshapes, tuple(notes))


def _of_documents(documents: tuple[Document, ...], context: Context) -> Found:
    readers = _Readers(context.source.text)
    parts: list[Found] = []
    for document in documents:
        for read in readers:
            part = read(document, context)
            if part is not None:
                parts.append(part)
                break
    return joined(parts)


class _Readers:
    """The readers of a text's documents, imported only as far as no earlier one recognises a document."""

    def __init__(self, text: str) -> None:
        self._known: list[DocumentReader] = []
        self._rest = AllForms().of_document(text)

    def __iter__(self) -> Iterator[DocumentReader]:
        yield from self._known
        for read in self._rest:
            self._known.append(read)
            yield read


def _of_text(source: Source, context: Context) -> Found:
    for read in AllForms().of_text(source.text):
        part = read(source, context)
        if part is not None:
            return part
    return Found()
