"""The cheap look at a file that decides, before anything is parsed, whether it is worth parsing."""

from __future__ import annotations

import re

from kube_audit_lint.discovery.marks import BYTES, ENCODED

_HEAD = 1024

TEMPLATE_ENDS = (".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".erb", ".gotmpl", ".tftpl")
"""How names end of files that something fills in: before it is the name of what it makes."""

MANIFEST_ENDS = (".yaml", ".yml", ".json")
"""The same of files that hold objects of Kubernetes."""

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize looks for in a folder (RecognizedKustomizationFileNames in its api/konfig), the first counts."""

TASK_ENDS = (".yml", ".yaml", ".bu", ".butane", ".ign")
"""The same of what brings files to a host: Ansible's tasks, Butane and Ignition."""

LOOK = (
    ("audit", r"(?:\.k8s\.io|(?<=--audit)[-_])"),
    # A key, a flag or a path, but no value such as that of `component: audit-log`.
    ("audit", r"[-_]?(?:log|policy|webhook|config|dynamic)(?![\"']?[ \t]*(?:[\r\n,}\]]|\Z))"),
)
"""The words of auditing itself, whatever the form; scripts/build_catalogue.py puts them to those of the forms."""

# What shows, beside its name, a server that has no audit flag: other flags, a unit that starts it, a pod.
_STARTED = rb"--[a-z]+-[a-z]|execstart|containers\"?[ \t]*:"
# The program or a name, not the word in a sentence, of which the CRDs of every operator with a pod template are full.
_PROGRAM = (
    rb"kube-apiserver[ \t]*(?:\\?\r?\n[ \t]*)?(?:--|\\|\$|\{|<)"
    rb"|(?:[/\"'\[=,>{]|[-:]|\n)[ \t]*kube-apiserver(?![ \t]+[a-z]|[.;]\s|,\s+[a-z]|[ \t]*\r?\n[ \t]*[a-z]+ [a-z])"
)
_EVENTS = rb"(?s)\s*\{.{0,80}\"kind\"\s*:\s*\"event(?:list)?\""
# Compiled when first needed, which for most files is never.
_OF_AUDIT = rb"(?m)(?:^[ \t]*(?:- )?|[{,]\s*)[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?audit\.k8s\.io/"
_A_POLICY = rb"(?m)(?:^[ \t]*(?:- )?|[{,]\s*)[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Policy\b"
_CLEAR_NAME = r"(?i)audit[-_. ]?polic(?:y|ies)[^/]*\.(?:ya?ml|json)\Z"
_RULES_NAME = r"(?i)(?:[^/]*[-_.])?rules?\.(?:ya?ml|json)\Z"
_PART_NAME = r"(?i)(?=[^/]*(?:audit|polic))(?:[^/]*[-_.])?(?:base|fragment)[-_.][^/]*ya?ml\Z"
_LEVEL = rb"level[\"']?:[ \t]*[\"']?(?:None|Metadata|Request(?:Response)?)\b"
_RULE = rb"(?im)(?:^[ \t-]+|[{,][ \t]*)(?:\{[ \t]*)?[\"']?" + _LEVEL
_OTHER_KINDS = frozenset(
    b"CustomResourceDefinition NetworkPolicy Service ServiceAccount Namespace ClusterRole ClusterRoleBinding Role "
    b"RoleBinding PodDisruptionBudget HorizontalPodAutoscaler StorageClass PriorityClass Ingress".split()
)
"""Objects that hold no settings of a server, whatever their texts and schemas tell about auditing."""
_SEPARATOR = b"\n---"
_LINES = rb"\n(?:kind:|---)"
_EVERY = tuple(dict.fromkeys(word for word, *_ in BYTES))
_WORDS = tuple(word for word in _EVERY if not any(other in word for other in _EVERY if other != word))
"""The words of all forms, without those that hold another one."""
_SMALL = 16_000
_LARGE = 200_000
_SETTING = rb"audit(?:\.k8s|-(?:log|policy|webhook)-|_?policy|_?config|\"[ \t]*:)"
_BENCHMARK = rb"(?:---\r?\n|#[^\n]*\n)*controls:"
"""How the files of kube-bench begin, which tell which flags a server must have, and configure none."""
_SEALED = (b"$ANSIBLE_VAULT", b"\0GITCRYPT", b"version https://git-lfs", b"age-encryption.org/", b"-----BEGIN ")
"""How files begin that are encrypted or kept elsewhere."""
_NAMED = ("polic", "apiserver", "rule", "audit", "kustomization")
_SERVER_NAMES = ("kube-apiserver", "kubeapiserver")


def worth_parsing(data: bytes, path: str) -> bool:
    """Whether a file may hold audit configuration, by content or, where that has no sign of it, by name."""
    if interesting(data):
        return True
    name = path[path.rfind("/") + 1 :].lower()
    if not any(one in name for one in _NAMED):
        return False  # as most
    if is_binary(data):
        return clearly_policy(path)
    if name.startswith("kustomization"):
        return b"polic" in data  # the only name of a policy among its resources need not have `audit` in it
    if named_rules(path) and not clearly_policy(path):
        return re.search(_RULE, data) is not None
    return named_policy(path) or any(one in name for one in _SERVER_NAMES)


def is_sealed(data: bytes) -> bool:
    """Whether a file is encrypted or kept elsewhere: what the server gets is not in it."""
    return data.startswith(_SEALED)


def interesting(data: bytes) -> bool:
    """Whether the bytes may hold audit configuration; wrong only by taking in too much.

    False for binary data, and for audit logs, which are full of the same words and large.
    """
    if is_utf16(data):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    elif is_binary(data):
        return False
    # Most files are small and hold none of the words; of the large ones most say that they are something else.
    if (len(data) < _SMALL and not _has_word(data)) or is_benchmark(data):
        return False
    data = _without_other_kinds(data)
    if any(mark in data for mark in ENCODED):
        return True
    lower = data.lower()
    return not _is_dump(lower) and _marked(lower) and not (b'"event' in lower and re.match(_EVENTS, lower))


def _has_word(data: bytes) -> bool:
    """Whether the bytes hold a word with which any mark begins: a search at memory speed for each."""
    for mark in ENCODED:
        if mark in data:
            return True
    lower = data.lower()
    for word in _WORDS:  # loops, as any() would cost more than the searches
        if word in lower:
            return True
    return b"hyperkube" in lower


def is_benchmark(data: bytes) -> bool:
    """Whether it is a file of kube-bench."""
    begins = b"controls:" in data[:_HEAD] and re.match(_BENCHMARK, data)
    return bool(begins) and b"\ngroups:" in data and b"\nrules:" not in data


def _without_other_kinds(data: bytes) -> bytes:
    """Without the YAML documents whose kinds say that they are something else: nothing where all do."""
    if not _has_other_kind(data):
        return data
    if _are_other_kinds(data):
        return b""
    if b"\n```" in data or b"<<" in data:  # documentation, or a script: between documents is something else
        return data
    return _SEPARATOR.join([one for one in data.split(_SEPARATOR) if not _are_other_kinds(one)])


def _has_other_kind(data: bytes) -> bool:
    """Whether some kind at the start of a line is one of the others; a search, for most files have one or none."""
    if data.startswith(b"kind:") and _kind_at(data, 0) in _OTHER_KINDS:
        return True
    at = data.find(b"\nkind:")
    while at >= 0 and _kind_at(data, at + 1) not in _OTHER_KINDS:
        at = data.find(b"\nkind:", at + 1)
    return at >= 0


def _are_other_kinds(data: bytes) -> bool:
    """Whether the kinds of all YAML documents say that they are something else: as many kinds as documents, for one
    without a kind may be a policy."""
    kinds, separators = 0, 0
    if data.startswith(b"kind:"):
        if _kind_at(data, 0) not in _OTHER_KINDS:
            return False
        kinds = 1
    for found in re.compile(_LINES).finditer(data):
        if found[0] == _SEPARATOR:
            separators += kinds > 0
        elif _kind_at(data, found.start() + 1) in _OTHER_KINDS:
            kinds += 1
        else:
            return False
    return kinds > separators and b"serving.knative.dev/" not in data  # whose Service has a pod template


def _kind_at(data: bytes, at: int) -> bytes:
    """The kind in the line at `kind:`."""
    return data[at + 5 : at + 79].partition(b"\n")[0].partition(b"#")[0].strip(b" \t\r\"'")


def _is_dump(lower: bytes) -> bool:
    """Whether it is a large JSON that shows no setting."""
    large = len(lower) > _LARGE and lower[:1] in (b"{", b"[")
    return large and not (b"kube-apiserver" in lower or b"kubeapiserver" in lower or re.search(_SETTING, lower))


def _marked(lower: bytes) -> bool:
    if b"audit.k8s.io" in lower or b"--audit-" in lower:
        return True  # two of the marks below, which a few files need not compile
    # In two steps, for `in` runs at memory speed, and most files of a tree hold none of the words.
    for word, mark, others in BYTES:
        if word in lower and (not others or any(one in lower for one in others)) and re.search(mark, lower):
            return True
    if b"kube-apiserver" in lower and not re.search(_PROGRAM, lower) and b"hyperkube" not in lower:
        return False
    return (b"kube-apiserver" in lower or b"hyperkube" in lower) and re.search(_STARTED, lower) is not None


def is_utf16(data: bytes) -> bool:
    """Whether a byte order mark is that of UTF-16, the only way in which Kubernetes knows it."""
    return data[:2] in (b"\xff\xfe", b"\xfe\xff")


def is_binary(data: bytes) -> bool:
    """Whether the first KB of what is not UTF-16 is full of NULs: a single one is a mistake in a text."""
    head = data[:_HEAD]
    return b"\0" in head and head.count(0) * 50 > len(head) + 50 and not is_utf16(data)


def named_policy(path: str) -> bool:
    """Whether a file's name is that of an audit policy, so that it is worth parsing whatever its content."""
    name = path[path.rfind("/") + 1 :].lower()
    return "audit" in name and "polic" in name


def says_policy(data: bytes) -> bool:
    """Whether the bytes hold an audit policy by its own fields, at the beginning or inside."""
    return re.search(_OF_AUDIT, data) is not None and re.search(_A_POLICY, data) is not None


def clearly_policy(path: str) -> bool:
    """Whether a file's name makes it an audit policy, whatever is in it."""
    return named_policy(path) and re.search(_CLEAR_NAME, base_name(path)) is not None


def base_name(path: str) -> str:
    """A file's name without the endings that mark a template."""
    name = path[path.rfind("/") + 1 :]
    while name.endswith(TEMPLATE_ENDS):
        name = name.rpartition(".")[0]
    return name


def named_rules(path: str) -> bool:
    """Whether a file is called like rules that a tool puts into audit policies, or a base that they begin with."""
    name = path[path.rfind("/") + 1 :]
    return re.match(_RULES_NAME, name) is not None or re.match(_PART_NAME, name) is not None
