"""Tokens to a tree: the grammar of YAML 1.1 as go-yaml v2 reads it, without recursion."""

from __future__ import annotations

from collections.abc import Callable

from kube_audit_lint.syntax import scanner as tokens
from kube_audit_lint.syntax.chars import YamlError
from kube_audit_lint.syntax.nodes import PLAIN
from kube_audit_lint.syntax.scanner import Scanner, Token
from kube_audit_lint.syntax.tree import TreeBuilder

_State = Callable[[], None]

_DEFAULT_TAGS = {"!": "!", "!!": "tag:yaml.org,2002:"}
_NO_CONTENT = (
    tokens.VERSION,
    tokens.TAG_DIRECTIVE,
    tokens.DOCUMENT_START,
    tokens.DOCUMENT_END,
    tokens.STREAM_END,
)
_NO_KEY_OR_VALUE = (tokens.KEY, tokens.VALUE, tokens.BLOCK_END)
_NO_ITEM = (tokens.ENTRY, tokens.KEY, tokens.VALUE, tokens.BLOCK_END)


class Parser:
    """Reads documents one by one into a tree builder."""

    def __init__(self, text: str, builder: TreeBuilder, marked: bool = False) -> None:
        self.scanner = Scanner(text, marked)
        self.builder = builder
        self.start = 0
        self._peek = self.scanner.peek
        self._skip = self.scanner.skip
        self._tags = dict(_DEFAULT_TAGS)
        self._states: list[_State] = []
        self._state: _State | None = None
        self._opened: list[int] = []
        self._first = True

    def next_document(self) -> bool:
        """Read a document into the builder; False when the stream has ended.

        It is complete only when its end has been seen, as for the server: raises YamlError.
        """
        explicit = self._document_start()
        if explicit is None:
            return False
        self._states = []
        if not explicit or self._peek()[0] not in _NO_CONTENT:
            self._node(True, False)
            while self._state is not None:
                self._state()
        self._document_end()
        return True

    # Documents

    def _document_start(self) -> bool | None:
        token = self._peek()
        while not self._first and token[0] == tokens.DOCUMENT_END:
            self._skip()
            token = self._peek()
        self.start = token[1]
        implicit, self._first = self._first, False
        if token[0] == tokens.STREAM_END:
            return None
        self.builder.reset()
        if implicit and token[0] not in _NO_CONTENT[:3]:
            return False
        self._directives()
        token = self._peek()
        if token[0] != tokens.DOCUMENT_START:
            raise YamlError("did not find expected <document start>", token[1], parser=True)
        self._skip()
        self.builder.last_end = token[2]
        return True

    def _directives(self) -> None:
        versioned = False
        token = self._peek()
        while token[0] in (tokens.VERSION, tokens.TAG_DIRECTIVE):
            if token[0] == tokens.VERSION:
                if versioned:
                    raise YamlError("found duplicate %YAML directive", token[1], parser=True)
                if token[3] != "1.1":
                    raise YamlError("found incompatible YAML document", token[1], parser=True)
                versioned = True
            else:
                self._tag_directive(token)
            self._skip()
            token = self._peek()

    def _tag_directive(self, token: Token) -> None:
        if token[3] in self._tags and self._tags.get(token[3]) is not _DEFAULT_TAGS.get(token[3]):
            raise YamlError("found duplicate %TAG directive", token[1], parser=True)
        self._tags[token[3]] = str(token[4])

    def _document_end(self) -> None:
        token = self._peek()
        if token[0] == tokens.DOCUMENT_END:
            self._skip()
            self.builder.last_end = token[2]
        self._tags = dict(_DEFAULT_TAGS)

    # Nodes

    def _pop(self) -> None:
        self._state = self._states.pop() if self._states else None

    def _node(self, block: bool, indentless: bool) -> None:
        """A node; the state to go on with is on the stack."""
        token = self._peek()
        kind = token[0]
        if kind == tokens.SCALAR:
            self._skip()
            self._pop()
            self.builder.scalar(token[1], token[2], token[3], token[4])
            return
        if kind == tokens.ALIAS:
            self._skip()
            self._pop()
            self.builder.alias(token[1], token[2], token[3])
            return
        anchor = tag = None
        start, end = token[1], token[1]
        if kind in (tokens.ANCHOR, tokens.TAG):
            anchor, tag, end = self._properties(token)
            token = self._peek()
        self._content(token, block, indentless, anchor, tag, start, end)

    def _properties(self, token: Token) -> tuple[str | None, str | None, int]:
        anchor: str | None = None
        tag: Token | None = None
        end = token[1]
        start = token[1]
        for _ in range(2):
            if token[0] == tokens.ANCHOR and anchor is None:
                anchor = token[3]
            elif token[0] == tokens.TAG and tag is None:
                tag = token
            else:
                break
            end = token[2]
            self._skip()
            token = self._peek()
        return anchor, None if tag is None else self._resolve_tag(tag, start), end

    def _resolve_tag(self, token: Token, start: int) -> str | None:
        handle, suffix = token[3], str(token[4])
        if not handle:
            return suffix or None
        if handle not in self._tags:
            raise YamlError("found undefined tag handle", token[1], start, parser=True)
        return self._tags[handle] + suffix or None

    def _content(
        self,
        token: Token,
        block: bool,
        indentless: bool,
        anchor: str | None,
        tag: str | None,
        start: int,
        end: int,
    ) -> None:
        kind, at = token[0], token[1]
        if kind == tokens.SCALAR:
            self._skip()
            self._pop()
            self.builder.scalar(at, token[2], token[3], token[4], tag, anchor)
        elif kind == tokens.ENTRY and indentless:
            self.builder.open_sequence(at, anchor)
            self._state = self._indentless_item
        elif kind == tokens.FLOW_SEQUENCE:
            self._open(at, self._flow_first_item)
            self.builder.open_sequence(at, anchor)
        elif kind == tokens.FLOW_MAPPING:
            self._open(at, self._flow_first_key)
            self.builder.open_mapping(at, anchor)
        elif kind == tokens.SEQUENCE and block:
            self._open(at, self._block_item)
            self.builder.open_sequence(at, anchor)
        elif kind == tokens.MAPPING and block:
            self._open(at, self._block_key)
            self.builder.open_mapping(at, anchor)
        elif anchor is not None or tag is not None:
            self._pop()
            self.builder.scalar(end, end, "", PLAIN, tag, anchor)
        else:
            raise YamlError("did not find expected node content", at, start, parser=True)

    def _open(self, at: int, state: _State) -> None:
        self._opened.append(at)
        self._skip()
        self._state = state

    def _close(self, end: int | None) -> None:
        self._opened.pop()
        self._skip()
        self._pop()
        self.builder.close(end)

    # Block collections

    def _block_item(self) -> None:
        token = self._peek()
        if token[0] == tokens.ENTRY:
            self._skip()
            if self._peek()[0] in (tokens.ENTRY, tokens.BLOCK_END):
                self.builder.empty(token[2])
            else:
                self.builder.last_end = token[2]
                self._states.append(self._block_item)
                self._node(True, False)
        elif token[0] == tokens.BLOCK_END:
            self._close(None)
        else:
            raise self._unclosed("did not find expected '-' indicator", token)

    def _indentless_item(self) -> None:
        token = self._peek()
        if token[0] == tokens.ENTRY:
            self._skip()
            if self._peek()[0] in _NO_ITEM:
                self.builder.empty(token[2])
            else:
                self._states.append(self._indentless_item)
                self._node(True, False)
        else:
            self._pop()
            self.builder.close()

    def _block_key(self) -> None:
        token = self._peek()
        if token[0] == tokens.KEY:
            self._skip()
            self._state = self._block_value
            if self._peek()[0] in _NO_KEY_OR_VALUE:
                self.builder.empty(token[2])
            else:
                self._states.append(self._block_value)
                self._node(True, True)
        elif token[0] == tokens.BLOCK_END:
            self._close(None)
        else:
            raise self._unclosed("did not find expected key", token)

    def _block_value(self) -> None:
        token = self._peek()
        self._state = self._block_key
        if token[0] != tokens.VALUE:
            self.builder.empty(self.builder.last_end)
            return
        self._skip()
        if self._peek()[0] in _NO_KEY_OR_VALUE:
            self.builder.empty(token[2])
        else:
            self._states.append(self._block_key)
            self._node(True, True)

    # Flow collections

    def _flow_first_item(self) -> None:
        self._flow_item(True)

    def _flow_item(self, first: bool = False) -> None:
        token = self._peek()
        if token[0] != tokens.FLOW_SEQUENCE_END:
            if not first:
                token = self._flow_entry(token, "did not find expected ',' or ']'")
            if token[0] == tokens.KEY:
                self.builder.open_mapping(token[1])
                self._skip()
                self._state = self._pair_key
                return
            if token[0] != tokens.FLOW_SEQUENCE_END:
                self._states.append(self._flow_item)
                self._node(False, False)
                return
        self._close(token[2])

    def _flow_entry(self, token: Token, message: str) -> Token:
        if token[0] != tokens.FLOW_ENTRY:
            raise self._unclosed(message, token)
        self._skip()
        return self._peek()

    def _pair_key(self) -> None:
        """The key of a mapping of one pair that is written without braces in a flow sequence."""
        token = self._peek()
        if token[0] in (tokens.VALUE, tokens.FLOW_ENTRY, tokens.FLOW_SEQUENCE_END):
            # go-yaml drops this token, too.
            self._skip()
            self._state = self._pair_value
            self.builder.empty(token[2])
        else:
            self._states.append(self._pair_value)
            self._node(False, False)

    def _pair_value(self) -> None:
        token = self._peek()
        end = self.builder.last_end
        if token[0] == tokens.VALUE:
            end = token[2]
            self._skip()
            if self._peek()[0] not in (tokens.FLOW_ENTRY, tokens.FLOW_SEQUENCE_END):
                self._states.append(self._pair_end)
                self._node(False, False)
                return
        self._state = self._pair_end
        self.builder.empty(end)

    def _pair_end(self) -> None:
        self._peek()
        self._state = self._flow_item
        self.builder.close()

    def _flow_first_key(self) -> None:
        self._flow_key(True)

    def _flow_key(self, first: bool = False) -> None:
        token = self._peek()
        if token[0] != tokens.FLOW_MAPPING_END:
            if not first:
                token = self._flow_entry(token, "did not find expected ',' or '}'")
            if token[0] == tokens.KEY:
                self._flow_explicit_key(token)
                return
            if token[0] != tokens.FLOW_MAPPING_END:
                self._states.append(self._flow_no_value)
                self._node(False, False)
                return
        self._close(token[2])

    def _flow_explicit_key(self, token: Token) -> None:
        self._skip()
        if self._peek()[0] in (tokens.VALUE, tokens.FLOW_ENTRY, tokens.FLOW_MAPPING_END):
            self._state = self._flow_value
            self.builder.empty(token[2])
        else:
            self._states.append(self._flow_value)
            self._node(False, False)

    def _flow_no_value(self) -> None:
        self._peek()
        self._state = self._flow_key
        self.builder.empty(self.builder.last_end)

    def _flow_value(self) -> None:
        token = self._peek()
        end = self.builder.last_end
        if token[0] == tokens.VALUE:
            end = token[2]
            self._skip()
            if self._peek()[0] not in (tokens.FLOW_ENTRY, tokens.FLOW_MAPPING_END):
                self._states.append(self._flow_key)
                self._node(False, False)
                return
        self._state = self._flow_key
        self.builder.empty(end)

    def _unclosed(self, message: str, token: Token) -> YamlError:
        return YamlError(message, token[1], self._opened[-1], parser=True)
