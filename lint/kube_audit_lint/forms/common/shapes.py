"""What kubeadm refuses, or drops without a word, in the settings of the API server.

Sources: cmd/kubeadm/app/apis/kubeadm/v1beta1..v1beta4/types.go (extraArgs is a map of strings up to v1beta3, a
list of name and value from v1beta4); app/util/config/strict (an unknown field draws a warning and is dropped);
k8s.io/apimachinery runtime/serializer/json (YAML becomes JSON without regard to types, so that a bare 30 is a
number, and a number is no string); app/util/arguments.go (`--` is put in front of each name).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

GROUP = "kubeadm.k8s.io/"

LIST_VERSIONS = ("v1beta4", "v1")
MAP_VERSIONS = ("v1alpha1", "v1alpha2", "v1alpha3", "v1beta1", "v1beta2", "v1beta3")

API_SERVER_KEYS = frozenset(("certSANs", "extraArgs", "extraEnvs", "extraVolumes", "timeoutForControlPlane"))
VOLUME_KEYS = frozenset(("name", "hostPath", "mountPath", "readOnly", "pathType"))
ITEM_KEYS = frozenset(("name", "value"))

_ARGUMENTS = "APIServer.apiServer.extraArgs"
DROPPED = "it is dropped, and nothing of it reaches kube-apiserver"


class Words:
    """How a form that carries a ClusterConfiguration speaks of it.

    reader: who reads the section. refused: what happens to a file of a wrong shape. version: what decides the
    shape. list_hint: what else to write instead of a list where a map belongs. schema: the path of the section
    in a custom resource, where a schema is held against it; "" where Go's own reader is.
    """

    def __init__(self, reader: str, refused: str, version: str, list_hint: str = "", schema: str = "") -> None:
        self.reader = reader
        self.refused = refused
        self.version = version
        self.list_hint = list_hint
        self.schema = schema

    def says(self, got: str, field: str, wanted: str) -> str:
        """The words in which a value of a wrong type is refused; `got` and `wanted` as Go's reader has them."""
        if not self.schema:
            return f"json: cannot unmarshal {got} into Go struct field {field} of type {wanted}"
        got = {"bool": "boolean", "number": "integer"}.get(got, got)
        wanted = {"map[string]string": "object", "string": "string"}.get(wanted, "array")
        return f'{self.schema}: Invalid value: "{got}": must be of type {wanted}'


def kubeadm_words(version: str | None) -> Words:
    """The words for a file that kubeadm itself reads."""
    hint = f", or use {GROUP}{LIST_VERSIONS[0]} (kubeadm 1.31 and later)"
    return Words("kubeadm", "kubeadm refuses the file", f"{GROUP}{version}", hint)


def unknown_keys(section: Mapping, known: frozenset[str], form: str) -> Iterator[Misshape]:
    """Keys that are near to known ones, but are not, and keys that can only be about auditing."""
    for entry in section.entries.values():
        key = entry.key.value
        if key in known or is_unknown(key):
            continue
        near = near_key(section, key, known)
        if near is not None:
            message = f"`{key}` is no setting of {form} here: {DROPPED}."
            yield Misshape("unknown-key", entry.key.place, message, f"Write `{near}`.")
        elif "audit" in key.lower():
            help = "Write it as a flag in extraArgs." if "extraArgs" in known else ""
            message = f"`{key}` is no setting of {form} here: {DROPPED}."
            yield Misshape("unknown-key", entry.key.place, message, help)


def near_key(section: Mapping, key: str, known: Iterable[str]) -> str | None:
    """The known key that was meant, when the section does not have that one too."""
    from kube_audit_lint.kubernetes.spelling import nearest

    near = nearest(key, known)
    return near if near is not None and near not in section.entries else None


def meant(section: Mapping, name: str) -> str:
    """The key under which a setting is written: its own, else a misspelt one (of which another finding speaks)."""
    if name in section.entries:
        return name
    return next((key for key in section.entries if near_key(section, key, (name,)) == name), name)


def shape_of_arguments(arguments: Node | None, version: str | None, words: Words) -> Iterator[Misshape]:
    """What is wrong with the shape of extraArgs. `version`: v1beta3, v1beta4, ...; None: not known."""
    if isinstance(arguments, Sequence):
        if version in MAP_VERSIONS and arguments.items:
            yield _list_for_map(arguments, words)
        else:
            yield from _items(arguments, words)
    elif isinstance(arguments, Mapping) and version in LIST_VERSIONS and arguments.entries:
        yield _map_for_list(arguments, words)
    elif isinstance(arguments, Scalar) and arguments.kind == "string" and not is_unknown(arguments.value):
        yield _string(arguments, version, words)
    yield from _dashes(arguments)
    yield from _unquoted(arguments, version, words)


def _list_for_map(arguments: Sequence, words: Words) -> Misshape:
    return Misshape(
        "wrong-shape",
        _first(arguments),
        f"extraArgs is a list here, but {words.version} takes a map: {words.refused} "
        f"(`{words.says('array', _ARGUMENTS, 'map[string]string')}`).",
        f"Write `name: value` pairs{words.list_hint}.",
    )


def _map_for_list(arguments: Mapping, words: Words) -> Misshape:
    return Misshape(
        "wrong-shape",
        _first(arguments),
        f"extraArgs is a map here, but {words.version} takes a list of name and value: {words.refused} "
        f"(`{words.says('object', _ARGUMENTS, '[]v1beta4.Arg')}`).",
        'Write `- name: audit-log-maxage` with `value: "30"` below it for each flag.',
    )


def _string(arguments: Scalar, version: str | None, words: Words) -> Misshape:
    listed = version in LIST_VERSIONS
    wanted, kind = ("a list of name and value", "[]v1beta4.Arg") if listed else ("a map", "map[string]string")
    return Misshape(
        "wrong-shape",
        arguments.place,
        f"extraArgs is one string here, but {words.version} takes {wanted}: {words.refused} "
        f"(`{words.says('string', _ARGUMENTS, kind)}`).",
        'Write each flag as an entry of its own, such as `audit-log-maxage: "30"`.'
        if not listed
        else 'Write `- name: audit-log-maxage` with `value: "30"` below it for each flag.',
    )


def _items(arguments: Sequence, words: Words) -> Iterator[Misshape]:
    for item in arguments.items:
        if isinstance(item, Mapping) and "name" in item.entries:
            yield from unknown_keys(item, ITEM_KEYS, words.reader)
        elif isinstance(item, Scalar | Mapping) and not is_unknown(item.place.text):
            yield Misshape(
                "wrong-shape",
                _first(item),
                f"Each item of extraArgs is a name and a value, and this is neither: {words.refused}.",
                'Write `- name: audit-log-maxage` with `value: "30"` below it.',
            )


def _dashes(arguments: Node | None) -> Iterator[Misshape]:
    for name in argument_names(arguments):
        if name.value.startswith("--"):
            yield Misshape(
                "wrong-shape",
                name.place,
                f"kubeadm puts `--` in front of the name itself: kube-apiserver gets `--{name.value}` and "
                f"does not start (`bad flag syntax: --{name.value}=...`).",
                f"Write `{name.value.lstrip('-')}`.",
            )


def argument_names(arguments: Node | None) -> Iterator[Scalar]:
    """The names of the flags in extraArgs, a map or a list of name and value."""
    if isinstance(arguments, Mapping):
        for entry in arguments.entries.values():
            yield entry.key
    elif isinstance(arguments, Sequence):
        for item in arguments.items:
            name = item.get("name") if isinstance(item, Mapping) else None
            if isinstance(name, Scalar):
                yield name


def _unquoted(arguments: Node | None, version: str | None, words: Words) -> Iterator[Misshape]:
    """The values are strings: a bare 30 or true is refused."""
    field = "Arg.apiServer.extraArgs.value" if version in LIST_VERSIONS else _ARGUMENTS
    values: list[Node] = []
    if isinstance(arguments, Mapping):
        values = [entry.value for entry in arguments.entries.values()]
    elif isinstance(arguments, Sequence):
        values = [value for item in arguments.items if isinstance(item, Mapping) and (value := item.get("value"))]
    for value in values:
        if isinstance(value, Scalar) and value.kind in ("int", "float", "bool"):
            kind = "bool" if value.kind == "bool" else "number"
            yield Misshape(
                "wrong-shape",
                value.place,
                f"{value.place.text} is a {kind}, and only strings are taken here: {words.refused} "
                f"(`{words.says(kind, field, 'string')}`).",
                f'Write "{value.place.text}" in quotes.',
            )


def shape_of_volumes(volumes: Node | None, words: Words) -> Iterator[Misshape]:
    """What is wrong with extraVolumes."""
    if isinstance(volumes, Mapping) and volumes.entries:
        says = words.says("object", "APIServer.apiServer.extraVolumes", "[]v1beta4.HostPathMount")
        message = f"extraVolumes is a list: {words.refused} (`{says}`)."
        yield Misshape("wrong-shape", _first(volumes), message, "Put `- ` in front of each volume's first key.")
    for item in volumes.items if isinstance(volumes, Sequence) else ():
        if isinstance(item, Mapping):
            yield from unknown_keys(item, VOLUME_KEYS, words.reader)


def _first(node: Node) -> Place:
    """What to underline of something long: its first key, or its first line."""
    if isinstance(node, Sequence) and node.items:
        return _first(node.items[0])
    if isinstance(node, Mapping) and node.entries:
        return next(iter(node.entries.values())).key.place
    return node.place
