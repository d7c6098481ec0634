"""What Ansible's lineinfile, blockinfile and replace write into a file of an API server: a part of its settings.

Source: ansible.builtin.lineinfile, blockinfile and replace (path, once dest or name; line, block, replace), loops
(`loop`, `with_items`, `with_list`, `with_dict`, dict2items) and tasks whose words are on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.loose import flag_named, flags_in_line
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place

EDITS = ("line", "block", "replace")
_MODULES = ("lineinfile", "blockinfile", "replace")
_SERVER_FILE = re.compile(r"/rancher/(?:rke2|k3s)/config|kube-?apiserver")
_PATHS = ("path", "dest", "destfile", "name")
_LOOPS = ("loop", "with_items", "with_list", "with_dict")
_WORD = re.compile(r"\b(\w+)=(\"[^\"]*\"|'[^']*'|(?:\{\{.*?\}\}|\S)+)")
_FIELD = r"\{\{\s*item(?:\.(\w+)|\[['\"](\w+)['\"]\])?\s*\}\}"
_WHOLE = re.compile(rf"[\s\"'-]*{_FIELD}[\s\"']*")
"""A line that is an item, or a field of it, and nothing else."""
_PAIR = re.compile(rf"[\s\"'-]*{_FIELD}\s*[=:]\s*[\"']?{_FIELD}[\s\"']*")
_VARIABLE = re.compile(r"[\"']?\{\{\s*(\w+)\s*(?:\|\s*dict2items\s*)?\}\}[\"']?")


def edited(node: Mapping, root: Node) -> Iterator[ApiServer]:
    """The flags that a task, or the settings of its module, write. root: the document, whose plays have variables."""
    groups = [_literal(node)] if _is_server_file(node) else []
    for name, entry in node.entries.items():
        if name.rpartition(".")[2] in _MODULES:
            groups.append(_of_words(entry.value) if isinstance(entry.value, Scalar) else _looped(entry, node, root))
    for flags in groups:
        if flags:
            yield ApiServer("elsewhere", flags[0].place, tuple(flags), partial=True, name="kube-apiserver")


def refused(node: Mapping) -> Iterator[Misshape]:
    """The flags that the settings of a module write into the file of MicroK8s' own daemon, which does not have them."""
    path = next((value.value for name in _PATHS if isinstance(value := node.get(name), Scalar)), "")
    if path.endswith("/args/kubelite") and node.string("state") != "absent":
        for flag in _literal(node):
            if flag.name.startswith("audit-"):
                yield kubelite_refuses(f"--{flag.written.removeprefix('--')}", flag.place)


def kubelite_refuses(flag: str, place: Place) -> Misshape:
    """A flag of kube-apiserver among those of MicroK8s' daemon."""
    message = f"MicroK8s' kubelite has no flag {flag}, which is kube-apiserver's: it does not start "
    message += f"(`unknown flag: {flag}`)."
    return Misshape("unknown-key", place, message, "Move it into `args/kube-apiserver`.")


def _is_server_file(node: Mapping) -> bool:
    path = next((value.place.text for name in _PATHS if isinstance(value := node.get(name), Scalar)), "")
    return _SERVER_FILE.search(path) is not None and node.string("state") != "absent"


def _literal(node: Mapping) -> list[Flag]:
    texts = [text for key in EDITS if isinstance(text := node.get(key), Scalar) and text.kind == "string"]
    return [flag for text in texts if "audit" in text.value for flag in flags_in_line(text)]


def _of_words(node: Scalar) -> list[Flag]:
    """Of a task on one line: `lineinfile: path=... line=...`."""
    words = {word[1]: word for word in _WORD.finditer(node.place.text)}
    path, line = next((words[name] for name in _PATHS if name in words), None), words.get("line")
    state = words.get("state")
    if path is None or line is None or not _SERVER_FILE.search(path[2]) or (state and state[2] == "absent"):
        return []
    start = node.start + line.start(2)
    return list(flags_in_line(Scalar(node.source, start, start + len(line[2]), "string", line[2])))


def _looped(entry: Entry, task: Mapping, root: Node) -> list[Flag]:
    """Of a line that is made of what a task loops over: each flag is at its item."""
    line = entry.value.get("line") if isinstance(entry.value, Mapping) and _is_server_file(entry.value) else None
    if not isinstance(line, Scalar):
        return []
    text = line.place.text.strip("\"'")
    whole, pair = _WHOLE.fullmatch(text), _PAIR.fullmatch(text)
    found: list[Flag] = []
    for item in looped(task, root) if whole or pair else ():
        if pair:
            name, value = field_of(item, pair[1] or pair[2]), field_of(item, pair[3] or pair[4])
            found += flag_named(name, value) if isinstance(name, Scalar) else ()
        elif whole and isinstance(one := field_of(item, whole[1] or whole[2]), Scalar):
            found += flags_in_line(one)
    return found


def field_of(item: Node | Entry, name: str | None) -> Node | None:
    """A field of an item; of an entry of a mapping that is looped over its key or its value."""
    if isinstance(item, Entry):
        return {"key": item.key, "value": item.value}.get(name or "")
    return item if name is None else item.get(name) if isinstance(item, Mapping) else None


def looped(task: Mapping, root: Node) -> Iterator[Node | Entry]:
    """What a task loops over, as far as it is written there or among the variables of the task or its play."""
    over = next((task.get(name) for name in _LOOPS if name in task.entries), None)
    named = _VARIABLE.fullmatch(over.place.text) if isinstance(over, Scalar) else None
    if named is not None:
        plays = [task, *(root.items if isinstance(root, Sequence) else [root])]
        sections = [play.mapping("vars") for play in plays if isinstance(play, Mapping)]
        over = next((section.get(named[1]) for section in sections if section and named[1] in section.entries), None)
    if isinstance(over, Sequence):
        yield from over.items
    elif isinstance(over, Mapping):
        yield from over.entries.values()
