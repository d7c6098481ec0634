"""The resources that kube-apiserver serves by version, made by scripts/generate_resources.py."""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

MINORS: tuple[int, int] = (12, 37)

GROUPS: dict[str, dict[str, list[list[Any]]]] = {
    '': {
        'bindings': [[12, 37, 1, 'c', {}]],
        'componentstatuses': [[12, 37, 0, 'gl', {}]],
        'configmaps': [[12, 37, 1, 'glwcupdx', {}]],
        'endpoints': [[12, 37, 1, 'glwcupdx', {}]],
        'events': [[12, 37, 1, 'glwcupdx', {}]],
        'limitranges': [[12, 37, 1, 'glwcupdx', {}]],
        'namespaces': [[12, 37, 0, 'glwcupd', {'finalize': 'u', 'status': 'gup'}]],
        'nodes': [[12, 37, 0, 'glwcupdx', {'proxy': 'gcupdo', 'status': 'gup'}]],
        'persistentvolumeclaims': [[12, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'persistentvolumes': [[12, 37, 0, 'glwcupdx', {'status': 'gup'}]],
        'pods': [[12, 20, 1, 'glwcupdx', {'attach': 'gc', 'binding': 'c', 'eviction': 'c', 'exec': 'gc', 'log': 'g', 'portforward': 'gc', 'proxy': 'gcupdo', 'status': 'gup'}], [21, 31, 1, 'glwcupdx', {'attach': 'gc', 'binding': 'c', 'ephemeralcontainers': 'gup', 'eviction': 'c', 'exec': 'gc', 'log': 'g', 'portforward': 'gc', 'proxy': 'gcupdo', 'status': 'gup'}], [32, 37, 1, 'glwcupdx', {'attach': 'gc', 'binding': 'c', 'ephemeralcontainers': 'gup', 'eviction': 'c', 'exec': 'gc', 'log': 'g', 'portforward': 'gc', 'proxy': 'gcupdo', 'resize': 'gup', 'status': 'gup'}]],
        'podtemplates': [[12, 37, 1, 'glwcupdx', {}]],
        'replicationcontrollers': [[12, 37, 1, 'glwcupdx', {'scale': 'gup', 'status': 'gup'}]],
        'resourcequotas': [[12, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'secrets': [[12, 37, 1, 'glwcupdx', {}]],
        'serviceaccounts': [[12, 37, 1, 'glwcupdx', {'token': 'c'}]],
        'services': [[12, 22, 1, 'glwcupd', {'proxy': 'gcupdo', 'status': 'gup'}], [23, 37, 1, 'glwcupdx', {'proxy': 'gcupdo', 'status': 'gup'}]],
    },
    'admissionregistration.k8s.io': {
        'initializerconfigurations': [[12, 13, 0, 'glwcupdx', {}]],
        'mutatingadmissionpolicies': [[32, 37, 0, 'glwcupdx', {}]],
        'mutatingadmissionpolicybindings': [[32, 37, 0, 'glwcupdx', {}]],
        'mutatingwebhookconfigurations': [[12, 37, 0, 'glwcupdx', {}]],
        'validatingadmissionpolicies': [[26, 26, 0, 'glwcupdx', {}], [27, 37, 0, 'glwcupdx', {'status': 'gup'}]],
        'validatingadmissionpolicybindings': [[26, 37, 0, 'glwcupdx', {}]],
        'validatingwebhookconfigurations': [[12, 37, 0, 'glwcupdx', {}]],
    },
    'apiextensions.k8s.io': {
        'customresourcedefinitions': [[12, 37, 0, 'glwcupdx', {'status': 'gup'}]],
    },
    'apiregistration.k8s.io': {
        'apiservices': [[12, 37, 0, 'glwcupdx', {'status': 'gup'}]],
    },
    'apps': {
        'controllerrevisions': [[12, 37, 1, 'glwcupdx', {}]],
        'daemonsets': [[12, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'deployments': [[12, 17, 1, 'glwcupdx', {'rollback': 'c', 'scale': 'gup', 'status': 'gup'}], [18, 37, 1, 'glwcupdx', {'scale': 'gup', 'status': 'gup'}]],
        'replicasets': [[12, 37, 1, 'glwcupdx', {'scale': 'gup', 'status': 'gup'}]],
        'statefulsets': [[12, 37, 1, 'glwcupdx', {'scale': 'gup', 'status': 'gup'}]],
    },
    'auditregistration.k8s.io': {
        'auditsinks': [[13, 18, 0, 'glwcupdx', {}]],
    },
    'authentication.k8s.io': {
        'selfsubjectreviews': [[26, 37, 0, 'c', {}]],
        'tokenreviews': [[12, 37, 0, 'c', {}]],
    },
    'authorization.k8s.io': {
        'localsubjectaccessreviews': [[12, 37, 1, 'c', {}]],
        'selfsubjectaccessreviews': [[12, 37, 0, 'c', {}]],
        'selfsubjectrulesreviews': [[12, 37, 0, 'c', {}]],
        'subjectaccessreviews': [[12, 37, 0, 'c', {}]],
    },
    'autoscaling': {
        'horizontalpodautoscalers': [[12, 37, 1, 'glwcupdx', {'status': 'gup'}]],
    },
    'batch': {
        'cronjobs': [[12, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'jobs': [[12, 37, 1, 'glwcupdx', {'status': 'gup'}]],
    },
    'certificates.k8s.io': {
        'certificatesigningrequests': [[12, 18, 0, 'glwcupdx', {'approval': 'u', 'status': 'gup'}], [19, 37, 0, 'glwcupdx', {'approval': 'gup', 'status': 'gup'}]],
        'clustertrustbundles': [[27, 37, 0, 'glwcupdx', {}]],
        'podcertificaterequests': [[34, 37, 1, 'glwcupdx', {'status': 'gup'}]],
    },
    'coordination.k8s.io': {
        'leasecandidates': [[31, 37, 1, 'glwcupdx', {}]],
        'leases': [[12, 37, 1, 'glwcupdx', {}]],
    },
    'discovery.k8s.io': {
        'endpointslices': [[16, 37, 1, 'glwcupdx', {}]],
    },
    'events.k8s.io': {
        'events': [[12, 37, 1, 'glwcupdx', {}]],
    },
    'extensions': {
        'daemonsets': [[12, 17, 1, 'glwcupdx', {'status': 'gup'}]],
        'deployments': [[12, 17, 1, 'glwcupdx', {'rollback': 'c', 'scale': 'gup', 'status': 'gup'}]],
        'ingresses': [[12, 21, 1, 'glwcupdx', {'status': 'gup'}]],
        'networkpolicies': [[12, 17, 1, 'glwcupdx', {}]],
        'podsecuritypolicies': [[12, 17, 0, 'glwcupdx', {}]],
        'replicasets': [[12, 17, 1, 'glwcupdx', {'scale': 'gup', 'status': 'gup'}]],
        'replicationcontrollers': [[12, 17, 1, '', {'scale': 'gup'}]],
    },
    'flowcontrol.apiserver.k8s.io': {
        'flowschemas': [[17, 37, 0, 'glwcupdx', {'status': 'gup'}]],
        'prioritylevelconfigurations': [[17, 37, 0, 'glwcupdx', {'status': 'gup'}]],
    },
    'internal.apiserver.k8s.io': {
        'storageversions': [[20, 37, 0, 'glwcupdx', {'status': 'gup'}]],
    },
    'lifecycle.k8s.io': {
        'evictionrequests': [[37, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'evictions': [[37, 37, 1, 'glwcupdx', {'status': 'gup'}]],
    },
    'networking.k8s.io': {
        'clustercidrs': [[25, 28, 0, 'glwcupdx', {}]],
        'ingressclasses': [[18, 37, 0, 'glwcupdx', {}]],
        'ingresses': [[14, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'ipaddresses': [[27, 37, 0, 'glwcupdx', {}]],
        'networkpolicies': [[12, 23, 1, 'glwcupdx', {}], [24, 27, 1, 'glwcupdx', {'status': 'gup'}], [28, 37, 1, 'glwcupdx', {}]],
        'servicecidrs': [[29, 37, 0, 'glwcupdx', {'status': 'gup'}]],
    },
    'node.k8s.io': {
        'runtimeclasses': [[14, 37, 0, 'glwcupdx', {}]],
    },
    'policy': {
        'poddisruptionbudgets': [[12, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'podsecuritypolicies': [[12, 24, 0, 'glwcupdx', {}]],
    },
    'rbac.authorization.k8s.io': {
        'clusterrolebindings': [[12, 37, 0, 'glwcupdx', {}]],
        'clusterroles': [[12, 37, 0, 'glwcupdx', {}]],
        'rolebindings': [[12, 37, 1, 'glwcupdx', {}]],
        'roles': [[12, 37, 1, 'glwcupdx', {}]],
    },
    'resource.k8s.io': {
        'deviceclasses': [[31, 37, 0, 'glwcupdx', {}]],
        'devicetaintrules': [[33, 34, 0, 'glwcupdx', {}], [35, 37, 0, 'glwcupdx', {'status': 'gup'}]],
        'podschedulingcontexts': [[27, 31, 1, 'glwcupdx', {'status': 'gup'}]],
        'podschedulings': [[26, 26, 1, 'glwcupdx', {'status': 'gup'}]],
        'resourceclaimparameters': [[30, 30, 1, 'glwcupdx', {}]],
        'resourceclaims': [[26, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'resourceclaimtemplates': [[26, 37, 1, 'glwcupdx', {}]],
        'resourceclasses': [[26, 30, 0, 'glwcupdx', {}]],
        'resourceclassparameters': [[30, 30, 1, 'glwcupdx', {}]],
        'resourcepoolstatusrequests': [[36, 37, 0, 'glwcupdx', {'status': 'gup'}]],
        'resourceslices': [[30, 37, 0, 'glwcupdx', {}]],
    },
    'scheduling.k8s.io': {
        'compositepodgroups': [[37, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'podgroups': [[36, 37, 1, 'glwcupdx', {'status': 'gup'}]],
        'priorityclasses': [[12, 37, 0, 'glwcupdx', {}]],
        'workloads': [[35, 37, 1, 'glwcupdx', {}]],
    },
    'settings.k8s.io': {
        'podpresets': [[12, 19, 1, 'glwcupdx', {}]],
    },
    'storage.k8s.io': {
        'csidrivers': [[14, 37, 0, 'glwcupdx', {}]],
        'csinodes': [[14, 36, 0, 'glwcupdx', {}], [37, 37, 0, 'glwcupdx', {'status': 'gup'}]],
        'csistoragecapacities': [[21, 37, 1, 'glwcupdx', {}]],
        'storageclasses': [[12, 37, 0, 'glwcupdx', {}]],
        'volumeattachments': [[12, 12, 0, 'glwcupdx', {}], [13, 37, 0, 'glwcupdx', {'status': 'gup'}]],
        'volumeattributesclasses': [[29, 37, 0, 'glwcupdx', {}]],
    },
    'storagemigration.k8s.io': {
        'storageversionmigrations': [[30, 37, 0, 'glwcupdx', {'status': 'gup'}]],
    },
}
