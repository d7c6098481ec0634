"""Tables as Python modules: a run loads compiled ones several times faster than JSON, and without importing json."""

from __future__ import annotations

from typing import Any


def table_module(doc: str, **constants: tuple[str, Any, int]) -> str:
    """The text of a module. constants: by name the type, the value, and how many levels of it have a line an entry."""
    lines = [f'"""{doc}"""', "", "# fmt: off", "# ruff: noqa: E501", "", "from __future__ import annotations", ""]
    lines += ["from kube_audit_lint.syntax.typed import TYPE_CHECKING", ""]
    lines += ["if TYPE_CHECKING:", "    from typing import Any"]
    for name, (type, value, levels) in constants.items():
        lines += ["", f"{name}: {type} = {_written(value, levels)}"]
    return "\n".join(lines) + "\n"


def _written(value: Any, levels: int, indent: str = "") -> str:
    if levels == 0 or not isinstance(value, (dict, list)):
        return repr(value)
    within = indent + "    "
    if isinstance(value, dict):
        entries = [f"{within}{key!r}: {_written(below, levels - 1, within)},\n" for key, below in value.items()]
        return "{\n" + "".join(entries) + indent + "}"
    entries = [f"{within}{_written(below, levels - 1, within)},\n" for below in value]
    return "[\n" + "".join(entries) + indent + "]"
