"""What a reader makes of advice that is no single edit: for each example of a rule, what stands in place of which text.

`END` is the end of the file. An example is here when its advice leaves a choice, or asks for more than one edit.
"""

# ruff: noqa: E501

from __future__ import annotations

PEM = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="
END = "\0"

_LOG = "  - {name: audit-log, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}\n"
_MOUNT = "    - {name: audit-log, mountPath: /var/log/kubernetes}\n"
_POLICY = "  - {name: audit-policy, hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}}\n"
_POLICY_MOUNT = "    - {name: audit-policy, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true}\n"
_ROTATION = "    - --audit-log-maxage=30\n    - --audit-log-maxbackup=10\n    - --audit-log-maxsize=100\n"
_VOLUMES = f"    volumeMounts:\n{_POLICY_MOUNT}{_MOUNT}  volumes:\n{_POLICY}{_LOG}"
_TO_LOG = "    - --audit-log-path=/var/log/kubernetes/audit.log\n"
_BACKEND = ((_POLICY_MOUNT, _POLICY_MOUNT + _MOUNT), (_POLICY, _POLICY + _LOG))
_SECRETS = '- level: Metadata\n  resources: [{group: "", resources: [secrets, configmaps, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]\n'

Edits = tuple[tuple[str, str], ...]

FOLLOWED: dict[str, Edits] = {
    "none-behind-recording-1": (
        ("- level: None\n  resources: [{group: coordination.k8s.io, resources: [leases]}]\n", ""),
        (
            "- level: Request\n",
            "- level: None\n  resources: [{group: coordination.k8s.io, resources: [leases]}]\n- level: Request\n",
        ),
    ),
    "pod-refused-2": (("  - {name: audit-log, emptyDir: {}}\n", ""),),
    "invalid-group-2": (('  resources:\n  - group: "*"\n    resources: ["*"]\n', ""),),
    "invalid-level-2": (("- users", "- level: Metadata\n  users"),),
    "invalid-level-4": (("level: Full", "level: Metadata"),),
    "invalid-stage-2": (("  - Response\n", ""),),
    "invalid-url-2": (("/api/*/pods", "/api/*"),),
    "names-without-resources-1": (("    resourceNames", "    resources: [endpoints]\n    resourceNames"),),
    "no-rules-1": (("rules: []", "rules:\n- level: Metadata"),),
    "no-rules-2": (("rules:", "rules:\n- level: Metadata"),),
    "no-rules-4": ((END, "rules:\n- level: Metadata\n"),),
    "no-rules-5": (("- {}\n", ""),),
    "policy-unreadable-1": (("\tusers", "  users"),),
    "policy-unreadable-2": (("[*]", '["*"]'),),
    "policy-unreadable-3": (("},]", "}]"),),
    "unsupported-api-version-3": (("kind: Policy", "apiVersion: audit.k8s.io/v1\nkind: Policy"),),
    "unsupported-api-version-5": ((END, "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"),),
    "urls-with-resources-1": (("  nonResourceURLs", "- level: None\n  nonResourceURLs"),),
    "urls-with-resources-2": (("  nonResourceURLs", "- level: None\n  nonResourceURLs"),),
    "wrong-type-2": (("[on]", '["on"]'),),
    "wrong-type-3": (("    group", "  - group"),),
    "wrong-type-4": (("[pods]", '\n  - {group: "", resources: ["pods"]}'),),
    "wrong-type-5": (('"true"', "true"),),
    "wrong-type-6": (("[audit]", "{audit: policy}"),),
    "duplicate-key-2": (("rules:\n- level: None\n  users: [alice]\n", ""),),
    "duplicate-key-3": (("- level: Metadata\n  <<: *quiet", "- <<: *quiet"),),
    "duplicate-key-4": (("- <<: *quiet\n  level: Metadata\n", ""),),
    "field-not-in-version-1": (("omitManagedFields: true\n", ""),),
    "ignored-document-1": (("---\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Request\n", ""),),
    "literal-wildcard-3": (("dev-*", "dev-a"),),
    "literal-wildcard-5": (("leader-*", "leader-one"),),
    "name-never-sent-1": (("    resourceNames: [root]\n", ""),),
    "never-matches-1": (("  namespaces: [kube-system]\n", ""),),
    "never-matches-2": (
        ("[pods, nodes]", "[pods]"),
        (
            "- level: Metadata\n",
            '- level: Request\n  resources: [{group: "", resources: [nodes]}]\n- level: Metadata\n',
        ),
    ),
    "never-matches-3": (
        ("[pods, pods/log]", "[pods]"),
        (
            "- level: Metadata\n  verbs",
            '- level: Metadata\n  verbs: [get]\n  resources: [{group: "", resources: [pods/log]}]\n- level: Metadata\n  verbs',
        ),
    ),
    "never-matches-4": (("  userGroups", "- level: Metadata\n  userGroups"),),
    "removed-user-1": (('- level: None\n  users: ["system:unsecured"]\n  namespaces: [kube-system]\n', ""),),
    "unknown-field-3": (("    verbs: [create]", "  verbs: [create]"),),
    "unknown-field-6": (("x-readers: &readers [get, list, watch]\n", ""), ("*readers", "[get, list, watch]")),
    "unknown-resource-1": (("[pods, deployments]", "[pods]\n  - group: apps\n    resources: [deployments]"),),
    "unknown-resource-4": (("group: extensions", "group: networking.k8s.io"),),
    "unknown-verb-4": (
        ("  verbs: [impersonate]\n", '  verbs: [create]\n  resources: [{group: "", resources: [pods]}]\n'),
    ),
    "unknown-verb-5": (('[get, ""]', "[get]"),),
    "user-is-a-group-2": (("userGroups", "users"),),
    "unreachable-entry-2": (("[deployments, secrets, widgets]", "[deployments, widgets]"),),
    "unreachable-rule-3": (
        ("- level: Request\n  users: [jane]\n", ""),
        (
            "- level: Metadata\n  userGroups",
            _SECRETS + "- level: Request\n  users: [jane]\n- level: Metadata\n  userGroups",
        ),
    ),
    "unreachable-rule-4": (('{group: "*", resources: [pods, secrets]}', "{group: metrics.k8s.io, resources: [pods]}"),),
    "blind-spot-1": (
        (
            "- level: None\n  users: [kube-admin]",
            "- level: None\n  users: [kube-admin]\n  verbs: [watch]\n"
            "  resources: [{group: coordination.k8s.io, resources: [leases]}]",
        ),
    ),
    "blind-spot-2": (
        (
            "- level: None\n",
            _SECRETS.replace(
                "secrets,",
                "secrets, pods/exec, pods/attach, pods/portforward, pods/proxy, services/proxy, nodes/proxy,",
            )
            + "- level: None\n",
        ),
    ),
    "blind-spot-3": (
        ("[system:nodes]", '[system:nodes]\n  verbs: [get]\n  resources: [{group: "", resources: [nodes]}]'),
    ),
    "configmaps-above-metadata-2": (("level: Request\n", "level: Metadata\n"),),
    "nothing-recorded-1": (("level: None", "level: Metadata"),),
    "nothing-recorded-2": (("[RequestReceived, ResponseStarted, ResponseComplete, Panic]", "[RequestReceived]"),),
    "nothing-recorded-3": (("- level: None\n", ""), (END, "- level: Metadata\n")),
    "nothing-recorded-4": (("level: None\n- level: None\n  users: [jane]\n", "level: Metadata\n"),),
    "nothing-recorded-5": (("- level: None\n", ""), ("- level: None\n", "- level: Metadata\n")),
    "nothing-recorded-6": (("- level: None\n", _SECRETS),),
    "stage-omitted-2": (("  omitStages: [ResponseComplete]\n", ""),),
    "blocking-strict-1": (("blocking-strict", "blocking"),),
    "flag-not-in-version-1": (("    - --audit-dynamic-configuration=true\n", ""),),
    "flag-not-in-version-2": (("    - --audit-log-compress\n", ""),),
    "flag-not-in-version-3": ((",AdvancedAuditing=true", ""),),
    "invalid-flag-value-2": (("=async", "=batch"), ("    - --audit-log-format=text\n", "")),
    "invalid-flag-value-3": (("=-1", "=30"),),
    "invalid-flag-value-4": (("backoff=5", "backoff=5s"),),
    "invalid-flag-value-6": (("--audit-log-maxsize\n", "--audit-log-maxsize=100\n"),),
    "invalid-flag-value-7": (("- 30", '- "30"'),),
    "log-format-legacy-1": (("=legacy", "=json"),),
    "no-audit-backend-1": (
        ("audit-policy.yaml\n    volume", f"audit-policy.yaml\n{_TO_LOG}{_ROTATION}    volume"),
        *_BACKEND,
    ),
    "no-audit-backend-2": (("    - --audit-log-path=\n", _TO_LOG + _ROTATION), *_BACKEND),
    "no-audit-policy-1": (
        (END, f"    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml\n{_TO_LOG}{_ROTATION}{_VOLUMES}"),
    ),
    "no-audit-policy-2": (("file=\n", "file=/etc/kubernetes/audit-policy.yaml\n"), (END, _ROTATION + _VOLUMES)),
    "no-audit-policy-3": ((END, f"    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml\n{_VOLUMES}"),),
    "no-log-path-1": (("    volumeMounts", f"{_TO_LOG}{_ROTATION}    volumeMounts"), *_BACKEND),
    "relative-path-1": (("=etc/", "=/etc/"),),
    "relative-path-3": (('"/etc/kubernetes/audit-policy.yaml"', "/etc/kubernetes/audit-policy.yaml"),),
    "relative-path-2": (("=audit.log\n", f"=/var/log/kubernetes/audit.log\n{_ROTATION}"), *_BACKEND),
    "unknown-audit-flag-2": (("maxage 30", "maxage=30"),),
    "unknown-audit-flag-4": (("    - --audit-log-maxage-typo=99\n", ""),),
    "log-file-mounted-1": (
        ("mountPath: /var/log/kubernetes/audit.log", "mountPath: /var/log/kubernetes"),
        (
            "{path: /var/log/kubernetes/audit.log, type: FileOrCreate}",
            "{path: /var/log/kubernetes, type: DirectoryOrCreate}",
        ),
    ),
    "log-mount-read-only-2": (
        ("configMap: {name: logs}", "hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}"),
    ),
    "log-on-ephemeral-volume-1": (("emptyDir: {}", "hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}"),),
    "log-on-ephemeral-volume-2": (("hostPath: {path: /run/audit}", "hostPath: {path: /var/log/kubernetes}"),),
    "mount-path-twice-1": (
        ("webhook-config-file=/etc/audit/", "webhook-config-file=/etc/webhook/"),
        ("{name: webhook, mountPath: /etc/audit", "{name: webhook, mountPath: /etc/webhook"),
    ),
    "policy-host-path-type-3": (("audit-policy.yaml}}", "audit-policy.yaml, type: File}}"),),
    "policy-not-mounted-3": (
        (
            "mountPath: /etc/kubernetes/audit-policy.yaml}",
            "mountPath: /etc/kubernetes/audit-policy.yaml, subPath: audit-policy.yaml, readOnly: true}",
        ),
    ),
    "ack-log-variables-1": (
        (
            "    - {name: aliyun_logs_audit-c1f2e3_product",
            "    - {name: aliyun_logs_audit-c1f2e3_jsonfile, "
            'value: "true"}\n    - {name: aliyun_logs_audit-c1f2e3_product',
        ),
    ),
    "placeholder-2": (("$CLUSTER", "kubernetes"), ("__DAYS__", "30")),
    "placeholder-3": (("<path-to-policy>", "/etc/kubernetes/audit-policy.yaml"),),
    "placeholder-4": (("$(LOG_DIR)", "/var/log/kubernetes"),),
    "events-in-one-group-1": (
        ("    resources: [events]", '    resources: [events]\n  - {group: "", resources: [events]}'),
    ),
    "events-in-one-group-2": (
        ("    resources: [events]", "    resources: [events]\n  - {group: events.k8s.io, resources: [events]}"),
    ),
    "typographic-quotes-1": (("“RequestReceived”", '"RequestReceived"'), ("“alice”", '"alice"')),
    "typographic-quotes-2": (("=“", "="), ("”\n    - “", "\n    - "), ("audit.log”", "audit.log")),
    "static-pod-references-1": (
        ("configMap: {name: audit-policy}", "hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}"),
        (", subPath: audit-policy.yaml", ""),
    ),
    "typographic-quotes-3": (("secrets\u00a0", "secrets"),),
    "audit-profile-too-weak-2": (("spec: {", "spec: {audit: {profile: WriteRequestBodies}, "),),
    "log-directory-not-writable-1": (
        (
            "  k0s:\n",
            "    hooks: {apply: {before: [install -d -o kube-apiserver -m 0700 /var/log/k0s/audit]}}\n  k0s:\n",
        ),
    ),
    "log-rotated-twice-1": (("/var/log/kubernetes/audit/audit.log {", "/var/log/other.log {"),),
    "log-rotated-twice-2": (("/var/log/kubernetes/audit/*.log", "/var/log/other.log"),),
    "log-rotated-twice-3": (("/var/log/kube-apiserver-audit.log", "/var/log/other.log"),),
    "log-rotated-twice-4": (("/var/log/kubernetes/*.log", "/var/log/kubernetes/audit-*.log"),),
    "retention-too-short-1": (("maxbackup=10", "maxbackup=1000"),),
    "policy-applied-as-object-1": (
        (
            "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\ndata:\n  audit-policy.yaml: |\n"
            "    apiVersion: audit.k8s.io/v1\n    kind: Policy\n    omitStages: [RequestReceived]\n    rules:\n"
            "    - level: Metadata\n",
        ),
    ),
    "policy-file-missing-2": (
        ("policy-file=/etc/rancher/rke2/audit-policy.yaml", "policy-file=/etc/rancher/rke2/audit.yaml"),
    ),
    "policy-file-missing-3": (
        (
            "- path: /etc/rancher/rke2/registries.yaml\n",
            "- path: /etc/rancher/rke2/audit.yaml\n  content: |\n    apiVersion: audit.k8s.io/v1\n    kind: Policy\n"
            "    omitStages: [RequestReceived]\n    rules:\n    - level: Metadata\n- path: /etc/rancher/rke2/registries.yaml\n",
        ),
    ),
    "policy-applied-as-object-2": (("- audit-policy.yaml\n", ""),),
    "policy-applied-as-object-4": (("apply -f", "create configmap audit --from-file"),),
    "policy-applied-as-object-5": (
        (
            "      apiVersion: audit.k8s.io/v1\n      kind: Policy\n      omitStages: [RequestReceived]\n      rules:\n"
            "      - level: Metadata\n",
            "      apiVersion: v1\n      kind: ConfigMap\n      metadata: {name: audit}\n      data:\n"
            "        audit-policy.yaml: |\n          apiVersion: audit.k8s.io/v1\n          kind: Policy\n"
            "          omitStages: [RequestReceived]\n          rules:\n          - level: Metadata\n",
        ),
    ),
    "policy-in-manifest-directory-2": (
        ("manifests/audit-policy.yaml", "audit/audit-policy.yaml"),
        ("mountPath: /etc/kubernetes/manifests", "mountPath: /etc/kubernetes/audit"),
        ("path: /etc/kubernetes/manifests", "path: /etc/kubernetes/audit"),
    ),
    "policy-not-readable-1": (('perm: "0600"', 'perm: "0644"'),),
    "audit-log-not-forwarded-1": (("[application, ", "[audit, application, "),),
    "control-plane-logging-off-1": (("[api, ", "[audit, api, "),),
    "control-plane-logging-off-2": (
        ("Properties:\n", "Properties:\n      Logging: {ClusterLogging: {EnabledTypes: [{Type: audit}]}}\n"),
    ),
    "control-plane-logging-off-3": (("audit: false", "audit: true"),),
    "control-plane-logging-off-4": (("[api]", "[api, audit]"),),
    "control-plane-logging-off-5": (('"kube-audit", "enabled": false', '"kube-audit", "enabled": true'),),
    "unknown-setting-2": (("  auditPolicy:\n    path: /etc/kubernetes/audit-policy.yaml\n", ""),),
    "webhook-config-invalid-1": (("colector", "collector"),),
    "wrong-shape-1": (
        ("    - name: audit-policy-file\n      value", "    audit-policy-file"),
        ("    - name: audit-log-path\n      value", "    audit-log-path"),
    ),
    "wrong-shape-2": (
        ("    audit-policy-file", "    - name: audit-policy-file\n      value"),
        ("    audit-log-path", "    - name: audit-log-path\n      value"),
    ),
    "wrong-shape-3": (("maxage: 30", 'maxage: "30"'),),
    "wrong-shape-4": (("        apiVersion: kubeadm.k8s.io/v1beta2\n", ""),),
    "wrong-shape-5": (("\ndata:", "\nstringData:"),),
    "expired-suppression-1": (
        ("# kube-audit-lint: ignore[duplicate-key] until=2020-12-31 the generator is replaced in autumn\n", ""),
        ("- level: None\n  level: Metadata", "- level: Metadata"),
    ),
    "invalid-suppression-1": (("ignore\n", "ignore[duplicate-key] the generator writes it\n"),),
    "invalid-suppression-2": (("# kube-audit-lint: disable=duplicate-key\n", ""),),
    "invalid-suppression-3": (("  # kube-audit-lint: ignore[undecided] it is large", ""),),
    "suppression-without-reason-1": (("[duplicate-key]", "[duplicate-key] the generator writes it"),),
    "suppression-without-reason-2": (("[duplicate-key]", "[duplicate-key] the generator writes it"),),
    "detection-not-served-1": (
        ("rules:\n", 'rules:\n- level: Metadata\n  verbs: [list]\n  resources: [{group: "", resources: [secrets]}]\n'),
    ),
    "detection-not-served-2": (
        (
            "rules:\n",
            "rules:\n- level: Request\n  verbs: [create]\n"
            "  resources: [{group: networking.k8s.io, resources: [ingresses]}]\n",
        ),
    ),
    "log-file-mounted-2": (("audit-log-path=/var/log/kubernetes\n", "audit-log-path=/var/log/kubernetes/audit.log\n"),),
    "volume-missing-1": (("type: File}}\n", "type: File}}\n" + _LOG),),
    "noisy-bodies-1": (
        (
            "- level: RequestResponse",
            '- level: None\n  resources: [{group: "", resources: [events]}, {group: events.k8s.io, resources: [events]}, '
            "{group: coordination.k8s.io, resources: [leases]}]\n- level: Metadata\n  verbs: [get, list, watch]\n"
            '- level: Metadata\n  resources: [{group: "", resources: [nodes, nodes/status]}]\n'
            "- level: RequestResponse",
        ),
    ),
    "placeholder-1": (
        ("${cluster_id}", "c1f2e3"),
        ("{cluster_id}", "c1f2e3"),
        ("{cluster_id}", "c1f2e3"),
        ("{cluster_id}", "c1f2e3"),
    ),
    "ack-log-variables-5": (
        (
            "    volumeMounts:",
            "    env:\n    - {name: aliyun_logs_audit-c1f2e3, value: /var/log/kubernetes/audit.log}\n"
            "    - {name: aliyun_logs_audit-c1f2e3_tags, value: audit=apiserver}\n"
            "    - {name: aliyun_logs_audit-c1f2e3_product, value: k8s-audit}\n"
            "    - {name: aliyun_logs_audit-c1f2e3_jsonfile, value: 'true'}\n    volumeMounts:",
        ),
    ),
}
NO_EDIT = "stig-everything-requestresponse-1 stig-everything-requestresponse-2"
"""Examples whose advice is a decision between two standards."""

BESIDE: dict[str, dict[str, Edits | None]] = {
    "webhook-service-name-1": {"collector.yaml": (("https://collector.audit.svc:8443", "https://10.96.0.20:8443"),)},
    "backup-in-manifest-directory-1": {"etc/kubernetes/manifests/kube-apiserver.yaml.bak": None},
    "backup-in-manifest-directory-2": {"manifests/kube-apiserver-backup.yaml": None},
    "control-plane-drift-1": {"kube-apiserver-master3.yaml": (("maxage=90", "maxage=30"),)},
    "policy-applied-as-object-3": {"var/lib/rancher/rke2/server/manifests/audit.yaml": None},
    "policy-file-missing-1": {".kube-audit-lint.yaml": (("links:\n  kube-apiserver.yaml: policies/prod.yaml\n", ""),)},
    "policy-in-manifest-directory-1": {"etc/kubernetes/manifests/audit-policy.yaml": None},
    "webhook-file-not-mounted-1": {
        "collector.yaml": (
            ("certificate-authority: /etc/kubernetes/pki/collector-ca.crt", f"certificate-authority-data: {PEM}"),
        )
    },
    "webhook-file-not-mounted-2": {"collector.yaml": (("../audit.crt", "audit.crt"),)},
    "webhook-config-invalid-3": {"collector.yaml": ((END, "current-context: default\n"),)},
    "webhook-config-invalid-5": {"collector.yaml": (("aGVsbG8gd29ybGQ=", PEM),)},
    "webhook-config-invalid-4": {"collector.yaml": (("    insecure-skip-tls-verify: true\n", ""),)},
    "webhook-unencrypted-1": {
        "collector.yaml": (("server: http://", "certificate-authority: ca.crt\n    server: https://"),)
    },
    "webhook-unencrypted-2": {"collector.yaml": (("insecure-skip-tls-verify: true", "certificate-authority: ca.crt"),)},
    "expired-suppression-2": {".kube-audit-lint.yaml": (("2020-12-31", "2999-12-31"),)},
    "unneeded-baseline-entry-1": {
        "baseline.json": (
            (
                '\n  {"path": "audit-policy.yaml", "rule": "invalid-level", "fingerprint": "0123456789abcdef:1"}\n',
                "",
            ),
        )
    },
}
"""Of examples whose advice is about another file: its path and the edits, None where it is moved away."""
