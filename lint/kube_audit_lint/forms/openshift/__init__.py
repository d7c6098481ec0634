"""OpenShift: the APIServer object and its audit profiles, HyperShift's HostedCluster, kube-apiserver's own file.

Sources: openshift/api config/v1/types_apiserver.go (Audit, AuditProfileType), openshift/library-go
pkg/operator/apiserver/audit (the policy of each profile: base rules, then customRules in their order, each for
one group, then the profile). The profiles record secrets, tokens, routes and OAuth clients at Metadata whatever
else they record, so that only `None` leaves something out, and no policy is built for the other rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.levels import ANY, Levels, settled
from kube_audit_lint.forms.common.nodes import below, objects
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.forms.common.settings import part_as_policy
from kube_audit_lint.forms.openshift.arguments import found_in_arguments, found_in_master
from kube_audit_lint.forms.openshift.forwarding import not_forwarded
from kube_audit_lint.forms.openshift.profiles import MISSING, SERVER_DEFAULTS, profile_of, rules_of, shapes_of_audit
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.profile import AuditProfile
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("openshift.io/", "MasterConfig", "openshift_master_audit_config", "LokiStack")
LOOK = (
    ("audit", r"(?<=[\s\"{,]audit)\"?:", "openshift.io/", "masterconfig"),
    ("audit", r"(?<=\Aaudit)\"?:", "openshift.io/", "masterconfig"),
    ("audit", r"(?<=kubeapiaudit)\"?:", "openshift.io/", "masterconfig"),
    ("apiserver", r"(?<=kind: apiserver)\b", "openshift.io/", "masterconfig"),
    ("clusterlogforwarder", r"\b", "openshift.io/"),
    ("retention", r"(?:policy)?\"?:", "kind: lokistack", "kind: clusterlogging"),
)
ORDER = 6

_READER = Reader("the APIServer object", "it is dropped when the object is applied", "the object is refused")
_SPEC_KEYS = (
    *("servingCerts", "clientCA", "additionalCORSAllowedOrigins", "encryption", "tlsSecurityProfile"),
    *("tlsAdherence", "audit"),
)
_AUDIT = ("profile", "customRules")
_LEVELS = Levels(
    {"": ("spec",), "spec": ("audit",), "spec/audit": _AUDIT},
    known={"spec/audit/customRules": (ANY,)},
    sure=frozenset(("audit", *_AUDIT)),
)
_HOSTED = Levels(
    {
        "spec": ("configuration",),
        "spec/configuration": ("apiServer",),
        "spec/configuration/apiServer": ("audit",),
        "spec/configuration/apiServer/audit": _AUDIT,
    },
    known={"spec/networking": ("apiServer",), "spec/configuration/apiServer/audit/customRules": (ANY,)},
    sure=frozenset(("audit",)),
)
_HOSTED_READER = Reader("HostedCluster", "it is dropped when the object is applied")


def read(document: Document, context: Context) -> Found | None:
    """The objects of a document that configure the audit of OpenShift's API servers."""
    root = document.mapping
    parts = [found for item in objects(root) if (found := _found(item)) is not None] if root is not None else []
    if root is not None and "openshift_master_audit_config" in context.source.text:
        from kube_audit_lint.forms.openshift.inventory import sections

        parts += [found for one in sections(root) if (found := found_in_master(one)) is not None]
    if not parts:
        return None
    found = joined(parts)
    if context.neutral is not None:
        # What a template's statements may add elsewhere is not missing.
        found = found._replace(misshapes=tuple(one for one in found.misshapes if MISSING not in one.message))
    return found


def _found(root: Mapping) -> Found | None:
    group, kind = (root.string("apiVersion") or "").partition("/")[0], root.string("kind")
    spec = root.mapping("spec")
    if group == "config.openshift.io":
        return _api_server(root) if kind == "APIServer" else _elsewhere(root, spec)
    if group == "hypershift.openshift.io" and kind == "HostedCluster" and spec is not None:
        root, misshapes = settled(root, _HOSTED, _HOSTED_READER)
        section = below(root, "spec", "configuration", "apiServer")
        return _audited(section, misshapes) if section is not None and "audit" in section.entries else None
    if kind == "ClusterLogForwarder" and spec is not None:
        return Found(tuple(_filters(spec)), misshapes=tuple(not_forwarded(spec)))
    if kind in ("LokiStack", "ClusterLogging") and spec is not None:
        from kube_audit_lint.forms.openshift.stores import kept_short

        return Found(misshapes=tuple(kept_short(kind, spec)))
    return found_in_arguments(root, group, spec)


def _filters(spec: Mapping) -> Iterator[PolicyDocument]:
    """The rules of `kubeAPIAudit` filters: a part of a policy, for what they match nothing of, the operator decides."""
    for item in spec.items("filters"):
        node = item.mapping("kubeAPIAudit") if isinstance(item, Mapping) else None
        key = item.key("kubeAPIAudit") if isinstance(item, Mapping) else None
        if node is not None and key is not None and "rules" in node.entries:
            entries = {name: entry for name, entry in node.entries.items() if name != "omitResponseCodes"}
            policy = Mapping(node.source, node.start, node.end, entries, node.duplicates)
            yield part_as_policy(policy, key.place, "openshift")._replace(partial=True, in_order=True)


def _api_server(root: Mapping) -> Found:
    root, misshapes = settled(root, _LEVELS, _READER)
    spec = root.mapping("spec")
    if spec is not None and "audit" in spec.entries:
        misshapes += _name(root)
    if spec is None:
        return Found(misshapes=tuple(misshapes)) if misshapes else Found(servers=(_server(root, "kind"),))
    misshapes += unknown_keys(spec, _SPEC_KEYS, _READER, "Write it below `audit`.")
    return (
        _audited(spec, misshapes)
        if "audit" in spec.entries
        else Found(servers=(_server(root, "kind"),), misshapes=tuple(misshapes))
    )


def _audited(spec: Mapping, misshapes: list[Misshape]) -> Found:
    audit = spec.get("audit")
    misshapes += shapes_of_audit(audit, _READER)
    profile = profile_of(audit.get("profile"), rules_of(audit)) if isinstance(audit, Mapping) else None
    return Found(servers=(_server(spec, "audit")._replace(profile=profile),), misshapes=tuple(misshapes))


def _server(section: Mapping, key: str) -> ApiServer:
    node = section.key(key)
    place = node.place if node is not None else section.place
    profile = AuditProfile()  # what is not written is Default
    return ApiServer(
        "openshift", place, defaults=SERVER_DEFAULTS, profile=profile, flags_fixed=True, name="kube-apiserver"
    )


def _name(root: Mapping) -> Iterator[Misshape]:
    metadata = root.mapping("metadata")
    name = metadata.get("name") if metadata is not None else None
    if isinstance(name, Scalar) and name.kind == "string" and name.value.isascii() and name.value != "cluster":
        message = "OpenShift reads only the APIServer that is called `cluster`: this one is ignored."
        yield Misshape("wrong-shape", name.place, message, "Write `name: cluster`.")


def _elsewhere(root: Mapping, spec: Mapping | None) -> Found | None:
    """An audit section in another of OpenShift's configuration objects."""
    audit = spec.mapping("audit") if spec is not None else None
    key = spec.key("audit") if spec is not None else None
    kind = root.string("kind") or ""
    if (
        audit is None
        or key is None
        or is_unknown(kind)
        or not ("profile" in audit.entries or "customRules" in audit.entries)
    ):
        return None
    message = (
        f"{kind} has no audit settings: this is dropped. The APIServer object decides what all of "
        "OpenShift's API servers record, the OAuth server's among them."
    )
    return Found(misshapes=(Misshape("unknown-key", key.place, message, "Write it into `kind: APIServer`."),))
