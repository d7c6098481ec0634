"""The fields of an audit policy by version, and which types their values have.

Source: staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go and
staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go (ObjectMeta, OwnerReference, ManagedFieldsEntry),
Kubernetes 1.12 to 1.37. Everything that a version does not list here it drops without a word, or from 1.26
with a warning in its log.
"""

from __future__ import annotations

from kube_audit_lint.model.version import NEWEST, OLDEST
from kube_audit_lint.syntax.record import NamedTuple


class Type(NamedTuple):
    """What a value may be: `kind` is string, bool, int, time, any, list, map or object.

    `noun` is what a reader calls it, `go` what kube-apiserver's messages call it. `items` is the type of a
    list's items or a map's values, `fields` those of an object.
    """

    kind: str
    noun: str
    go: str
    items: Type | None = None
    fields: dict[str, Field] | None = None


class Field(NamedTuple):
    """A field: its type and the minors that know it."""

    type: Type
    first: int = OLDEST
    last: int = NEWEST


STRING = Type("string", "a string", "string")
LEVEL = Type("string", "a string", "v1.Level")
STAGE = Type("string", "a string", "v1.Stage")
UID = Type("string", "a string", "types.UID")
BOOL = Type("bool", "`true` or `false`", "bool")
INT = Type("int", "a whole number", "int64")
TIME = Type("time", "a time such as `2024-01-31T12:00:00Z`", "v1.Time")
ANY = Type("any", "anything", "")
STRINGS = Type("list", "a list of strings", "[]string", STRING)
STAGES = Type("list", "a list of stages", "[]v1.Stage", STAGE)
TEXTS = Type("map", "a mapping of strings", "map[string]string", STRING)

OWNER_REFERENCE = {
    "apiVersion": Field(STRING),
    "kind": Field(STRING),
    "name": Field(STRING),
    "uid": Field(UID),
    "controller": Field(BOOL),
    "blockOwnerDeletion": Field(BOOL),
}

MANAGED_FIELDS_ENTRY = {
    "manager": Field(STRING),
    "operation": Field(STRING),
    "apiVersion": Field(STRING),
    "time": Field(TIME),
    "fieldsType": Field(STRING, 16),
    "fieldsV1": Field(ANY, 16),
    "fields": Field(ANY, 14, 15),
    "subresource": Field(STRING, 22),
}

_OWNER = Type("object", "a mapping", "v1.OwnerReference", fields=OWNER_REFERENCE)
_ENTRY = Type("object", "a mapping", "v1.ManagedFieldsEntry", fields=MANAGED_FIELDS_ENTRY)

METADATA = {
    "name": Field(STRING),
    "generateName": Field(STRING),
    "namespace": Field(STRING),
    "selfLink": Field(STRING),
    "uid": Field(UID),
    "resourceVersion": Field(STRING),
    "generation": Field(INT),
    "creationTimestamp": Field(TIME),
    "deletionTimestamp": Field(TIME),
    "deletionGracePeriodSeconds": Field(INT),
    "labels": Field(TEXTS),
    "annotations": Field(TEXTS),
    "ownerReferences": Field(Type("list", "a list", "[]v1.OwnerReference", _OWNER)),
    "initializers": Field(ANY, OLDEST, 15),
    "finalizers": Field(STRINGS),
    "clusterName": Field(STRING, OLDEST, 24),
    "managedFields": Field(Type("list", "a list", "[]v1.ManagedFieldsEntry", _ENTRY), 14),
}

RESOURCES = {
    "group": Field(STRING),
    "resources": Field(STRINGS),
    "resourceNames": Field(STRINGS),
}

RESOURCES_ENTRY = Type("object", "a mapping with `group` and `resources`", "v1.GroupResources", fields=RESOURCES)
RESOURCES_LIST = Type("list", "a list of mappings with `group` and `resources`", "[]v1.GroupResources", RESOURCES_ENTRY)

RULE = {
    "level": Field(LEVEL),
    "users": Field(STRINGS),
    "userGroups": Field(STRINGS),
    "verbs": Field(STRINGS),
    "resources": Field(RESOURCES_LIST),
    "namespaces": Field(STRINGS),
    "nonResourceURLs": Field(STRINGS),
    "omitStages": Field(STAGES),
    "omitManagedFields": Field(BOOL, 23),
}

RULE_OBJECT = Type("object", "a mapping with a `level`", "v1.PolicyRule", fields=RULE)
RULES = Type("list", "a list of rules", "[]v1.PolicyRule", RULE_OBJECT)

POLICY = {
    "apiVersion": Field(STRING),
    "kind": Field(STRING),
    "metadata": Field(Type("object", "a mapping", "v1.ObjectMeta", fields=METADATA)),
    "rules": Field(RULES),
    "omitStages": Field(STAGES),
    "omitManagedFields": Field(BOOL, 23),
}

ROOT = Type("object", "a mapping with `apiVersion`, `kind` and `rules`", "v1.Policy", fields=POLICY)


API_VERSIONS = {
    "audit.k8s.io/v1": (12, NEWEST),
    "audit.k8s.io/v1beta1": (OLDEST, 23),
    "audit.k8s.io/v1alpha1": (OLDEST, 23),
}
"""The first and last minor that accept an apiVersion in a policy file.

Source: apiGroupVersions in staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go.
"""
