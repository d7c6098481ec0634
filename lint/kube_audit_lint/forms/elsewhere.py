"""Policies inside any other document: in a string, in base64, or as a part of it.

Values of Helm charts, Ansible's `copy` with `content`, options of Juju charms, resources that carry manifests: who
writes a policy there has it checked, though nothing is known of what becomes of it. Only what says itself that it is
a policy (`apiVersion: audit.k8s.io/...` with `kind: Policy`) counts, or a manifest in a string that holds one. The
content of a file that can only be an API server's (by the path beside it, or by what it says) is read as that file; the
files that are beside a path in an object are what its servers find on the host. Arguments of an API
server under a key that says so are read as a part of its settings (forms/common/loose.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from kube_audit_lint.discovery.look import named_policy
from kube_audit_lint.forms.common.applied import applied, applied_in, with_policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.copies import misplaced_copies
from kube_audit_lint.forms.common.delivered import PLACES, with_delivered
from kube_audit_lint.forms.common.edits import EDITS, edited, field_of, looped, refused
from kube_audit_lint.forms.common.inside import DATA_URL, GZIP_DATA_URL, found_inside
from kube_audit_lint.forms.common.kubectl import in_string, may_apply
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.forms.common.misplaced import is_folder, misplaced, policy_version, version_beside
from kube_audit_lint.forms.policy import are_rules, part_of_rules
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, PiecedScalar, Scalar, Sequence, strings
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Chunk, Place
from kube_audit_lint.syntax.templates import filled_name

MARKS = (
    "audit.k8s.io/",
    "audit.k8s.io%2",
    "/config.yaml",
    "/manifests/kube",
    "kube_manifest_dir",
    "/kubernetes/manifests",
    "audit-",
    "audit_",
    "logrotate.",
    "auditPolicy",
    "audit:\n",
    "kubectl",
    "k8s:",
    "compression",
)
LOOK = (
    ("audit", r":\s*\n\s+\w*rules:"),
    ("compression", r"[\"']?[ \t]*:[ \t]*[\"']?gzip", "ignition"),
)
ENCODED = ("YXVkaXQuazhzLmlv", "F1ZGl0Lms4cy5pb", "hdWRpdC5rOHMuaW")  # audit.k8s.io in base64 at its three alignments
ORDER = 9

_GROUP = "audit.k8s.io/"
_COPIES = "kubectl.kubernetes.io/last-applied-configuration"
_CONTENTS = ("content", "contents", "inline")
_CONFIGURATION = re.compile(
    r"/rancher/(?:rke2|k3s)/config|/manifests/kube-?apiserver|microk8s/current/args/kube-apiserver|/logrotate\.(?:d/|conf)"
)
_SCRIPTS = ("run", "script")
"""Keys of CI's files with scripts, which are read with `--embedded` only."""
_LINES = re.compile(r"(?:rke2|k3s)_server_options")
"""Variables with the lines of a configuration file (lablabs/ansible-role-rke2)."""
_WHOLE = re.compile(
    r"kube-apiserver-arg|\[Service\]|#cloud-config|kubeadm\.k8s\.io/|kind: ClusterConfiguration\b"
    r"|(?<![\w-])apiServer:\s*\n\s+extraArgs:|path[\"']?:\s*[\"']?/(?:cluster/apiServer|spec/kubeadmConfigSpec)/"
)
"""What shows that a text of several lines is a file of an API server: read as such, whatever it is called."""
_VALUES = ("values", "valuesContent", "values.yaml")
"""Keys of the values of a chart as a text: of Argo CD's Application, K3s's HelmChart, a ConfigMap."""
_EXACT = re.compile(r"(?i)audit[-_.]?policy(?:\.(?:ya?ml|json|j2))*\Z")
_SOURCES = ("src", "content", "contents", "url", "source")
_WORD = re.compile(r"\b(\w+)=(\"[^\"]*\"|'[^']*'|(?:\{\{.*?\}\}|\S)+)")
"""A word of a task that is written on one line."""
_ITEM = re.compile(r"\{\{\s*item(?:\.(\w+))?\s*(?:\|\s*basename\s*)?\}\}")
_LOOKUP = re.compile(r"lookup\(\s*[\"'](?:ansible\.builtin\.)?(?:file|template)[\"']\s*,\s*[\"']([^\"'{}]+)[\"']")
_COPIES_THERE = re.compile(r"\b(?:cp|mv|install|scp|rsync)\b[^\n]*/manifests")
_SCHEMAS = ("CustomResourceDefinition", "Event", "EventList")
_APPLIERS = {
    "items": "The items of a List are applied, and this one is refused",
    "definition": "This task applies it as an object, and fails",
    "resource_definition": "This task applies it as an object, and fails",
    **dict.fromkeys(
        ("extraObjects", "extraDeploy", "extraManifests"), "The chart applies these, and fails at this one"
    ),
    "addons": "RKE applies its addons with kubectl, and fails at this one",
    "additionalManifest": "Rancher gives this to RKE2 and K3s to apply, and they fail at this one",
}
"""Keys below which is what is applied, as objects or as text."""
_LIMIT = 20_000
"""How many nodes are looked at: larger documents are data, not configuration."""


def read(document: Document, context: Context) -> Found | None:
    """The policies in a document that is of no other form."""
    if not isinstance(document.root, Mapping | Sequence):
        return None  # a string that is no more than a string was looked at already
    if isinstance(document.root, Mapping) and document.root.string("kind") in _SCHEMAS:
        return None
    found = joined([*_walk(document.root, context), loose_arguments(document.root)])
    if not found:
        return None
    return with_delivered(found, document.root, context) if isinstance(document.root, Mapping) else found


def _walk(root: Node, context: Context) -> Iterator[Found]:
    """What the strings and parts of a document hold, in the order in which they are."""
    waiting: list[tuple[Node, str, str]] = [(root, "", "")]
    seen: set[tuple[int, int]] = set()  # aliases give one node several times
    while waiting and len(seen) < _LIMIT:
        node, key, place = waiting.pop()
        if (node.start, node.end) in seen and node is not root:
            continue
        seen.add((node.start, node.end))
        if isinstance(node, Scalar):
            yield _in_string(node, key, place, context)
        elif isinstance(node, Sequence):
            if _LINES.fullmatch(key):
                yield found_inside(_joined_lines(node), context, name="/etc/rancher/rke2/config.yaml")
                continue
            yield _json_patch(node, context)
            waiting += [(item, key, "") for item in reversed(node.items)]
        elif node is not root and _is_policy(node):
            by = _APPLIERS.get(key, "") if key != "items" or _is_list(root) else ""
            part = _part(node)
            found = Found((part,))
            yield applied_in(found, by) if by else found
        else:
            rules = tuple(_rules(node, key, Document(node.source, node.start, node.end, node)))
            yield _compressed(node, place, context)
            servers = tuple(edited(node, root))
            yield Found(
                rules, misshapes=(*_brought(node, context), *refused(node), *_of_task(node, context)), servers=servers
            )
            place = next((path for name in PLACES if "/" in (path := node.string(name) or "")), place)
            waiting += [
                (entry.value, name, place)
                for name, entry in reversed(node.entries.items())
                if name != _COPIES and not entry.merged and not (name == "source" and "compression" in node.entries)
            ]


def _json_patch(node: Sequence, context: Context) -> Found:
    """What the operations of a JSON patch add to an API server, wherever such a list is (Talos' `configPatches`)."""
    if not any(isinstance(item, Mapping) and "op" in item.entries and "path" in item.entries for item in node.items):
        return Found()
    from kube_audit_lint.forms import pod_patch, talos

    document = Document(node.source, node.start, node.end, node)
    return joined([one for form in (talos, pod_patch) if (one := form.read(document, context)) is not None])


def _compressed(node: Mapping, place: str, context: Context) -> Found:
    """What Ignition unpacks: `source` is a `data:` URL of a file that `compression` says is compressed."""
    source, compression = node.get("source"), node.get("compression")
    if compression is None or not isinstance(source, Scalar) or not source.value.startswith("data:"):
        return Found()
    packed = isinstance(compression, Scalar) and compression.value == "gzip"
    return found_inside(source, context, name=place, encoding=GZIP_DATA_URL if packed else DATA_URL)


def _joined_lines(node: Sequence) -> Scalar:
    """The lines of a list as one text."""
    chunks: list[Chunk] = []
    for item in strings(node):
        place = part_of(item, 0, len(item.value))
        chunks += [(item.value, place.start, place.end - place.start), ("\n", place.end, 0)]
    return PiecedScalar(node.source, node.start, node.end, chunks)


def _rules(node: Mapping, above: str, document: Document) -> Iterator[PolicyDocument]:
    """Bare lists of rules under a key that names them, which a chart or a role puts into a policy."""
    for name, entry in node.entries.items():
        named = name.lower().endswith("rules") and "audit" in (name + above).lower()
        if named and isinstance(entry.value, Sequence) and are_rules(entry.value):
            yield part_of_rules(document, entry.value)._replace(place=entry.key.place, form="elsewhere")


def _is_list(root: Node) -> bool:
    return isinstance(root, Mapping) and (root.string("kind") or "").endswith("List")


def _brought(node: Mapping, context: Context) -> Iterator[Misshape]:
    """A policy that an entry or a task writes where the kubelet looks for pods, or a distribution for objects."""
    value = next((one for key in ("dest", "path") if isinstance(one := node.get(key), Scalar)), None)
    if value is None or node.string("state") == "absent" or not any(key in node.entries for key in _SOURCES):
        return
    content = node.string("content") or node.string("contents") or ""
    source = node.string("src") or ""
    yield from _written(value.place, value.place.text.strip("\"'"), source, context, content)


def _written(place: Place, to: str, source: str, context: Context, content: str = "") -> Iterator[Misshape]:
    """What becomes of a file that is written there and is a policy: by its content, or where that is not seen by a
    name."""
    if is_folder(to) and source:
        to = f"{to.rstrip('/')}/{source.rpartition('/')[2]}"
    to = filled_name(to)
    wrong = misplaced(place, to)
    if wrong is None:
        return
    policy = None if content else version_beside(context.source.path, source)
    likely = named_policy if wrong.kind == "in-manifests" else _is_named_so
    if policy is not None:
        is_one = bool(policy.text)
    else:
        is_one = bool(policy_version(content)) if content else likely(source) or likely(to)
    if is_one:
        yield with_policy(wrong, policy)


def _is_named_so(path: str) -> bool:
    """Whether a name is that of an audit policy and of no ConfigMap with one."""
    return _EXACT.search(path) is not None


def _of_task(node: Mapping, context: Context) -> Iterator[Misshape]:
    """Policies that Ansible's modules bring by words on one line, or apply from a file."""
    for name, entry in node.entries.items():
        module, value = name.rpartition(".")[2], entry.value
        if module in ("copy", "template") and isinstance(value, Scalar) and "manifest" in value.place.text:
            words = {word[1]: word for word in _WORD.finditer(value.place.text)}
            if "dest" in words and "src" in words:
                start = value.place.start
                place = value.place._replace(start=start + words["dest"].start(2), end=start + words["dest"].end(2))
                yield from _written(place, words["dest"][2].strip("\"'"), words["src"][2].strip("\"'"), context)
        elif module in ("copy", "template") and isinstance(value, Mapping):
            yield from _in_loop(value, node, context)
        elif module == "k8s" and isinstance(value, Mapping) and value.string("state") != "absent":
            yield from _looked_up(value.get("definition") or value.get("resource_definition"), context)
            for source in (value.get("src"), value.get("template")):
                if not isinstance(source, Scalar):
                    continue
                policy = version_beside(context.source.path, source.value)
                if policy.text if policy is not None else _is_named_so(source.value):
                    version = policy.text if policy is not None else "audit.k8s.io/v1"
                    yield applied(source.place, version, _APPLIERS["definition"], policy)


def _in_loop(module: Mapping, task: Mapping, context: Context) -> Iterator[Misshape]:
    """Policies among the files that a task loops over."""
    source, to = module.get("src"), module.get("dest")
    if not isinstance(source, Scalar) or not isinstance(to, Scalar) or "manifest" not in to.place.text:
        return
    if not _ITEM.search(source.place.text):
        return
    for item in looped(task, task):

        def filled(found: re.Match[str], item: Node | Entry = item) -> str:
            value = field_of(item, found[1])
            return value.value if isinstance(value, Scalar) else found[0]

        name, path = (_ITEM.sub(filled, one.place.text.strip("\"'")) for one in (source, to))
        place = item.key.place if isinstance(item, Entry) else item.place
        yield from _written(place, path, name, context) if "{{" not in name else ()


def _looked_up(node: Node | None, context: Context) -> Iterator[Misshape]:
    """A policy that a definition takes out of a file: `{{ lookup('file', 'audit-policy.yaml') | from_yaml }}`."""
    found = _LOOKUP.search(node.place.text) if isinstance(node, Scalar) else None
    policy = version_beside(context.source.path, found[1]) if found is not None else None
    if isinstance(node, Scalar) and policy is not None and policy.text:
        yield applied(node.place, policy.text, _APPLIERS["definition"], policy)


def _in_commands(node: Scalar, context: Context) -> Iterator[Misshape]:
    """What becomes of policies that the commands of a task or a step apply or copy."""
    if "kubectl" in node.value and may_apply(node.value):
        yield from in_string(node, context)
    if "/manifests" in node.value and _COPIES_THERE.search(node.value):
        yield from misplaced_copies(node.value, partial(part_of, node), context)


def _in_string(node: Scalar, key: str, place: str, context: Context) -> Found:
    """What a string holds. place: the path of the file that it is the content of, where that is beside it."""
    if node.kind != "string" or len(node.value) < len(_GROUP):
        return Found()
    if key == "source" and node.value.startswith("data:"):  # Ignition, and MachineConfigs with it
        return found_inside(node, context, name=place, encoding=DATA_URL)
    if context.embedded and key in _SCRIPTS and "audit" in node.value:
        return found_inside(node, context)
    if key in _CONTENTS and (_CONFIGURATION.search(place) or (place and "current-context:" in node.value)):
        return found_inside(node, context, name=place)
    wrong = tuple(_in_commands(node, context))
    if wrong:
        return Found(misshapes=wrong)
    if _GROUP in node.value and "kind" in node.value:
        found = found_inside(node, context, name=place or key)
        return applied_in(found, _APPLIERS[key]) if key in _APPLIERS else found
    if any(mark in node.value for mark in ENCODED):
        return found_inside(node, context, name=place or key, encoding="base64")
    if key in _VALUES and "audit-" in node.value and "\n" in node.value:
        return found_inside(node, context, name="values.yaml")
    if key not in EDITS and "audit-" in node.value and "\n" in node.value and _WHOLE.search(node.value):
        found = found_inside(node, context, name=place or key)
        return found if "[Service]" in node.value else found.with_servers(lambda one: one._replace(partial=True))
    return Found()


def _is_policy(node: Mapping) -> bool:
    return (node.string("apiVersion") or "").startswith(_GROUP) and node.string("kind") == "Policy"


def _part(node: Mapping) -> PolicyDocument:
    key, kind = node.key("kind"), node.get("kind")
    start, end = (key.start, kind.end) if key and kind and key.start < kind.start else (node.start, node.start + 1)
    place = node.place._replace(start=start, end=end)
    document = Document(node.source, node.start, node.end, node)
    return PolicyDocument(document, place, form="elsewhere", embedded=True)
