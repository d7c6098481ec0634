"""apiVersion and kind of a policy file: whether kube-apiserver knows what it has before it.

Source: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/meta.go (SimpleMetaFactory.Interpret, with
encoding/json, which does not mind capitals), json.go (gvkWithDefaults) and
staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.kubernetes.decoding import head
from kube_audit_lint.kubernetes.fields import API_VERSIONS
from kube_audit_lint.kubernetes.problems import Problem, fatal, harmless
from kube_audit_lint.kubernetes.written import misspelt_key
from kube_audit_lint.model.advice import Advice, write
from kube_audit_lint.model.version import NEWEST, Versions
from kube_audit_lint.syntax.nodes import Entry, Mapping, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

RIGHT = "audit.k8s.io/v1"
_BEFORE = "audit.k8s.io/v1beta1"
_SAME = "; the fields are the same."
_NO_VERSION = "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"
DEPRECATED = (21, 23)
"""The minors that log a deprecation for v1beta1 and v1alpha1."""


class Header(NamedTuple):
    """What apiVersion and kind come to.

    readable: whether the rest is worth reading as a policy. key: the misspelt key of the apiVersion.
    """

    problems: tuple[Problem, ...]
    readable: bool
    key: Scalar | None


def check(root: Mapping, whole: Place, versions: Versions, *, partial: bool, json: bool) -> Header:
    """Reads apiVersion and kind of a policy whose place is `whole`, for a range of versions.

    partial: only a part of the policy is at hand. json: the file is JSON, not YAML.
    """
    api_versions, kinds = _entries(root, "apiversion", json), _entries(root, "kind", json)
    api_version, kind = _effective(api_versions), _effective(kinds)
    stranger = _is_stranger(root, api_version, kind)
    key = None
    found = [*_types(api_versions, f"apiVersion: {version_to_write(versions)}"), *_types(kinds, "kind: Policy")]
    if api_version is None or (_is_string(api_version) and not _text(api_version)):
        if not partial and not any(is_unknown(key) for key in root.entries):
            key = misspelt_key(root, "apiVersion") if api_version is None else None
            found.append(_missing(root, api_version, key, whole, versions))
    elif _is_string(api_version) and not is_unknown(_text(api_version)):
        found += _api_version(api_version, _text(kind) or "Policy", versions, stranger)
    if not stranger:
        found += _kind(kind, _text(api_version) or RIGHT)
    return Header(tuple(found), not stranger and not _other_kind(kind), key)


def _entries(root: Mapping, name: str, json: bool) -> list[Entry]:
    """The entries that count as a field, in the order in which they are read: YAML is sorted before."""
    found = [entry for key, entry in root.entries.items() if _folded(key) == name]
    if json:
        found += [lost for lost, _ in root.duplicates if _folded(lost.key.value) == name]
        return sorted(found, key=lambda entry: entry.key.start)
    return sorted(found, key=lambda entry: entry.key.value)


def _effective(entries: list[Entry]) -> Entry | None:
    """The entry that counts: the last that is not null."""
    found = [entry for entry in entries if not (isinstance(entry.value, Scalar) and entry.value.kind == "null")]
    return found[-1] if found else None


def _types(entries: list[Entry], right: str) -> Iterator[Problem]:
    for entry in entries:
        if not _is_string(entry) and not (isinstance(entry.value, Scalar) and entry.value.kind == "null"):
            from kube_audit_lint.kubernetes.wording import noun  # most policies have nothing wrong

            message = f"`{entry.key.value}` has to be a string, and this is {noun(entry.value)}."
            yield fatal("wrong-type", head(entry.value), message, help=f"Write `{right}`.")


def _folded(key: str) -> str:
    return key.lower().replace("\u017f", "s").replace("\u212a", "k")


def _text(entry: Entry | None) -> str:
    return entry.value.value if entry is not None and isinstance(entry.value, Scalar) else ""


def _is_string(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.value, Scalar) and entry.value.kind == "string"


def _is_stranger(root: Mapping, api_version: Entry | None, kind: Entry | None) -> bool:
    """Whether it is another document altogether, and no policy with mistakes."""
    if "rules" in root.entries or misspelt_key(root, "rules") is not None:
        return False
    if not root.entries:
        return True
    return not _text(api_version).lower().startswith("audit.k8s.io") and _text(kind) != "Policy"


def _other_kind(kind: Entry | None) -> bool:
    return _text(kind) in ("Event", "EventList", "PolicyList")


def version_to_write(versions: Versions) -> str:
    """The API version to write: the last one, but the one before where all accept that and not the last."""
    last, before = API_VERSIONS[RIGHT], API_VERSIONS[_BEFORE]
    return _BEFORE if versions.first < last[0] and versions.last <= before[1] else RIGHT


def _instead(versions: Versions) -> str | Advice:
    """The advice where a version refuses what is written."""
    right = version_to_write(versions)
    if versions.first < API_VERSIONS[right][0]:
        return f"Write `apiVersion: {_BEFORE}` for Kubernetes before 1.{API_VERSIONS[right][0]}{_SAME}"
    return write(right, field="apiVersion", rest=_SAME)


def _api_version(entry: Entry, kind: str, versions: Versions, stranger: bool) -> Iterator[Problem]:
    text = _text(entry)
    minors = API_VERSIONS.get(text)
    if minors is None:
        yield _unsupported(text, kind, entry, stranger, versions)
    elif versions.last > minors[1] or versions.first < minors[0]:
        refused = (0, minors[0] - 1) if versions.first < minors[0] else (minors[1] + 1, NEWEST)
        yield fatal(
            "unsupported-api-version",
            entry.value.place,
            f"`{text}` is accepted {'from' if refused[0] == 0 else 'up to'} Kubernetes "
            f"1.{minors[0] if refused[0] == 0 else minors[1]} only.",
            server=f'no kind "Policy" is registered for version "{text}"',
            help=_instead(versions),
            minors=refused,
        )
    elif text != RIGHT:
        yield harmless(
            "unsupported-api-version",
            entry.value.place,
            f"`{text}` is deprecated, and refused from Kubernetes 1.24.",
            severity="warning",
            help=write(RIGHT, field="apiVersion", rest=_SAME),
            minors=DEPRECATED,
        )


def _missing(root: Mapping, entry: Entry | None, key: Scalar | None, whole: Place, versions: Versions) -> Problem:
    place = whole
    message = "There is no `apiVersion`, without which kube-apiserver does not know what this is."
    if entry is not None:
        place, message = entry.value.place, "`apiVersion` is empty."
    elif not root.entries:
        message = "There is nothing in this policy, and kube-apiserver does not start with an empty one."
    elif key is not None:
        place, message = key.place, f"There is no `apiVersion`: `{key.value}` is another field to kube-apiserver."
    elif "apiVersion" in root.entries:
        place, message = root.entries["apiVersion"].key.place, "`apiVersion` is empty."
    help = write(version_to_write(versions), field="apiVersion")
    return fatal("unsupported-api-version", place, message, server=_NO_VERSION, help=help)


def _unsupported(text: str, kind: str, entry: Entry, stranger: bool, versions: Versions) -> Problem:
    if stranger:
        message = f"This is a {kind} of `{text}` and not an audit policy."
        help: str | Advice = "Let `--audit-policy-file` name a file that begins with an audit policy."
    else:
        message = f"`{text}` is not a version of audit policies."
        help = write(version_to_write(versions), field="apiVersion")
    server = f'no kind "{kind}" is registered for version "{text}"'
    if text.count("/") > 1:
        server = f"unexpected GroupVersion string: {text}"
    elif text in ("audit.k8s.io/", "audit.k8s.io/__internal"):
        server = _NO_VERSION
    return fatal("unsupported-api-version", entry.value.place, message, server=server, help=help)


def _kind(entry: Entry | None, api_version: str) -> Iterator[Problem]:
    if entry is None or not _is_string(entry):
        return
    text = _text(entry)
    if text in ("", "Policy") or is_unknown(text):
        return
    message = f"The kind of an audit policy is `Policy`, not `{text}`."
    server = f'no kind "{text}" is registered for version "{api_version}"'
    if _other_kind(entry):
        message = f"This is a `{text}`, and kube-apiserver wants a `Policy`."
        server = f"converting (v1.{text}) to (audit.Policy): unknown conversion"
    yield fatal("wrong-kind", entry.value.place, message, server=server, help=write("Policy", field="kind"))
