"""YAML to nodes with positions as Python programs read it (PyYAML): cloud-init its user data, Ansible its variables.

What PyYAML refuses has no root but a problem; of a key that occurs twice the last counts; `<<` gives way to a mapping's
own keys. Why there are two readers, and what differs, is in docs/readers.md.
"""

from __future__ import annotations

import re
from typing import Any

from kube_audit_lint.syntax.nodes import (
    BLOCK,
    PLAIN,
    QUOTED,
    Document,
    Entry,
    EntryFromElsewhere,
    Inner,
    InnerScalar,
    Kind,
    Mapping,
    Node,
    Scalar,
    Sequence,
    SyntaxProblem,
)
from kube_audit_lint.syntax.source import OffsetMap, Source

_PROPERTIES = re.compile(r"(?:[&!]\S*\s*)+")
_TAG = "tag:yaml.org,2002:"
LARGEST = 100_000
"""How many nodes a document may have, those of its aliases counted wherever they are used."""


def read_python_yaml(source: Source, text: str, offsets: OffsetMap | None = None) -> Document:
    """The only document of a text, which is the source's own or is in it where `offsets` say."""
    import yaml

    around = offsets or OffsetMap()
    end = around.outer_end(len(text))
    at, message = 0, "it is nested too deeply"
    try:
        root: Any = yaml.compose(text, yaml.SafeLoader)
        node = None if root is None else _Builder(source, text, around).node(root)
        return Document(source, around.outer(0), end, node)
    except yaml.reader.ReaderError as error:
        at, message = error.position, error.reason
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at, message = mark.index if mark else 0, error.problem or error.context or "it is no YAML"
    except _UnusableError as error:
        at, message = error.args
    except RecursionError:
        pass
    place = source.place(around.outer(at), around.outer_end(min(at + 1, len(text))))
    return Document(source, around.outer(0), end, None, SyntaxProblem(message, place))


class _UnusableError(Exception):
    """What PyYAML parses and cannot make a value of: the offset, and why."""


class _Builder:
    """Makes our nodes of PyYAML's, whose marks count characters."""

    def __init__(self, source: Source, text: str, around: OffsetMap) -> None:
        self._source = source
        self._text = text
        self._around = around
        self._inner = Inner(text, around)
        self._count = 0

    def node(self, node: Any) -> Node:
        """A node and what is in it."""
        self._count += 1
        if self._count > LARGEST:
            raise _UnusableError(node.start_mark.index, f"it holds more than {LARGEST:,} values")
        if node.id == "scalar":
            return self._scalar(node)
        start = self._around.outer(self._first(node))
        end = self._around.outer_end(node.end_mark.index)
        if node.id == "sequence":
            items = [self.node(item) for item in node.value]
            return Sequence(self._source, start, end if node.flow_style or not items else items[-1].end, items)
        entries, lost = self._entries(node)
        last = max((entry.value.end for entry in entries.values() if not entry.merged), default=end)
        return Mapping(self._source, start, end if node.flow_style else last, entries, lost)

    def _entries(self, node: Any) -> tuple[dict[str, Entry], list[tuple[Entry, Entry]]]:
        """The entries of a mapping, and those that later ones of the same key overwrote."""
        merged: dict[str, Entry] = {}
        own: dict[str, Entry] = {}
        lost: list[tuple[Entry, Entry]] = []
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                merged |= self._merged(value, merged)
                continue
            if key.id != "scalar":
                raise _UnusableError(key.start_mark.index, "found unhashable key")
            name = self._scalar(key)
            entry = Entry(name, self.node(value))
            if name.value in own:
                lost.append((own[name.value], entry))
            own[name.value] = entry
        return {**merged, **own}, lost

    def _merged(self, value: Any, before: dict[str, Entry]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for mapping in value.value if value.id == "sequence" else [value]:
            if mapping.id != "mapping":
                raise _UnusableError(mapping.start_mark.index, "expected a mapping or list of mappings for merging")
            for name, entry in self._entries(mapping)[0].items():
                if name not in found and name not in before:
                    found[name] = EntryFromElsewhere(entry.key, entry.value, merged=True)
        return found

    def _first(self, node: Any) -> int:
        """Where a node starts, behind its anchor and tag."""
        found = _PROPERTIES.match(self._text, node.start_mark.index, node.end_mark.index)
        return found.end() if found else int(node.start_mark.index)

    def _scalar(self, node: Any) -> Scalar:
        first, last = self._first(node), node.end_mark.index
        block = node.style in ("|", ">")
        if block:  # PyYAML's ends where the next token begins
            last = first + len(self._text[first:last].rstrip(" \r\n"))
        kind, value = _resolved(node)
        style = BLOCK if block else PLAIN if node.style is None else QUOTED
        if self._text is self._source.text:
            return Scalar(self._source, first, last, kind, value, style)
        return InnerScalar(self._source, self._inner, first, last, kind, value, style)


def _resolved(node: Any) -> tuple[Kind, str]:
    """The kind of a scalar and its JSON text. Dates and values of other tags are strings."""
    from yaml.constructor import SafeConstructor

    construct: Any = SafeConstructor()
    kind, text = node.tag.removeprefix(_TAG), node.value
    try:
        if kind == "bool":
            return "bool", "true" if construct.bool_values[text.lower()] else "false"
        if kind == "int":
            return "int", str(construct.construct_yaml_int(node))
        if kind == "float":
            return "float", str(construct.construct_yaml_float(node))
    except (ValueError, KeyError):
        raise _UnusableError(node.start_mark.index, f"{text[:40]} is no {kind}") from None
    return ("null", "null") if kind == "null" else ("string", text)
