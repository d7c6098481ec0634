"""What kubeadm refuses, or drops without a word, in the settings of the API server.

Sources: cmd/kubeadm/app/apis/kubeadm/v1beta1..v1beta4/types.go (extraArgs is a map of strings up to v1beta3, a
list of name and value from v1beta4); app/util/config/strict (an unknown field draws a warning and is dropped);
k8s.io/apimachinery runtime/serializer/json (YAML becomes JSON without regard to types, so that a bare 30 is a
number, and a number is no string); app/util/arguments.go (`--` is put in front of each name).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.forms.common.pod_refused import required, wrong_name
from kube_audit_lint.forms.common.reader import Reader, in_branches, near_key, unknown_key, unknown_keys
from kube_audit_lint.forms.common.split import KUBEADM_VOLUME, split, whole
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

GROUP = "kubeadm.k8s.io/"

LIST_VERSIONS = ("v1beta4", "v1")
MAP_VERSIONS = ("v1alpha1", "v1alpha2", "v1alpha3", "v1beta1", "v1beta2", "v1beta3")

API_SERVER_KEYS = frozenset(("certSANs", "extraArgs", "extraEnvs", "extraVolumes", "timeoutForControlPlane"))
VOLUME_KEYS = frozenset(("name", "hostPath", "mountPath", "readOnly", "pathType"))
READ_ONLY = ("readonly", "readOnly", "read_only", "read-only", "ro", "writable", "Writable", "ReadOnly")
"""What is written for `readOnly`."""
ITEM_KEYS = frozenset(("name", "value"))

_ARGUMENTS = "APIServer.apiServer.extraArgs"


def kubeadm(version: str | None) -> Reader:
    """kubeadm itself, for a file of one of its API versions."""
    hint = f", or use {GROUP}{LIST_VERSIONS[0]} (kubeadm 1.31 and later)"
    return Reader("kubeadm", refused="kubeadm refuses the file", version=f"{GROUP}{version}", list_hint=hint)


def shape_of_arguments(arguments: Node | None, version: str | None, reader: Reader) -> Iterator[Misshape]:
    """What is wrong with the shape of extraArgs. `version`: v1beta3, v1beta4, ...; None: not known."""
    if isinstance(arguments, Sequence):
        if version in MAP_VERSIONS and arguments.items:
            yield _list_for_map(arguments, reader)
        else:
            yield from _items(arguments, reader)
    elif isinstance(arguments, Mapping) and version in LIST_VERSIONS and arguments.entries:
        yield _map_for_list(arguments, reader)
    elif isinstance(arguments, Scalar) and arguments.kind == "string" and not is_unknown(arguments.value):
        yield _string(arguments, version, reader)
    yield from _dashes(arguments)
    yield from _unquoted(arguments, version, reader)


def _list_for_map(arguments: Sequence, reader: Reader) -> Misshape:
    return Misshape(
        "wrong-shape",
        first_place(arguments),
        f"extraArgs is a list here, but {reader.version} takes a map: {reader.refused} "
        f"(`{reader.says('array', _ARGUMENTS, 'map[string]string')}`).",
        f"Write `name: value` pairs{reader.list_hint}.",
    )


def _map_for_list(arguments: Mapping, reader: Reader) -> Misshape:
    return Misshape(
        "wrong-shape",
        first_place(arguments),
        f"extraArgs is a map here, but {reader.version} takes a list of name and value: {reader.refused} "
        f"(`{reader.says('object', _ARGUMENTS, '[]v1beta4.Arg')}`).",
        'Write `- name: audit-log-maxage` with `value: "30"` below it for each flag.',
    )


def _string(arguments: Scalar, version: str | None, reader: Reader) -> Misshape:
    listed = version in LIST_VERSIONS
    wanted, kind = ("a list of name and value", "[]v1beta4.Arg") if listed else ("a map", "map[string]string")
    return Misshape(
        "wrong-shape",
        arguments.place,
        f"extraArgs is one string here, but {reader.version} takes {wanted}: {reader.refused} "
        f"(`{reader.says('string', _ARGUMENTS, kind)}`).",
        'Write each flag as an entry of its own, such as `audit-log-maxage: "30"`.'
        if not listed
        else 'Write `- name: audit-log-maxage` with `value: "30"` below it for each flag.',
    )


def _items(arguments: Sequence, reader: Reader) -> Iterator[Misshape]:
    for item in arguments.items:
        if isinstance(item, Mapping) and "name" in item.entries:
            yield from unknown_keys(item, ITEM_KEYS, reader)
        elif isinstance(item, Scalar | Mapping) and not is_unknown(item.place.text):
            yield Misshape(
                "wrong-shape",
                first_place(item),
                f"Each item of extraArgs is a name and a value, and this is neither: {reader.refused}.",
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


def _unquoted(arguments: Node | None, version: str | None, reader: Reader) -> Iterator[Misshape]:
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
                f"{value.place.text} is a {kind}, and only strings are taken here: {reader.refused} "
                f"(`{reader.says(kind, field, 'string')}`).",
                f'Write "{value.place.text}" in quotes.',
            )


def shape_of_volumes(volumes: Node | None, reader: Reader) -> Iterator[Misshape]:
    """What is wrong with extraVolumes."""
    if isinstance(volumes, Mapping) and volumes.entries:
        says = reader.says("object", "APIServer.apiServer.extraVolumes", "[]v1beta4.HostPathMount")
        message = f"extraVolumes is a list: {reader.refused} (`{says}`)."
        yield Misshape("wrong-shape", first_place(volumes), message, "Put `- ` in front of each volume's first key.")
    items = volumes.items if isinstance(volumes, Sequence) else []
    yield from split(items, KUBEADM_VOLUME, "volume")
    items = whole(items, KUBEADM_VOLUME)
    for item in items:
        if isinstance(item, Mapping):
            yield from unknown_keys(item, VOLUME_KEYS, reader, where=lambda entry: entry.key.value not in READ_ONLY)
            yield from _read_only(item, reader)
            if "type" in item.entries and "pathType" not in item.entries:
                yield unknown_key(item.entries["type"].key, reader, "Write `pathType`.")
            yield from _refused(item)
    yield from _named_twice(items)


def _refused(item: Mapping) -> Iterator[Misshape]:
    """A volume that kubeadm writes into the pod as it is, and the kubelet does not take."""
    name = item.get("name")
    if isinstance(name, Scalar):
        yield from wrong_name(name, "spec.volumes.name", "Write small letters, digits and `-` only.")
    if any(is_unknown(key) for key in item.entries):
        return
    for key, field in (("name", "name"), ("hostPath", "hostPath.path"), ("mountPath", "volumeMounts.mountPath")):
        if not any(near_key(item, one, (key,)) for one in item.entries) and key not in item.entries:
            yield required(first_place(item), f"{field}: Required value", f"Write `{key}`.")


def _read_only(item: Mapping, reader: Reader) -> Iterator[Misshape]:
    """What is written in place of `readOnly`. v1alpha1 and v1alpha2 had `writable`."""
    for key, entry in item.entries.items():
        if key != "readOnly" and key.lower() in READ_ONLY and not (key == "writable" and "alpha" in reader.version):
            help = "Leave it away." if "readOnly" in item.entries else "Write `readOnly: true`."
            if isinstance(entry.value, Scalar) and (entry.value.value == "true") == (key.lower() == "writable"):
                help = "Leave it away: a volume is writable where `readOnly` is not set."
            yield unknown_key(entry.key, reader, help)


def _named_twice(items: list[Node]) -> Iterator[Misshape]:
    """Volumes of one name: kubeadm keeps them by their names (app/phases/controlplane/volumes.go), the last one."""
    seen: dict[str, Scalar] = {}
    for item in items:
        name = item.get("name") if isinstance(item, Mapping) else None
        if not isinstance(name, Scalar) or name.kind != "string" or is_unknown(name.value):
            continue
        before = seen.get(name.value)
        if before is not None and before.start != name.start and not in_branches(before, name):
            line = name.source.position(name.start)[0]
            message = (
                f"Two volumes are called `{name.value}`, this one and that of line {line}: kubeadm keeps the last "
            )
            message += "volume of a name, and this one is not mounted."
            yield Misshape("wrong-shape", before.place, message, "Give each volume a name of its own.")
        seen[name.value] = name


def shape_of_flags(arguments: Node | None, reader: Reader) -> Iterator[Misshape]:
    """What is wrong with a map of flags."""
    if isinstance(arguments, Sequence) and arguments.items:
        yield Misshape(
            "wrong-shape",
            first_place(arguments),
            f"This is a list, and {reader.name} takes a map here: {reader.refused}"
            f"{reader.cannot('array', 'map[string]string')}.",
            'Write `audit-log-maxage: "30"` for each flag.',
        )
    for entry in arguments.entries.values() if isinstance(arguments, Mapping) else ():
        if entry.key.value.startswith("-"):
            yield Misshape(
                "wrong-shape",
                entry.key.place,
                f"{reader.name} puts `--` in front of the name itself: kube-apiserver gets `--{entry.key.value}` and "
                "does not start.",
                f"Write `{entry.key.value.lstrip('-')}`.",
            )
        yield from _shape_of_value(entry.value, reader)


def _shape_of_value(value: Node, reader: Reader) -> Iterator[Misshape]:
    if isinstance(value, Scalar) and value.kind in ("int", "float", "bool") and not reader.numbers:
        kind = "bool" if value.kind == "bool" else "number"
        message = f"{value.place.text} is a {kind}, and only strings are taken here: {reader.refused}"
        help = f'Write "{value.place.text}" in quotes.'
        yield Misshape("wrong-shape", value.place, f"{message}{reader.cannot(kind)}.", help)
    elif isinstance(value, Mapping) or (isinstance(value, Sequence) and not reader.lists):
        what = "object" if isinstance(value, Mapping) else "array"
        message = f"The value of a flag is a string here: {reader.refused}{reader.cannot(what)}."
        yield Misshape("wrong-shape", first_place(value), message, "Write the value as one string.")
