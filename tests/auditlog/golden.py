"""Logs with what is known of each event beforehand: 300 as the documentation describes them, and made-up ones.

`python tests/auditlog/golden.py FOLDER` writes them. What a policy has to make of the first is written beside each by
hand; of the others it is computed here by evaluating each event alone and writing it anew, as an API server would.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from make_audit_log import Cluster, line  # noqa: E402

from kube_audit_lint.analysis.evaluate import Decision, evaluate  # noqa: E402
from kube_audit_lint.analysis.http import from_http  # noqa: E402
from kube_audit_lint.analysis.request import Request  # noqa: E402
from kube_audit_lint.model.policy import LEVELS, Policy  # noqa: E402

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources: [{group: "", resources: [secrets, configmaps]}]
- level: None
  userGroups: ["system:nodes"]
  verbs: [get, list, watch]
- level: None
  users: ["system:kube-proxy"]
  verbs: [watch]
  resources: [{group: "", resources: [endpoints, services]}]
- level: Request
  namespaces: [shop]
  verbs: [create, update, patch]
- level: RequestResponse
  userGroups: [sre]
  resources: [{group: apps}]
- level: None
  nonResourceURLs: ["/healthz*", "/readyz"]
- level: None
  resources: [{group: coordination.k8s.io, resources: [leases], resourceNames: [leader]}]
- level: Metadata
  omitStages: [ResponseStarted]
"""
JANE = {"username": "jane", "groups": ["dev", "system:authenticated"]}
SRE = {"username": "kim", "groups": ["sre", "system:authenticated"]}
NODE = {"username": "system:node:worker-1", "groups": ["system:nodes", "system:authenticated"]}
PROXY = {"username": "system:kube-proxy", "groups": ["system:authenticated"]}
NOBODY: dict[str, Any] = {}
ANONYMOUS = {"username": "system:anonymous", "groups": ["system:unauthenticated"]}


class Shape(NamedTuple):
    """Events of one kind. uri: {} is a number. rule: which one decides; 0 for none. kept: whether it is recorded."""

    user: dict[str, Any]
    verb: str
    uri: str
    ref: str
    """`resource.group/subresource namespace name`, - for none; "" for a path that names no resource."""
    rule: int
    kept: bool = True
    stage: str = "ResponseComplete"
    level: str = "Metadata"


SHAPES = (
    Shape(JANE, "get", "/api/v1/namespaces/shop/secrets/db-{}", "secrets shop db-{}", 1),
    Shape(JANE, "list", "/api/v1/configmaps?limit={}", "configmaps - -", 1),
    Shape(NODE, "get", "/api/v1/namespaces/a/secrets/tls-{}", "secrets a tls-{}", 1),
    Shape(NODE, "get", "/api/v1/nodes/worker-{}", "nodes - worker-{}", 2, False),
    Shape(NODE, "watch", "/api/v1/pods?watch=true&x={}", "pods - -", 2, False, "ResponseStarted"),
    Shape(NODE, "patch", "/api/v1/nodes/worker-{}/status", "nodes/status - worker-{}", 8),
    Shape(NODE, "create", "/api/v1/namespaces/shop/events", "events shop event-{}", 4, level="Request"),
    Shape(PROXY, "watch", "/api/v1/services?watch={}", "services - -", 3, False),
    Shape(PROXY, "list", "/api/v1/services?limit={}", "services - -", 8),
    Shape(PROXY, "watch", "/apis/discovery.k8s.io/v1/endpointslices?w={}", "endpointslices.discovery.k8s.io - -", 8),
    Shape(JANE, "create", "/api/v1/namespaces/shop/pods", "pods shop web-{}", 4, level="RequestResponse"),
    Shape(JANE, "update", "/api/v1/namespaces/shop/pods/web-{}", "pods shop web-{}", 4, level="Request"),
    Shape(JANE, "update", "/api/v1/namespaces/else/pods/web-{}", "pods else web-{}", 8, level="RequestResponse"),
    Shape(SRE, "patch", "/apis/apps/v1/namespaces/a/deployments/x-{}", "deployments.apps a x-{}", 5, True),
    Shape(SRE, "get", "/apis/apps/v1/namespaces/a/deployments/x-{}/scale", "deployments.apps/scale a x-{}", 5),
    Shape(SRE, "patch", "/apis/apps/v1/namespaces/shop/deployments/x-{}", "deployments.apps shop x-{}", 4),
    Shape(SRE, "delete", "/apis/batch/v1/namespaces/a/jobs/x-{}", "jobs.batch a x-{}", 8),
    Shape(ANONYMOUS, "get", "/healthz?verbose={}", "", 6, False),
    Shape(ANONYMOUS, "get", "/healthz/etcd-{}", "", 6, False),
    Shape(ANONYMOUS, "get", "/readyz?exclude={}", "", 6, False),
    Shape(ANONYMOUS, "get", "/readyz/ping-{}", "", 8),
    Shape(JANE, "get", "/metrics?x={}", "", 8),
    Shape(
        JANE,
        "get",
        "/apis/coordination.k8s.io/v1/namespaces/a/leases/leader?x={}",
        "leases.coordination.k8s.io a leader",
        7,
        False,
    ),
    Shape(
        JANE,
        "create",
        "/apis/coordination.k8s.io/v1/namespaces/a/leases?x={}",
        "leases.coordination.k8s.io a leader",
        8,
    ),
    Shape(
        JANE,
        "update",
        "/apis/coordination.k8s.io/v1/namespaces/a/leases/other-{}",
        "leases.coordination.k8s.io a other-{}",
        8,
    ),
    Shape(NOBODY, "list", "/api/v1/namespaces/a/pods?x={}", "pods a -", 8, False, "ResponseStarted"),
    Shape(JANE, "watch", "/api/v1/namespaces/a/pods?watch=1&x={}", "pods a -", 8, False, "ResponseStarted"),
    Shape(JANE, "get", "/api/v1/namespaces/a/pods/x-{}", "pods a x-{}", 8, False, "RequestReceived"),
    Shape(JANE, "get", "/api/v1/namespaces/a/pods/x-{}", "pods a x-{}", 8, True, "Panic"),
    Shape(JANE, "get", "/api/v1/namespaces/a/pods/x-{}/exec?command=sh&x=1", "pods/exec a x-{}", 8),
)
"""Thirty, of which each stands for ten events."""


def documented() -> Iterator[tuple[Shape, dict[str, Any]]]:
    """Events with the fields that the reference of audit.k8s.io/v1 documents, in its order."""
    for number in range(10):
        for shape in SHAPES:
            yield shape, _event(shape, 7**number)


def _event(shape: Shape, number: int) -> dict[str, Any]:
    event: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": shape.level,
        "auditID": f"00000000-0000-4000-8000-{number:012d}",
        "stage": shape.stage,
        "requestURI": shape.uri.format(number),
        "verb": shape.verb,
        "user": shape.user,
        "sourceIPs": ["10.0.0.1"],
        "userAgent": "kubectl/v1.31.2 (linux/amd64) kubernetes/3a1b2c4",
    }
    if shape.ref:
        event["objectRef"] = _ref(*shape.ref.format(number, number).split())
    if shape.stage != "RequestReceived":
        event["responseStatus"] = {"metadata": {}, "code": 200}
    body = {"kind": "Pod", "metadata": {"name": f"x-{number}", "annotations": {"note": 'é <b> & "q" {'}}}
    if shape.level != "Metadata":
        event["requestObject"] = body
    if shape.level == "RequestResponse":
        event["responseObject"] = {**body, "status": {"phase": "Running", "n": number}}
    seconds = f"{number % 60:02d}"
    event["requestReceivedTimestamp"] = f"2026-03-02T06:00:{seconds}.000001Z"
    event["stageTimestamp"] = f"2026-03-02T06:00:{seconds}.000002Z"
    event["annotations"] = {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}
    return event


def _ref(what: str, namespace: str, name: str) -> dict[str, str]:
    kind, _, subresource = what.partition("/")
    resource, _, group = kind.partition(".")
    fields = {"resource": resource, "namespace": namespace, "name": name, "apiGroup": group, "apiVersion": "v1"}
    return {key: value for key, value in {**fields, "subresource": subresource}.items() if value not in ("", "-")}


def made_up(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Events of a made-up cluster."""
    return list(Cluster(seed, bodies=0.5).events(count))


_METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE", "deletecollection": "DELETE"}


def sent(event: dict[str, Any]) -> Request:
    """The request as it was sent, from the method and the path alone."""
    user = event["user"]
    method = _METHODS.get(event["verb"], "GET")
    return from_http(method, event["requestURI"], user.get("username"), user.get("groups", ()))


def written(event: dict[str, Any], decision: Decision) -> str:
    """The line that a policy writes of an event whose level was as high; "" for none."""
    if decision.level == "None" or event["stage"] in decision.omit_stages:
        return ""
    level = LEVELS.index(decision.level)
    kept = {**event, "level": decision.level}
    for key, least in (("requestObject", 2), ("responseObject", 3)):
        if level < least:
            kept.pop(key, None)
        elif key in kept and decision.omit_managed_fields and not (key == "requestObject" and event["verb"] == "patch"):
            metadata = {name: value for name, value in kept[key]["metadata"].items() if name != "managedFields"}
            kept[key] = {**kept[key], "metadata": metadata}
    return line(kept)


class Sums(NamedTuple):
    """Events and bytes of a rule: in the log, and of what the policy keeps of them."""

    events: int
    bytes: int
    kept: int
    kept_bytes: int


def expected(policy: Policy, events: Iterable[dict[str, Any]]) -> dict[int, Sums]:
    """By rule, from 1; 0 for none: each event is evaluated alone, and written anew."""
    found: Counter[tuple[int, str]] = Counter()
    for event in events:
        decision = evaluate(policy, sent(event))
        text = written(event, decision)
        sums = (1, len(line(event).encode()), bool(text), len(text.encode()))
        found.update({(decision.rule + 1, name): size for name, size in zip(Sums._fields, sums, strict=True)})
    return {rule: Sums(*(found[rule, name] for name in Sums._fields)) for rule in {rule for rule, _ in found}}


def main() -> None:
    """Writes the logs into a folder."""
    folder = Path(sys.argv[1])
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    (folder / "documented.log").write_text("".join(line(event) for _, event in documented()), "utf-8")
    (folder / "made-up.log").write_text("".join(map(line, made_up(5_000))), "utf-8")


if __name__ == "__main__":
    main()
