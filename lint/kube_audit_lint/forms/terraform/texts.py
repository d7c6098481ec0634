"""The texts of a file of Terraform: strings, heredocs, encoded values and objects of Kubernetes, through every form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

from kube_audit_lint.errors import TooManyPartsError
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.piece import found_in_piece
from kube_audit_lint.forms.terraform.encoding import encoded
from kube_audit_lint.forms.terraform.files import filled
from kube_audit_lint.forms.terraform.values import ENCODERS, LocalFile, Values
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.found import Found, Note, joined
from kube_audit_lint.syntax.hcl import Body, Call, Expression, Interpolation, Object, Other, Template, Tuple
from kube_audit_lint.syntax.nodes import Mapping, Node, PiecedScalar, Scalar
from kube_audit_lint.syntax.pieces import Piece
from kube_audit_lint.syntax.source import Chunk, Source
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

_MARK = re.compile(
    r"(?i)audit|kube-?apiserver|current-context|YXVkaXQuazhzLmlv|F1ZGl0Lms4cy5pb|hdWRpdC5rOHMuaW|provisioning\.cattle|kops\.k8s"
)
_PLACES = ("path", "filename", "destination", "dest", "file", "target")
_PROSE = ("description", "error_message")
"""What people read, with examples in it."""
_MOST = 500
"""How many texts of a block are read: each costs time, and people write a few."""
_K3S = "--kube-apiserver-arg"


class Texts:
    """Reads the texts of expressions. known: what was found already, which is not read again."""

    def __init__(self, context: Context, values: Values, known: Sequence[Found]) -> None:
        self._context = context
        self._values = values
        self._source = context.source
        self._read = 0
        self._seen = {at for one in known for at in _places(one, context.source)}

    def of_body(self, body: Body) -> Iterator[Found]:
        """What the texts of a block hold."""
        names = {one.name: one.value for one in body.attributes}
        place = self._path(names)
        for one in body.attributes:
            if one.name not in _PROSE:
                yield from self.of(one.value, place or one.name)
        for block in body.blocks:
            yield from self.of_body(block.body)

    def _path(self, named: dict[str, Expression]) -> str:
        """The path that a text is written to, where it is beside it."""
        for name in _PLACES:
            value = self._values.of(named[name]) if name in named else None
            if isinstance(value, Scalar) and value.kind == "string" and not is_unknown(value.value) and value.value:
                return value.value
        return ""

    def of(self, expression: Expression, name: str) -> Iterator[Found]:
        """What the texts of an expression hold. name: of the file that it becomes, or of what it is given to."""
        start, end = expression.start, expression.end
        if isinstance(expression, Call) and expression.name == "templatefile":
            inner = [self.template(self._values.of(expression), name)]
        elif not _MARK.search(self._source.text, start, end) or any(start <= at < end for at in self._seen):
            inner = []
        elif isinstance(expression, Template) or (isinstance(expression, Call) and expression.name in ENCODERS):
            inner = [self._text(self._values.of(expression), name)]
        elif isinstance(expression, Object) or (isinstance(expression, Call) and expression.name == "merge"):
            inner = [self._object(self._values.of(expression), name)]
        elif isinstance(expression, Tuple):
            inner = [self._words(expression)]
        else:
            inner = []
        found = joined(inner)
        self._seen.update(_places(found, self._source))
        if found:
            yield found
        else:
            yield from self._parts(expression, name)

    def _parts(self, expression: Expression, name: str) -> Iterator[Found]:
        if isinstance(expression, Object):
            named = {one.value: value for key, value in expression.items if (one := self._key(key)) is not None}
            place = self._path(named)
            for key, value in expression.items:
                own = self._key(key)
                yield from self.of(value, place or (own.value if own is not None else ""))
        elif isinstance(expression, Tuple):
            for item in expression.items:
                yield from self.of(item, name)
        elif isinstance(expression, Call):
            for item in expression.arguments:
                # What is merged with others is no object by itself.
                part = expression.name == "merge" and isinstance(item, Object)
                yield from self._parts(item, name) if part else self.of(item, name)
        elif isinstance(expression, Other):
            for item in expression.parts:
                yield from self.of(item, name)
        elif isinstance(expression, Template):
            for piece in expression.pieces:
                if isinstance(piece, Interpolation):
                    yield from self.of(piece.value, name)

    def _key(self, key: Expression) -> Scalar | None:
        node = self._values.key(key)
        return None if is_unknown(node.value) else node

    def _text(self, node: Node, name: str) -> Found:
        if not isinstance(node, Scalar) or node.kind != "string":
            return Found()
        chunks = list(chunks_of(node))
        return self._piece(chunks, node.start, node.end, name)

    def template(self, node: Node, name: str) -> Found:
        """A template of the repository, with the variables that are known here: a part where some are not."""
        value = filled(node) if isinstance(node, LocalFile) else None
        if value is None:
            return Found()
        text = "".join([chunk[0] for chunk in value.chunks])
        piece = Piece(text, value.chunks, 0, len(value.source.text), name, UNKNOWN in text)
        try:
            found = found_in_piece(piece, self._context._replace(source=value.source))
        except TooManyPartsError:
            return Found()  # as the file that it is
        # Filled with other values it is another policy, though it is in the same place.
        form = f"terraform {crc32(text.encode())}"
        found = found.with_policies(lambda policy: policy._replace(form=form))
        part = UNKNOWN in text  # and who names no policy here may do so in what is put beside it
        return found.with_servers(
            lambda one: one._replace(partial=one.partial or part or one.value(POLICY_FILE) is None)
        )._replace(notes=())

    def _object(self, node: Node, name: str) -> Found:
        """An object of Kubernetes, as `kubernetes_manifest` takes it, or a policy to be encoded elsewhere."""
        if not isinstance(node, Mapping) or not {"apiVersion", "kind"} <= node.entries.keys():
            return Found()
        return self._piece(list(encoded(node)), node.start, node.end, name)

    def _words(self, expression: Tuple) -> Found:
        """A list of arguments of K3s: one command."""
        items = [self._values.of(one) for one in expression.items]
        if not any(isinstance(one, Scalar) and one.value.startswith(_K3S) for one in items):
            return Found()
        chunks: list[Chunk] = []
        for item in items:
            if isinstance(item, Scalar) and item.kind == "string":
                chunks += [*chunks_of(item), (" ", item.end, 0)]
        return self._piece(chunks, expression.start, expression.end, "")

    def _piece(self, chunks: list[Chunk], start: int, end: int, name: str) -> Found:
        text = "".join([chunk[0] for chunk in chunks])
        self._read += 1
        if self._read > _MOST:
            note = Note(self._source.place(start, start), f"more than {_MOST:,} texts about auditing: these were read")
            return Found(notes=(note,) if self._read == _MOST + 1 else ())
        try:
            return found_in_piece(Piece(text, chunks, start, end, name, UNKNOWN in text), self._context)
        except TooManyPartsError as error:
            return Found(notes=(Note(self._source.place(start, start), f"{name or 'this text'}: {error}"),))


def chunks_of(node: Scalar) -> Iterator[Chunk]:
    """Where each character of a string is."""
    width = node.end - node.start
    if isinstance(node, PiecedScalar):
        yield from node.chunks
    elif len(node.value) == width - 2:
        yield node.value, node.start + 1, len(node.value)
    else:
        yield from ((letter, node.start, width) for letter in node.value)


def _places(found: Found, source: Source) -> Iterator[int]:
    """Where something is in a file that was found."""
    for policy in found.policies:
        if policy.document.source is source:
            yield from (policy.place.start, policy.document.start)
    for server in found.servers:
        places = (server.place, *(flag.place for flag in server.flags))
        yield from (place.start for place in places if place.source is source)
