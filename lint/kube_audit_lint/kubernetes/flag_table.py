"""The audit flags of kube-apiserver by version, made by scripts/generate_flags.py."""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

FLAGS: dict[str, dict[str, Any]] = {
    'audit-dynamic-configuration': {'type': 'bool', 'since': 13, 'until': 18, 'defaults': [[13, False]], 'backend': None},
    'audit-log-batch-buffer-size': {'type': 'int', 'since': 10, 'until': None, 'defaults': [[10, 10000]], 'backend': 'log', 'mode': 'batch', 'above': 0},
    'audit-log-batch-max-size': {'type': 'int', 'since': 10, 'until': None, 'defaults': [[10, 400], [12, 1]], 'backend': 'log', 'mode': 'batch', 'above': 0},
    'audit-log-batch-max-wait': {'type': 'duration', 'since': 10, 'until': None, 'defaults': [[10, '30s'], [12, '0s']], 'backend': 'log', 'mode': 'batch'},
    'audit-log-batch-throttle-burst': {'type': 'int', 'since': 10, 'until': None, 'defaults': [[10, 15], [12, 0]], 'backend': 'log', 'mode': 'batch', 'above': 0},
    'audit-log-batch-throttle-enable': {'type': 'bool', 'since': 10, 'until': None, 'defaults': [[10, False]], 'backend': 'log', 'mode': 'batch'},
    'audit-log-batch-throttle-qps': {'type': 'float32', 'since': 10, 'until': None, 'defaults': [[10, 10], [12, 0]], 'backend': 'log', 'mode': 'batch', 'above': 0},
    'audit-log-compress': {'type': 'bool', 'since': 20, 'until': None, 'defaults': [[20, False]], 'backend': 'log'},
    'audit-log-format': {'type': 'string', 'since': 8, 'until': None, 'defaults': [[8, 'json']], 'backend': 'log', 'allowed': [[8, ['legacy', 'json']]]},
    'audit-log-maxage': {'type': 'int', 'since': 0, 'until': None, 'defaults': [[0, 0], [36, 366]], 'backend': 'log', 'min': 0},
    'audit-log-maxbackup': {'type': 'int', 'since': 0, 'until': None, 'defaults': [[0, 0], [36, 100]], 'backend': 'log', 'min': 0},
    'audit-log-maxsize': {'type': 'int', 'since': 0, 'until': None, 'defaults': [[0, 0], [36, 100]], 'backend': 'log', 'min': 0},
    'audit-log-mode': {'type': 'string', 'since': 10, 'until': None, 'defaults': [[10, 'blocking']], 'backend': 'log', 'allowed': [[10, ['batch', 'blocking']], [13, ['batch', 'blocking', 'blocking-strict']]]},
    'audit-log-path': {'type': 'path', 'since': 0, 'until': None, 'defaults': [[0, '']], 'backend': None},
    'audit-log-truncate-enabled': {'type': 'bool', 'since': 10, 'until': None, 'defaults': [[10, False]], 'backend': 'log'},
    'audit-log-truncate-max-batch-size': {'type': 'int64', 'since': 10, 'until': None, 'defaults': [[10, 10485760]], 'backend': 'log'},
    'audit-log-truncate-max-event-size': {'type': 'int64', 'since': 10, 'until': None, 'defaults': [[10, 102400]], 'backend': 'log', 'above': 0},
    'audit-log-version': {'type': 'string', 'since': 11, 'until': None, 'defaults': [[11, 'audit.k8s.io/v1beta1'], [13, 'audit.k8s.io/v1']], 'backend': 'log', 'allowed': [[11, ['audit.k8s.io/v1alpha1', 'audit.k8s.io/v1beta1']], [12, ['audit.k8s.io/v1alpha1', 'audit.k8s.io/v1beta1', 'audit.k8s.io/v1']], [24, ['audit.k8s.io/v1']]]},
    'audit-policy-file': {'type': 'path', 'since': 7, 'until': None, 'defaults': [[7, '']], 'backend': None},
    'audit-webhook-batch-buffer-size': {'type': 'int', 'since': 9, 'until': None, 'defaults': [[9, 10000]], 'backend': 'webhook', 'mode': 'batch', 'above': 0},
    'audit-webhook-batch-initial-backoff': {'type': 'duration', 'since': 9, 'until': None, 'defaults': [[9, '10s']], 'backend': 'webhook', 'deprecated': 10, 'replacement': 'audit-webhook-initial-backoff'},
    'audit-webhook-batch-max-size': {'type': 'int', 'since': 9, 'until': None, 'defaults': [[9, 400]], 'backend': 'webhook', 'mode': 'batch', 'above': 0},
    'audit-webhook-batch-max-wait': {'type': 'duration', 'since': 9, 'until': None, 'defaults': [[9, '30s']], 'backend': 'webhook', 'mode': 'batch'},
    'audit-webhook-batch-throttle-burst': {'type': 'int', 'since': 9, 'until': None, 'defaults': [[9, 15]], 'backend': 'webhook', 'mode': 'batch', 'above': 0},
    'audit-webhook-batch-throttle-enable': {'type': 'bool', 'since': 10, 'until': None, 'defaults': [[10, True]], 'backend': 'webhook', 'mode': 'batch'},
    'audit-webhook-batch-throttle-qps': {'type': 'float32', 'since': 9, 'until': None, 'defaults': [[9, 10]], 'backend': 'webhook', 'mode': 'batch', 'above': 0},
    'audit-webhook-config-file': {'type': 'path', 'since': 7, 'until': None, 'defaults': [[7, '']], 'backend': None},
    'audit-webhook-initial-backoff': {'type': 'duration', 'since': 10, 'until': None, 'defaults': [[10, '10s']], 'backend': 'webhook'},
    'audit-webhook-mode': {'type': 'string', 'since': 7, 'until': None, 'defaults': [[7, 'batch']], 'backend': 'webhook', 'allowed': [[7, ['batch', 'blocking']], [13, ['batch', 'blocking', 'blocking-strict']]]},
    'audit-webhook-truncate-enabled': {'type': 'bool', 'since': 10, 'until': None, 'defaults': [[10, False]], 'backend': 'webhook'},
    'audit-webhook-truncate-max-batch-size': {'type': 'int64', 'since': 10, 'until': None, 'defaults': [[10, 10485760]], 'backend': 'webhook'},
    'audit-webhook-truncate-max-event-size': {'type': 'int64', 'since': 10, 'until': None, 'defaults': [[10, 102400]], 'backend': 'webhook', 'above': 0},
    'audit-webhook-version': {'type': 'string', 'since': 11, 'until': None, 'defaults': [[11, 'audit.k8s.io/v1beta1'], [13, 'audit.k8s.io/v1']], 'backend': 'webhook', 'allowed': [[11, ['audit.k8s.io/v1alpha1', 'audit.k8s.io/v1beta1']], [12, ['audit.k8s.io/v1alpha1', 'audit.k8s.io/v1beta1', 'audit.k8s.io/v1']], [24, ['audit.k8s.io/v1']]]},
}
