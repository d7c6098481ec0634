"""The linter's own files (configuration, rules, profiles, policy tests): read with PyYAML, with places."""

from __future__ import annotations

from typing import Any, NoReturn

from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.source import Place, Source

Node = Any
"""A node of PyYAML's, whose types say too little of them."""

Keys = tuple[str | int, ...]
"""Where a value is: the keys and indexes from the root down."""

LARGEST = 100_000
"""How many values a file may have, those of its aliases counted wherever they are used."""


class OwnFile:
    """One file: its content as plain data, and where each key and value of it is written.

    An aliased value is where its anchor is.
    """

    def __init__(self, source: Source) -> None:
        self.path = source.path
        self.data: Any = None
        self._source = source
        self._nodes: dict[Keys, Node] = {}
        self._names: dict[Keys, Node] = {}

    def offset(self, keys: Keys, of_key: bool = False) -> int:
        """Where a value, or its key, starts; for one that is not there, where the nearest one around it does."""
        while keys and keys not in self._nodes:
            keys = keys[:-1]
        node = self._names.get(keys) if of_key else None
        node = node or self._nodes.get(keys)
        return 0 if node is None else int(node.start_mark.index)

    def place(self, keys: Keys) -> Place:
        """Where a value is written."""
        node = self._nodes[keys]
        return Place(self._source, node.start_mark.index, node.end_mark.index)

    def line(self, keys: Keys) -> int:
        """The line on which a value starts."""
        return self._source.position(self.offset(keys))[0]

    def written(self, keys: Keys) -> str:
        """A value as messages show it."""
        node = self._nodes.get(keys)
        if node is None:
            return "nothing"
        if not isinstance(node.value, str):
            return "a list" if node.id == "sequence" else "a mapping"
        text = self._source.text[node.start_mark.index : node.end_mark.index].split("\n")[0]
        return "empty" if node.tag == _TAG + "null" else text or '""'

    def text(self, keys: Keys) -> str:
        """The characters of a scalar: a plain 1.30 is the number 1.3, but its author wrote a version."""
        return str(self._nodes[keys].value)

    def fail(self, keys: Keys, message: str, of_key: bool = False) -> NoReturn:
        """Raises OwnFileError for a value, or for its key."""
        self._fail(self.offset(keys, of_key), f"{dotted(keys)}: {message}" if keys else message)

    def _fail(self, offset: int, message: str) -> NoReturn:
        raise OwnFileError(self.path, message, *self._source.position(offset))

    def load(self) -> None:
        """Reads the content. Raises OwnFileError."""
        import yaml

        try:
            loader: Any = yaml.SafeLoader(self._source.text)
            root = loader.get_node() if loader.check_node() else None
            if root is not None:
                self.data = self._value(root, ())
            if loader.check_node():
                self._fail(loader.peek_event().start_mark.index, "holds more than one document")
        except yaml.reader.ReaderError as error:
            self._fail(error.position, f"cannot be read as YAML: {error.reason}")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._fail(mark.index if mark else 0, f"cannot be read as YAML: {error.problem or error.context}")
        except RecursionError:
            raise OwnFileError(self.path, "is nested too deeply") from None

    def _value(self, node: Node, keys: Keys) -> Any:
        if len(self._nodes) >= LARGEST:
            self._fail(node.start_mark.index, f"holds more than {LARGEST:,} values")
        self._nodes[keys] = node
        if node.id == "sequence":
            return [self._value(item, (*keys, index)) for index, item in enumerate(node.value)]
        if node.id == "mapping":
            entries = self._entries(node, keys)
            self._names.update(((*keys, name), key) for name, (key, _) in entries.items())
            return {name: self._value(value, (*keys, name)) for name, (_, value) in entries.items()}
        return self._scalar(node, keys)

    def _entries(self, node: Node, keys: Keys) -> dict[str, tuple[Node, Node]]:
        """The entries of a mapping, those of `<<` where it has no own ones of these names."""
        merged: dict[str, tuple[Node, Node]] = {}
        own: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            name = key.value
            if key.tag == _TAG + "merge":
                for mapping in value.value if value.id == "sequence" else [value]:
                    if mapping.id != "mapping":
                        self._fail(mapping.start_mark.index, f"{dotted((*keys, '<<'))}: must be a mapping")
                    merged = {**self._entries(mapping, keys), **merged}
            elif not isinstance(name, str):
                self._fail(key.start_mark.index, "a key must be a text")
            elif name in own:
                self._fail(key.start_mark.index, f"{dotted((*keys, name))}: stands twice in one mapping")
            else:
                own[name] = (key, value)
        return {**merged, **own}

    def _scalar(self, node: Node, keys: Keys) -> Any:
        """Dates, infinities and values of foreign tags are texts: no file of ours has a use for them."""
        from yaml.constructor import SafeConstructor

        construct: Any = SafeConstructor()
        kind, text = node.tag.removeprefix(_TAG), node.value
        try:
            if kind == "bool":
                return construct.bool_values[text.lower()]
            if kind == "int":
                return int(construct.construct_yaml_int(node))
            if kind == "float" and not text.lower().endswith(("inf", "nan")):
                return float(construct.construct_yaml_float(node))
        except (ValueError, KeyError):
            self.fail(keys, f"{text[:40]} is no {kind}")
        return None if kind == "null" else text


_TAG = "tag:yaml.org,2002:"


def read_own_file(path: str, named: tuple[str, ...] | None = None) -> OwnFile:
    """A file of the linter's own. Raises OwnFileError with file, line, column and key.

    named: the paths that the user gave, which may be outside of the repository; by default this one.
    """
    try:
        text, problem = decode(read_own(path, (path,) if named is None else named))
    except OSError as error:
        raise OwnFileError(path, error.strerror or str(error)) from error
    source = Source(path, text)
    if problem is not None:
        raise OwnFileError(path, problem.message, *source.position(problem.start))
    found = OwnFile(source)
    found.load()
    return found


def dotted(keys: Keys) -> str:
    """`overrides.0.paths` for messages."""
    return ".".join(map(str, keys))
