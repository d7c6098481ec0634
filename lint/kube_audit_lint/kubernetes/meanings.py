"""What the words of a policy and the audit flags mean, each in one or two sentences: for schemas and editors.

Sources: staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go (fields, levels, stages),
pkg/audit/policy/checker.go (what the conditions match), pkg/endpoints/request/requestinfo.go (verbs), and
pkg/server/options/audit.go (flags), Kubernetes 1.12 to 1.37.
"""

from __future__ import annotations

LEVELS = {
    "None": "Nothing is recorded of the request.",
    "Metadata": "Who, what, when and the response's code are recorded; no bodies.",
    "Request": "Metadata, and the body of the request. Requests for URLs have no body that is recorded.",
    "RequestResponse": "Metadata, and the bodies of the request and of the response. Requests for URLs have none that "
    "are recorded.",
}

STAGES = {
    "RequestReceived": "An event as soon as the request arrives, before anything handles it: no response, no bodies.",
    "ResponseStarted": "An event once the response's headers are sent; only for long-running requests such as watch "
    "and exec.",
    "ResponseComplete": "An event when the whole response is sent: the one with the response's code, and with bodies "
    "where the level has them.",
    "Panic": "An event when handling the request panicked.",
}

VERBS = {
    "get": "Reads one object by its name. Of a URL: HTTP GET.",
    "list": "Reads all objects of a resource, in a namespace or everywhere; also with a field selector for one name.",
    "watch": "Follows the changes of objects; the request stays open.",
    "create": "Makes an object, or starts what a subresource does (`pods/exec`, `pods/eviction`).",
    "update": "Replaces an object (HTTP PUT).",
    "patch": "Changes parts of an object. Of a URL: HTTP PATCH.",
    "delete": "Removes one object. Of a URL: HTTP DELETE.",
    "deletecollection": "Removes all objects of a resource in a namespace, or those of a selector.",
    "": "OPTIONS on what proxies to pods, services and nodes.",
    "post": "HTTP POST of a URL that names no resource.",
    "put": "HTTP PUT of a URL that names no resource.",
    "head": "HTTP HEAD of a URL that names no resource; HEAD of a resource has the verb `get`.",
    "options": "HTTP OPTIONS of a URL that names no resource.",
}

FIELDS = {
    "apiVersion": "The version of the policy's format. `audit.k8s.io/v1` is accepted by every Kubernetes from 1.12 on, "
    "`v1beta1` and `v1alpha1` up to 1.23.",
    "kind": "`Policy`.",
    "metadata": "Kept by nobody: kube-apiserver reads a file, and no object is made of it.",
    "rules": "The first rule that matches a request decides what is recorded of it; a request that none matches is "
    "not recorded. A policy without rules is refused.",
    "omitStages": "Stages of which no event is written. Those of the policy hold for all rules, beside a rule's own.",
    "omitManagedFields": "Whether `managedFields` is left out of recorded bodies. A rule's own value goes over the "
    "policy's.",
    "level": "How much is recorded of a request that this rule decides.",
    "users": "Names of users: the request's user must be one of them. Every user when it is empty. No wildcards.",
    "userGroups": "Groups: the request's user must be in one of them. Every user when it is empty. No wildcards.",
    "verbs": "Verbs: the request's must be one of them. Every verb when it is empty. `*` is not a wildcard here.",
    "resources": "Groups and resources: one entry must match. A rule with `resources` or `namespaces` matches no URL.",
    "namespaces": 'Namespaces: the request\'s must be one of them. `""` is a request without one: for cluster-scoped '
    "objects, or over all namespaces.",
    "nonResourceURLs": "Paths that name no resource, such as `/healthz`; `*` only as the last character, or alone for "
    "every path.",
    "group": 'The API group alone, without a version; `""`, or no `group` at all, is the core group (pods, secrets).',
    "resources[]": "Resources of the group: `pods` alone, `pods/log` that subresource, `pods/*` pods and "
    "all their subresources, `*/scale` that subresource of all. Everything of the group when it is empty.",
    "resourceNames": "Names of objects: the request must name one of them. Requires `resources`. A `create`, and a "
    "`list` without a field selector, name none.",
}
"""Fields of a policy and of its rules; `resources[]` is the field of an entry of a rule's `resources`."""

_FLAGS = {
    "policy-file": "The file with the audit policy, by its path where kube-apiserver runs (in a pod: inside the "
    "container). Without it nothing is recorded.",
    "dynamic-configuration": "Switched on audit sinks made as objects (AuditSink), an alpha feature that is gone.",
    "log-path": "The file that events are written to; `-` is standard output. It switches the log on.",
    "log-maxage": "How many days rotated log files are kept; 0 is without a limit.",
    "log-maxbackup": "How many rotated log files are kept; 0 is without a limit.",
    "log-maxsize": "At how many megabytes the log file is rotated; 0 is 100 MB.",
    "log-compress": "Whether rotated log files are compressed with gzip.",
    "log-format": "How events are written: `json`, or `legacy`, one line of text each.",
    "webhook-config-file": "A kubeconfig that names the server which events are sent to. It switches the webhook on.",
    "initial-backoff": "How long to wait before the first retry of a request to the webhook.",
    "batch-initial-backoff": "An older name of `--audit-webhook-initial-backoff`.",
    "mode": "When events are written: `batch` some at a time, in the background; `blocking` each before the request's "
    "answer is sent; `blocking-strict` the same, and the request fails where its first event cannot be written.",
    "version": "The version of the format in which events are written.",
    "batch-buffer-size": "How many events wait before they are written; what comes when it is full is lost. Only in "
    "the mode `batch`.",
    "batch-max-size": "The most events of one batch. Only in the mode `batch`.",
    "batch-max-wait": "How long to wait for a batch to fill. Only in the mode `batch`.",
    "batch-throttle-enable": "Whether the rate of batches is limited. Only in the mode `batch`.",
    "batch-throttle-qps": "How many batches a second on average. Only in the mode `batch`.",
    "batch-throttle-burst": "How many batches at once where fewer were sent before. Only in the mode `batch`.",
    "truncate-enabled": "Whether events and batches that are too large are cut, bodies first.",
    "truncate-max-event-size": "The most bytes of an event; of a larger one the bodies are left out, or all of it.",
    "truncate-max-batch-size": "The most bytes of a batch; a larger one is sent in parts.",
}


def of_flag(name: str) -> str:
    """What an audit flag does; "" for what is none. Flags of both backends have one sentence."""
    tail = name.removeprefix("audit-")
    return _FLAGS.get(tail) or _FLAGS.get(tail.partition("-")[2], "") if name.startswith("audit-") else ""
