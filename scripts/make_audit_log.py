"""Writes a made-up audit log as a busy cluster writes it: `python scripts/make_audit_log.py 200000 > audit.log`.

The same seed gives the same bytes. Users, namespaces, names and paths vary as in a real cluster; events are some
1.2 kB, in the order of fields and with the escapes of kube-apiserver's encoder (`pkg/apis/audit/v1/types.go`).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

START = datetime(2026, 3, 2, 6, 0, 0, tzinfo=timezone.utc)
NAMESPACES, NODES, PEOPLE, HABITS = 120, 300, 60, 12
STEP = timedelta(microseconds=9_700)
"""Between two events: about a hundred in a second."""

READS = ("get", "list", "watch")
COMPONENTS = ("system:kube-controller-manager", "system:kube-scheduler", "system:apiserver")
SYSTEM_ACCOUNTS = (
    "generic-garbage-collector",
    "namespace-controller",
    "replicaset-controller",
    "endpointslice-controller",
)
KINDS = (
    ("", "v1", "pods", 20),
    ("", "v1", "configmaps", 10),
    ("", "v1", "secrets", 6),
    ("", "v1", "services", 4),
    ("", "v1", "events", 8),
    ("", "v1", "serviceaccounts", 2),
    ("apps", "v1", "deployments", 8),
    ("apps", "v1", "replicasets", 6),
    ("batch", "v1", "jobs", 3),
    ("discovery.k8s.io", "v1", "endpointslices", 6),
    ("coordination.k8s.io", "v1", "leases", 20),
    ("cert-manager.io", "v1", "certificates", 3),
    ("monitoring.coreos.com", "v1", "servicemonitors", 2),
)
"""Group, version, resource, how often."""

VERBS = (("get", 40), ("list", 10), ("watch", 10), ("update", 18), ("patch", 12), ("create", 8), ("delete", 2))
STAGES_OF_WATCH = ("ResponseStarted", "ResponseComplete")
PATHS = ("/healthz", "/readyz?verbose", "/livez", "/metrics", "/openapi/v3", "/version", "/api", "/apis")
NOISE = "abcdefghijklmnopqrstuvwxyz0123456789"
LEVELS = ("Metadata", "Request", "RequestResponse")


class Cluster:
    """A cluster of made-up names; `events` are what its API server records."""

    def __init__(self, seed: int, bodies: float = 0.12) -> None:
        """bodies: the share of writes that are recorded with them."""
        self.random = random.Random(seed)
        self.bodies = bodies
        self.namespaces = ["kube-system", *(f"team-{self.word(5)}" for _ in range(NAMESPACES))]
        self.nodes = [f"worker-{self.word(4)}-{number}" for number in range(NODES)]
        self.people = [f"{self.word(6)}.{self.word(8)}@example.com" for _ in range(PEOPLE)]
        self.habits: dict[str, list[tuple[str, tuple[str, str, str]]]] = {}
        self.at = START

    def word(self, length: int) -> str:
        """Random letters and digits, as names end."""
        return "".join(self.random.choices(NOISE, k=length))

    def events(self, count: int) -> Iterator[dict[str, Any]]:
        """The next events, with the fields in kube-apiserver's order."""
        for _ in range(count):
            self.at += STEP
            yield self.path_event() if self.random.random() < 0.06 else self.resource_event()

    def user(self) -> dict[str, Any]:
        """Who sends a request: components and kubelets most of all, accounts of workloads, people at last."""
        chance = self.random.random()
        if chance < 0.25:
            return {"username": self.random.choice(COMPONENTS), "groups": ["system:authenticated"]}
        if chance < 0.55:
            node = self.random.choice(self.nodes)
            return {"username": f"system:node:{node}", "groups": ["system:nodes", "system:authenticated"]}
        if chance < 0.95:
            return self.account()
        person = self.random.choice(self.people)
        groups = [f"oidc:{self.random.choice(('dev', 'ops', 'sre'))}", "system:authenticated"]
        return {"username": person, "groups": groups}

    def account(self) -> dict[str, Any]:
        """A service account with the extra fields of a bound token."""
        space = self.random.choice(self.namespaces)
        name = self.random.choice(
            SYSTEM_ACCOUNTS if space == "kube-system" else ("default", "web", "worker", "operator")
        )
        return {
            "username": f"system:serviceaccount:{space}:{name}",
            "uid": self.identifier(),
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{space}", "system:authenticated"],
            "extra": {
                "authentication.kubernetes.io/credential-id": [f"JTI={self.identifier()}"],
                "authentication.kubernetes.io/pod-name": [f"{name}-{self.word(10)}-{self.word(5)}"],
                "authentication.kubernetes.io/pod-uid": [self.identifier()],
            },
        }

    def identifier(self) -> str:
        """A random UUID."""
        digits = f"{self.random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def resource_event(self) -> dict[str, Any]:
        """An event of a request for a resource."""
        user = self.user()
        verb, (group, version, resource) = self.random.choice(self.habit(user["username"]))
        space = self.random.choice(self.namespaces)
        name = "" if verb in ("list", "watch") else f"{self.random.choice(('web', 'api', 'db'))}-{self.word(10)}"
        stage = self.random.choice(STAGES_OF_WATCH) if verb == "watch" else "ResponseComplete"
        path = "/".join(
            part for part in ("/apis" if group else "/api", group, version, "namespaces", space, resource) if part
        )
        in_path = name if verb != "create" else ""  # the object that is created gives the event its name
        uri = "/".join(part for part in (path, in_path) if part)
        if verb == "watch":
            revision = self.random.randrange(10**9)
            uri += f"?allowWatchBookmarks=true&resourceVersion={revision}&timeoutSeconds=471&watch=true"
        ref = {"resource": resource, "namespace": space, "name": name, "apiGroup": group, "apiVersion": version}
        event = self.head(self.level(verb), stage, uri, verb, user)
        event["objectRef"] = {key: value for key, value in ref.items() if value}
        event["responseStatus"] = {"metadata": {}, "code": 201 if verb == "create" else 200}
        return self.tail(self.with_bodies(event, resource, name, space))

    def habit(self, name: str) -> list[tuple[str, tuple[str, str, str]]]:
        """What a user sends again and again: some verbs of some resources."""
        known = self.habits.get(name)
        if known is None:
            kinds = self.random.choices([kind[:3] for kind in KINDS], [kind[3] for kind in KINDS], k=HABITS)
            verbs = self.random.choices([verb for verb, _ in VERBS], [weight for _, weight in VERBS], k=HABITS)
            known = self.habits[name] = list(zip(verbs, kinds, strict=True))
        return known

    def level(self, verb: str) -> str:
        """The level at which the made-up cluster records a request."""
        if verb in READS or self.random.random() > self.bodies:
            return "Metadata"
        return self.random.choice(LEVELS[1:])

    def with_bodies(self, event: dict[str, Any], resource: str, name: str, space: str) -> dict[str, Any]:
        """The bodies that the event's level records."""
        if event["level"] == "Metadata":
            return event
        body = {
            "kind": resource,
            "metadata": {
                "name": name,
                "namespace": space,
                "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:x": {}}}}],
            },
            "spec": {"note": self.word(self.random.randrange(100, 600)), "text": 'a<b & "c"'},
        }
        event["requestObject"] = body
        if event["level"] == "RequestResponse":
            event["responseObject"] = {**body, "status": {"phase": self.word(12)}}
        return event

    def path_event(self) -> dict[str, Any]:
        """An event of a request that names no resource."""
        event = self.head("Metadata", "ResponseComplete", self.random.choice(PATHS), "get", self.user())
        event["responseStatus"] = {"metadata": {}, "code": 200}
        return self.tail(event)

    def head(self, level: str, stage: str, uri: str, verb: str, user: dict[str, Any]) -> dict[str, Any]:
        """The fields with which each event begins."""
        agents = ("kube-controller-manager", "kubelet", "kubectl", "operator", "prometheus")
        node = f"ip-10-{self.random.randrange(256)}-{self.random.randrange(256)}.eu-central-1.compute.internal"
        return {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": level,
            "auditID": self.identifier(),
            "stage": stage,
            "requestURI": uri,
            "verb": verb,
            "user": user,
            "sourceIPs": [f"10.{self.random.randrange(256)}.{self.random.randrange(256)}.{self.random.randrange(256)}"],
            "userAgent": f"{self.random.choice(agents)}/v1.31.2 (linux/amd64) kubernetes/{self.word(7)} via {node}",
        }

    def tail(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with the fields with which each ends."""
        event["requestReceivedTimestamp"] = self.time(self.at - timedelta(milliseconds=3))
        event["stageTimestamp"] = self.time(self.at)
        binding = f"{self.word(12)}-binding/{self.word(8)}"
        account = f"{self.random.choice(self.namespaces)}/{self.word(10)}-controller-{self.word(24)}"
        why = (
            f'RBAC: allowed by ClusterRoleBinding "{binding}" of ClusterRole "{binding}" to ServiceAccount "{account}"'
        )
        event["annotations"] = {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": why,
        }
        return event

    @staticmethod
    def time(at: datetime) -> str:
        """A time as events have it."""
        return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def line(event: dict[str, Any]) -> str:
    """An event as Go's encoder writes it: no spaces, and `<`, `>` and `&` escaped."""
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"


def main() -> None:
    """Writes as many events as are asked for."""
    parser = argparse.ArgumentParser(description="Writes a made-up audit log.")
    parser.add_argument("events", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for event in Cluster(options.seed).events(options.events):
        sys.stdout.write(line(event))


if __name__ == "__main__":
    main()
