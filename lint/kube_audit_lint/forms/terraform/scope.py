"""What `local.x` and `var.x` stand for in a module: the files of one folder.

Of variables the default counts, unless `terraform.tfvars` or an `*.auto.tfvars` of the folder sets another; one that
any other `.tfvars` sets is unknown, for nobody can tell which of these a run is given.

Source: Terraform's language reference (Input Variables: Variable Definition Precedence; Local Values).
"""

from __future__ import annotations

import os
from functools import lru_cache

from kube_audit_lint.discovery.files import TooLarge, read_bytes
from kube_audit_lint.discovery.roots import readable
from kube_audit_lint.forms.terraform.values import Values
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.hcl import LARGEST, Expression, Tree, parse
from kube_audit_lint.syntax.nodes import Node, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Source

_DEEPEST = 20
"""How many values may name each other in a row."""
_MOST_FILES = 300


class _File(NamedTuple):
    """What a file defines, by `local` or `var` and the name."""

    source: Source
    defined: dict[tuple[str, str], Expression]


class Scope:
    """The values of the module that a file belongs to. defaults: whether those of variables count."""

    def __init__(self, source: Source, tree: Tree, defaults: bool = True) -> None:
        self._defaults = defaults
        self.values = Values(source, self.find)
        self._own = _File(source, _defined(source.path, tree))
        self._known: dict[tuple[str, str], Node | None] = {}
        self._evaluators = {source.path: self.values}
        self._depth = 0

    def find(self, kind: str, name: str) -> Node | None:
        """The value of `local.NAME` or `var.NAME`; None where nobody can tell."""
        key = kind, name
        if key not in self._known:
            if self._depth > _DEEPEST:
                return None
            self._known[key] = None  # for what names itself
            self._depth += 1
            self._known[key] = self._evaluated(key)
            self._depth -= 1
        return self._known[key]

    def _evaluated(self, key: tuple[str, str]) -> Node | None:
        found = self._found(key)
        if found is None:
            return None
        source, expression = found
        if source.path not in self._evaluators:
            self._evaluators[source.path] = Values(source, self.find)
        node = self._evaluators[source.path].of(expression)
        return None if isinstance(node, Scalar) and node.kind == "null" else node

    def _found(self, key: tuple[str, str]) -> tuple[Source, Expression] | None:
        if key[0] == "var" and not self._defaults:
            return None
        others = _folder(os.path.dirname(self._own.source.path), os.path.basename(self._own.source.path))
        if key[0] == "var" and (setting := [one for one in others if _given(one.source.path) and key in one.defined]):
            always = [one for one in setting if _always(one.source.path)]
            return (always[-1].source, always[-1].defined[key]) if always == setting else None
        for one in (self._own, *others):
            if key in one.defined and not (_given(one.source.path) and one is not self._own):
                return one.source, one.defined[key]
        return None


def _given(path: str) -> bool:
    return path.endswith(".tfvars")


def _always(path: str) -> bool:
    """Whether Terraform reads a file of variables by itself."""
    return os.path.basename(path) == "terraform.tfvars" or path.endswith(".auto.tfvars")


def _folder(folder: str, own: str) -> list[_File]:
    """What the other files of a folder define."""
    try:
        names = sorted(name for name in os.listdir(folder or ".") if name.endswith((".tf", ".tofu", ".tfvars")))
    except OSError:
        return []
    found = (_read(os.path.join(folder, name)) for name in names[:_MOST_FILES] if name != own)
    return [one for one in found if one is not None]


def _read(path: str) -> _File | None:
    try:
        if not readable(path, (os.path.dirname(path) or ".",)):
            return None  # a link that leads out of the repository
        status = os.stat(path)
        return _parsed(path, status.st_mtime_ns, status.st_size)
    except (OSError, TooLarge):
        return None


@lru_cache(maxsize=300)
def _parsed(path: str, changed: int, size: int) -> _File | None:
    """What a file defines; it is read once, as long as it is not changed."""
    text = decode(read_bytes(path))[0]
    if len(text) > LARGEST:
        return None
    source = Source(path.replace(os.sep, "/"), text)
    defining = _given(path) or "locals" in text or "variable" in text
    tree = parse(text) if defining else None
    return _File(source, {} if tree is None or tree.is_too_large else _defined(path, tree))


def _defined(path: str, tree: Tree) -> dict[tuple[str, str], Expression]:
    if _given(path):
        return {("var", one.name): one.value for one in tree.top.attributes}
    found: dict[tuple[str, str], Expression] = {}
    for block in tree.top.blocks:
        if block.type == "locals":
            found |= {("local", one.name): one.value for one in block.body.attributes}
        elif block.type == "variable" and block.labels:
            default = next((one for one in block.body.attributes if one.name == "default"), None)
            if default is not None:
                found["var", block.labels[0]] = default.value
    return found
