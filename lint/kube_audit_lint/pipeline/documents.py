"""From the bytes of a file to what it holds: decodes, parses, and recognises forms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.discovery.look import MANIFEST_ENDS, interesting, named_policy
from kube_audit_lint.discovery.walk import EMBEDDING, SHELL
from kube_audit_lint.forms import AllForms
from kube_audit_lint.forms.common.context import Context, DocumentReader, Reading
from kube_audit_lint.forms.common.doubled import with_doubled
from kube_audit_lint.model.found import Found, Misshape, Note, joined
from kube_audit_lint.syntax.decode import decode, has_mark
from kube_audit_lint.syntax.extras import TERRAFORM, reads_terraform
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, scalar_spans
from kube_audit_lint.syntax.reader import check_parts, read_documents
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import OffsetMap, Place, Shifted, Source
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.syntax.nodes import SyntaxProblem
    from kube_audit_lint.syntax.templates import Neutral

_TEMPLATE_MARKS = ("{{", "{%", "<%", "#@", "%{", "${", "$(", "\\$")
"""One of them is in every template; most files hold none, and need no more of templates."""

_NO_OUTPUT = r"(?m)^[ \t]*#@(?:overlay|data|schema|library)/"
_NEXT = r"(?m)^---(?=\s)"
_NESTED_VALUE = "mapping values are not allowed in this context"
_UNFILLED = "this template cannot be read before it is filled"

_SHEBANG = rb"#![^\n]*sh\b"

_DEFINE = 'define "'
"""What is in every file with named templates of Helm."""

_SETTINGS = ("audit-policy-file", "audit-log-path", "auditPolicyFile", "auditLogPath", "audit_log:")

_MOST_BROKEN = 20
"""Behind so many documents that cannot be read, the next is read."""

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

    hint: `policy` or `server` when the configuration or a manifest names what the file is.
    """
    embedded = embedded or starts_server(path, data)
    # Of a policy's file all counts, also what does not look like one.
    whole = hint == "policy" or named_policy(path)
    source, documents, template = _read(path, data, embedded, whole)
    neutral = None if template is None else template.text
    context = Context(source, documents, hint, embedded, neutral, readers=AllForms(), reading=Reading())
    found = _of_documents(documents, context) if documents else Found()
    if not found:
        found = _of_text(source, context)
    elif template is not None and not found.servers and _DEFINE in source.text:
        found = joined([found, Found(servers=_of_text(source, context).servers)])
    if template is not None:
        found = _of_template(found, template, source, documents)
    elif not found:
        found = _unreadable(documents, source)
    if found.policies and "${" in source.text:
        from kube_audit_lint.forms.common.unfilled import with_unknown
        from kube_audit_lint.kubernetes.loading import load
        from kube_audit_lint.model.version import DEFAULT

        found = with_unknown(found, lambda policy: load(policy, DEFAULT).loads_in is not None)
    found = with_doubled(found, documents)
    return Collected(source, documents, found, reported) if found else None


def starts_server(path: str, data: bytes) -> bool:
    """Whether a file is a script that starts kube-apiserver with flags of auditing: such a one is read whole."""
    if b"--audit-" not in data or not (b"kube-apiserver" in data or b"hyperkube" in data):
        return False
    if not path.endswith(SHELL) and not re.match(_SHEBANG, data):
        return False
    from kube_audit_lint.forms.shell import starts

    return starts(decode(data)[0])


def plain_documents(path: str, data: bytes) -> tuple[Document, ...] | None:
    """A file's documents with any content; None where it is a template that decides what is there."""
    if len(data) > LARGE:
        return None
    _, documents, template = _read(path, data, False, False)
    return None if template is not None and template.branches else documents


def _unreadable(documents: tuple[Document, ...], source: Source) -> Found:
    """A note where a file shows settings of auditing, but nobody can read it."""
    problem = next((one.problem for one in documents if one.problem is not None), None)
    if problem is None or not source.path.endswith(MANIFEST_ENDS):
        return Found()
    if not any(mark in source.text for mark in _SETTINGS):
        return Found()
    note = Note(problem.place, f"audit settings in a file that cannot be read: {problem.message}")
    return Found(misshapes=tuple(_no_yaml([problem], source)), notes=(note,))


def _read(path: str, data: bytes, embedded: bool, whole: bool) -> tuple[Source, tuple[Document, ...], Neutral | None]:
    """A file's documents; those of a template with its placeholders as unknown values."""
    text, problem = decode(data)
    source = Source(path, text)
    if path.endswith(TERRAFORM) and reads_terraform():
        return source, (), None
    # Of scripts and documentation only pieces are read, each with what is unknown in it (forms/embedded.py).
    pieces = embedded and path.rpartition(".")[2].lower() in EMBEDDING
    marked = problem is None and not pieces and any(mark in text for mark in _TEMPLATE_MARKS)
    template = _neutral(path, text) if marked else None
    if template is not None:
        return _of_marked(source, template)
    large = problem is None and len(text) > LARGE and not has_mark(data) and not whole
    if pieces or not large:
        check_parts(text)
    if large:
        from kube_audit_lint.pipeline.large import read_large

        return source, tuple(read_large(source)), None
    documents = tuple(read_documents(source, byte_problem=problem, marked=has_mark(data)))
    if pieces and any(one.problem for one in documents):
        return source, (), None  # no YAML as a whole; a heredoc's first comment ends the sentence in front of it
    if marked and any(one.problem for one in documents):
        # What cannot be read as it stands may be a template of a kind that its name does not show.
        template = _neutral(path, text, shell=True)
        filled = tuple(_filled(source, template.text)) if template is not None else ()
        if template is not None and any(one.mapping for one in filled) and not any(one.problem for one in filled):
            refused = next(one.problem for one in documents if one.problem is not None)
            return source, filled, template._replace(refused=refused)
    return source, documents, None


def _of_marked(source: Source, template: Neutral) -> tuple[Source, tuple[Document, ...], Neutral | None]:
    """The documents of a file with placeholders; where it is YAML as it stands, only its scalars hold any."""
    from kube_audit_lint.syntax.templates import is_filled

    if not is_filled(source.path, source.text):
        documents = tuple(read_documents(source))
        if any(one.root for one in documents) and not any(one.problem for one in documents):
            spans = [span for one in documents for span in scalar_spans(one.root)]
            inside = _neutral(source.path, source.text, scalars=spans)
            if inside is None:
                return source, documents, None
            template = inside
    documents = tuple(_filled(source, template.text))
    return source, tuple(_outputs(documents, template, source.text)), template


def _filled(source: Source, text: str) -> list[Document]:
    """The documents of a template, with the defaults of the values that have one.

    What is put into JSON need not be in quotes, and may leave a comma behind: YAML takes both. Tools read each
    document of a file by itself: behind one that cannot be read before it is filled, the next is read.
    """
    from kube_audit_lint.syntax.defaults import with_defaults

    filled = with_defaults(source.text, text)
    if filled is not None:
        return _of_json_or_yaml(source, *filled)
    documents = _of_json_or_yaml(source, text, OffsetMap())
    for _ in range(_MOST_BROKEN):
        at = _next_document(documents[-1:], text)
        if not at:
            break
        documents[-1].end = at
        documents += read_documents(source, text[at:], Shifted(OffsetMap(), at))
    return documents


def _of_json_or_yaml(source: Source, text: str, offsets: OffsetMap) -> list[Document]:
    documents = read_documents(source, text, offsets)
    if any(one.json and one.problem for one in documents):
        return read_documents(source, text, offsets, marked=True)
    return documents


def _next_document(last: list[Document], text: str) -> int:
    """Where the document begins behind one that cannot be read and is not about auditing; 0 where there is none."""
    broken = last[0] if last and last[0].problem is not None else None
    if broken is None or broken.problem is None:
        return 0
    found = re.compile(_NEXT).search(text, broken.problem.place.start)
    about = found is not None and "audit.k8s.io" in text[broken.start : found.start()]
    return 0 if found is None or about else found.start()


def _outputs(documents: tuple[Document, ...], template: Neutral, text: str) -> Iterator[Document]:
    """The documents that become some of the output: not the functions and values of ytt, and of its overlays only
    those that change an object (`spec`), which are read as the parts that they are."""
    functions = [branch for branch in template.branches if branch.function]
    end = 0
    for one in documents:
        root = one.root
        if root is None or root.start == root.end:
            yield one
            continue
        annotated = re.compile(_NO_OUTPUT).search(text, end, root.start) is not None and not _is_of_object(root)
        if not annotated and not any(branch.holds(root.start, root.end) for branch in functions):
            yield one
        end = root.end


def _is_of_object(root: Node) -> bool:
    return isinstance(root, Mapping) and "spec" in root.entries and "apiVersion" not in root.entries


def _neutral(path: str, text: str, shell: bool = False, scalars: list[tuple[int, int]] | None = None) -> Neutral | None:
    """The neutral text of a template (templates.neutralise). Where some `${NAME}` has a default, all are filled in."""
    from kube_audit_lint.syntax.defaults import has_defaults
    from kube_audit_lint.syntax.templates import filled_name, neutralise

    # What is no YAML has another meaning for `${`, or none.
    named = has_defaults(text) and filled_name(path).endswith((*MANIFEST_ENDS, ".manifest"))
    neutral = neutralise(path, text, shell, scalars, named=named)
    if neutral is None or scalars or _DEFINE not in text:
        return neutral
    from kube_audit_lint.syntax.defines import apart

    return neutral._replace(text=apart(text, neutral.text))


def _of_template(found: Found, template: Neutral, source: Source, documents: tuple[Document, ...]) -> Found:
    """Of a template, only what no filling can change; the rest is noted."""
    from kube_audit_lint.forms.common.uncertain import TemplateParts

    parts = TemplateParts(template, source, documents)
    found = found.with_policies(parts.policy).with_servers(parts.server)
    notes = list(found.notes)
    policies = [policy for policy in found.policies if policy.document.problem is None]
    # A unit with a server in it is no YAML, and nothing is missed.
    unread = (
        [] if found.servers and not any(one.mapping for one in documents) else list(filter(_about_audit, documents))
    )
    unread += [policy.document for policy in found.policies]
    problems = {one.problem.place: one.problem for one in unread if one.problem is not None}
    misshapes = [one for one in found.misshapes if not parts.decides(one)]
    misshapes += _no_yaml(problems.values(), source)
    notes += [Note(one.place, f"{_UNFILLED}: {one.message}") for one in problems.values()]
    if template.refused is not None and (policies or found.servers):
        as_it_stands = f"read as a template; as it stands the file is no YAML: {template.refused.message}"
        notes.append(Note(template.refused.place, as_it_stands))
    if parts.decided:
        first = Place(source, *min(parts.decided))
        notes.append(Note(first, "the template decides what is here; only what is certain was checked"))
    kubeconfigs = tuple(one for one in found.kubeconfigs if parts.is_whole(one.root))
    return Found(tuple(policies), found.servers, tuple(misshapes), tuple(notes), kubeconfigs, managed=found.managed)


def _about_audit(document: Document) -> bool:
    """Whether a document that cannot be read is worth a note. Makefiles and helpers of charts are no YAML, and full of
    the words of auditing; theirs has to show a setting. So has what is called JSON: many tools take comments in it."""
    source = document.source
    text = source.text[document.start : document.end]
    if document.problem is None or not interesting(text.encode("utf-8", "replace")):
        return False
    yaml = any(end in source.path for end in MANIFEST_ENDS if end != ".json")
    return yaml or any(mark in text for mark in (*_SETTINGS, "kube-apiserver"))


def _no_yaml(problems: Iterable[SyntaxProblem], source: Source) -> Iterator[Misshape]:
    """The problems that no filling helps: a line without placeholders that is no YAML, with any line around it."""
    for problem in problems:
        text, at = source.text, problem.place.start
        start = max(text.rfind(mark, 0, at) for mark in "\r\n") + 1
        end = min(found for found in (text.find("\r", at), text.find("\n", at), len(text)) if found >= 0)
        line = text[start:end].strip()
        if _NESTED_VALUE not in problem.message or any(mark in line for mark in (*_TEMPLATE_MARKS, "$")):
            continue
        (alone, *_) = read_documents(Source(source.path, line))
        if alone.problem is not None and _NESTED_VALUE in alone.problem.message:
            message = f"`{line}` is no YAML: {_NESTED_VALUE}. Nothing reads this file as it stands."
            key = start + len(text[start:end]) - len(text[start:end].lstrip())
            place = Place(source, key, start + len(text[start:end].rstrip()))
            yield Misshape("wrong-shape", place, message, help="Put the value into quotes.")


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
    for read in AllForms().of_text(source.text, context.embedded):
        part = read(source, context)
        if part is not None:
            return part
    return Found()
