"""An audit policy in a file of its own: what `--audit-policy-file` names.

kube-apiserver reads the first document of the file and nothing after it. So

- a policy that is the first document is `whole_file`, with the other documents as its `later`; a second policy
  after it is not checked, for nothing ever reads it (rule ignored-document reports it);
- where the first document is empty or no mapping (a `---` too many, a stray line) and nothing but policies
  follows, the file is meant as a policy and does not load: the first document is given as the policy that it
  would be read as, and the policies after it for what they would do once the slip is put right;
- where the first document is something else altogether (a ConfigMap, say), the file is a collection for
  readers or tools, and each policy in it is checked by itself; only when the file is known to be loaded as a
  policy (`hint`) is its first document called wrong.

A bare list of rules in a file that is named so (`write-rules.yaml`) is a part that a tool puts into policies.

A file is recognised by what it says. Its name counts where it says nothing else: it is empty, broken, or text.
"""

from __future__ import annotations

import re

from kube_audit_lint.discovery.look import clearly_policy, named_rules
from kube_audit_lint.forms.common.applied import BY_KUSTOMIZE, applied, applied_by
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import UNKNOWN

MARKS = ("",)  # an empty file holds none, and is a policy that stops the server when it is named so
ORDER = 0

# Compiled when first asked, which for most files is never.
_OWN_KEY = r"(?:\{\s*)?[\"']?(?:apiVersion|kind|metadata|omitStages|omitManagedFields|rules)[\"']?\s*:|\{\s*\Z"
_GROUP = r"(?m)(?:^|[{,])[ \t]*[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?audit\.k8s\.io\b"
_EVENT = r"(?m)^[^#\n]*[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Event"
_API_VERSION = r"(?m)^(?:[^#\n]*[{,])?[ \t]*[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?([^\s\"']*)"
_OWN_VERSION = r"(?m)^[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?([\w.-]+/\w+|v\d\w*)"
_TASKS = r"(?m)^[ \t]*-[ \t]+(?:name|hosts|block|(?:include|import)_\w+)[ \t]*:"  # of Ansible
_LINK = r"(?=[^./]*[./])[\w./-]+"
"""A path alone: a symbolic link, as git writes it where there are none."""
_LEVELS = ("metadata", "request", "requestresponse")
_ALL_LEVELS = ("none", *_LEVELS)
_FIELDS = ("users", "userGroups", "nonResourceURLs", "omitStages", "verbs", "resources")
_PART_KEYS = ("rules", "omitStages", "omitManagedFields")
_NEVER = ("Event", "EventList")
_DEFINE = "{{- define"


def read(document: Document, context: Context) -> Found | None:
    """The policy that this document is, or is meant to be; None when it is none."""
    if _DEFINE in context.source.text and not context.hint:  # named templates: none is behind another
        if _is_policy(document):
            return Found((_policy(document, (document,)),), misshapes=_applied(document, context))
        return None
    documents = context.documents or (document,)
    first = document is documents[0]
    if not first and _is_whole_policy(documents[0], context):
        # What follows a policy is never read. It is taken, so that nobody else takes it for something.
        return Found(misshapes=_applied(document, context)) if _is_policy(document) else None
    if _is_policy(document) or (first and _is_meant(document, documents, context)):
        return Found((_policy(document, documents if first else ()),), misshapes=_applied(document, context))
    if first and is_fragment(document.root, context.path):
        return Found((_policy(document, documents),))
    if isinstance(document.root, Sequence) and named_rules(context.path) and are_rules(document.root):
        return Found((part_of_rules(document, document.root),))
    return None


def _applied(document: Document, context: Context) -> tuple[Misshape, ...]:
    """That the policy is applied as an object, where its file or its place says so."""
    root = document.mapping
    version = root.string("apiVersion") if root is not None else None
    if root is None or root.string("kind") != "Policy" or not (version or "").startswith("audit.k8s.io/"):
        return ()
    if context.offsets is not None or context.hint or _DEFINE in context.source.text:
        return ()
    by = applied_by(context.documents, context.source.path)
    if by:
        return (applied(_place(document), version or "", by),)
    from kube_audit_lint.forms.common.kustomized import named_by_kustomization  # of most policies nothing is known

    at = named_by_kustomization(context.source.path)
    return () if at is None else (applied(at, version or "", BY_KUSTOMIZE, _place(document)),)


def _is_whole_policy(first: Document, context: Context) -> bool:
    return _is_policy(first) or (context.hint == "policy" and isinstance(first.root, Mapping))


def _is_meant(document: Document, documents: tuple[Document, ...], context: Context) -> bool:
    """Whether the first document is what a user takes for a policy, though its content does not say so."""
    if context.hint == "policy":
        return True
    root = document.root
    named = clearly_policy(context.path)
    if isinstance(root, Mapping):
        return named and _is_meant_mapping(root)
    if document.problem is not None:
        return _broken_policy(document, named)
    if isinstance(root, Scalar) and UNKNOWN in root.value:
        return False
    others = [one for one in documents[1:] if one.problem is not None or not _is_nothing(one.root)]
    if any(_is_policy(one) for one in others):
        # Words that nothing parts from a broken policy are the commands of a script that writes one.
        return all(_is_policy(one) and one.problem is None for one in others)
    if isinstance(root, Scalar) and root.kind == "string":
        # Of a file; a key of a ConfigMap often has `<the policy>` for what the reader has to put there.
        return named and context.offsets is None and re.fullmatch(_LINK, root.value) is None
    if others:
        # Of what cannot be parsed, kube-apiserver reads nothing once the first document has ended.
        return named and _is_nothing(root) and all(one.problem is not None and one.root is None for one in others)
    return named and (_says_nothing(root) or _is_rules(root))


def _is_meant_mapping(root: Mapping) -> bool:
    """Whether a mapping in a file with a policy's name is one: it says `Policy`, or has rules under an event's kind."""
    group, slash, _ = _loose(root, "apiversion").lower().rpartition("/")
    kind = _loose(root, "kind")
    if kind in _NEVER:
        return group == "audit.k8s.io" and root.get("rules") is not None
    if not group and not kind:
        return _has_levels(root.get("rules"))
    return kind.lower() in ("policy", "auditpolicy") and (not slash or "audit" in group)


def _is_nothing(root: Node | None) -> bool:
    return root is None or (isinstance(root, Scalar) and root.kind == "null")


def _says_nothing(root: Node | None) -> bool:
    """Whether a document holds nothing but empty lists, which may be nested deeper than Python calls."""
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Sequence):
            pending += node.items
        elif not _is_nothing(node):
            return False
    return True


def _broken_policy(document: Document, named: bool) -> bool:
    """Whether a text that cannot be parsed is a policy: by the file's name, or because it begins as one does."""
    text = document.source.text[document.start : document.end]
    if named:
        version = re.search(_API_VERSION, text)
        if version and version[1]:
            return version[1].startswith("audit.")
        return re.search(_TASKS, text) is None
    if not re.match(_OWN_KEY, _first_line(text)) or re.search(_EVENT, text):
        return False
    own = re.search(_OWN_VERSION, text)  # an object that holds a policy begins like one, and says what it is
    return (own is None or own[1].startswith("audit.")) and re.search(_GROUP, text) is not None


def _first_line(text: str) -> str:
    """The first line that says anything."""
    for line in text.splitlines():
        found = line.strip()
        if found and not found.startswith(("#", "---", "%")):
            return found
    return ""


def _is_policy(document: Document) -> bool:
    """Whether the content says that it is an audit policy, perhaps with mistakes."""
    if document.problem is not None:
        return _broken_policy(document, False)
    root = document.root
    if not isinstance(root, Mapping):
        return False
    api_version, kind = _loose(root, "apiversion"), _loose(root, "kind")
    if kind in _NEVER:
        return False
    if api_version.lower().partition("/")[0] == "audit.k8s.io":
        return True
    if kind.lower() in ("", "policy", "auditpolicy") or UNKNOWN in kind:
        return _is_rules(root.get("rules") or root.get("Rules"))
    return False


def _loose(root: Mapping, name: str) -> str:
    """A string by its key, whatever the key's capitals."""
    for key, entry in root.entries.items():
        if key.lower() == name and isinstance(entry.value, Scalar):
            return "" if entry.value.kind == "null" else entry.value.value
    return ""


def _is_rules(node: Node | None) -> bool:
    """Whether a list looks like the rules of an audit policy, which other policies' rules do not."""
    items = getattr(node, "items", None)
    if not isinstance(items, list):
        return False
    return any(isinstance(item, Mapping) and _is_rule(item) for item in items)


def _has_levels(node: Node | None) -> bool:
    """Whether a list's items all have a `level`, whatever it is: rules, in a file that is named as a policy."""
    items = node.items if isinstance(node, Sequence) else []
    return bool(items) and all(isinstance(item, Mapping) and item.get("level") is not None for item in items)


def _is_rule(item: Mapping) -> bool:
    level = _loose(item, "level").strip().lower()
    if level == "none":
        return any(field in item.entries for field in _FIELDS)
    return level in _LEVELS


def _policy(document: Document, documents: tuple[Document, ...]) -> PolicyDocument:
    return PolicyDocument(
        document,
        _place(document),
        form="policy",
        whole_file=bool(documents),
        later=documents[1:],
    )


def are_rules(root: Sequence) -> bool:
    """Whether a list holds nothing but rules, at least one of them with a level that exists."""
    rules = [item for item in root.items if isinstance(item, Mapping) and _loose(item, "level")]
    return len(rules) == len(root.items) and any(_loose(rule, "level").lower() in _ALL_LEVELS for rule in rules)


def is_fragment(root: Node | None, path: str) -> bool:
    """Whether a mapping is a part of a policy: it holds rules and no head, and its file is named as a part.

    Its rules may have mistakes of any kind but in all their levels.
    """
    rules = root.get("rules") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(rules, Sequence) or not named_rules(path):
        return False
    return all(key in _PART_KEYS for key in root.entries) and are_rules(rules)


def part_of_rules(document: Document, rules: Sequence) -> PolicyDocument:
    """The policy that a bare list of rules is a part of."""
    key = Scalar(rules.source, rules.start, rules.start, "string", "rules")
    whole = Mapping(rules.source, rules.start, rules.end, {"rules": Entry(key, rules)})
    inner = Document(rules.source, document.start, document.end, whole)
    return PolicyDocument(inner, rules.place, form="policy", partial=True, in_order=True)


def _place(document: Document) -> Place:
    """What stands for the policy as a whole: `kind: Policy`, or what there is nearest to it."""
    root = document.root
    if document.problem is not None:
        return document.problem.place
    if isinstance(root, Mapping):
        entry = next((entry for key, entry in root.entries.items() if key.lower() == "kind"), None)
        if entry is None:
            entry = next((entry for entry in root.entries.values() if not entry.merged), None)
        if entry is None:
            return root.place
        if isinstance(entry.value, Scalar) and entry.key.start < entry.value.start:
            return Place(root.source, entry.key.start, entry.value.end)
        return entry.key.place
    if root is None or root.start == root.end:
        return _something(document)
    return root.place


def _something(document: Document) -> Place:
    """The first line of an empty document that says anything, or the `---` of it."""
    text = document.source.text
    start = text.rfind("\n", 0, document.start) + 1
    while start < document.end and text[start].isspace():
        start += 1
    end = start
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    return Place(document.source, start, end)
