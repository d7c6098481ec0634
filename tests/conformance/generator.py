"""Random audit policies and HTTP requests, shaped like those of real clusters and then bent.

Both draw on one vocabulary, so that random requests meet random rules. The same seed gives the same
policies and requests on every machine: only methods of the `random.Random` that is passed in decide.
"""

from __future__ import annotations

from random import Random
from typing import Any

Policy = dict[str, Any]
Rule = dict[str, Any]
HttpRequest = dict[str, Any]

LEVELS = ["None", "Metadata", "Request", "RequestResponse"]
STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"]
READ = ["get", "list", "watch"]
WRITE = ["create", "update", "patch", "delete", "deletecollection"]
ODD_VERBS = ["*", "GET", "Get", "post", "put", "head", "options", "proxy", "connect", "exec", "", "use"]

AUTHENTICATED = "system:authenticated"
PEOPLE = ["alice", "bob", "admin", "kubernetes-admin", "carol@example.com", "Jürgen", "алиса", "田中", "*", ""]
COMPONENTS = [
    "system:kube-proxy",
    "system:kube-scheduler",
    "system:kube-controller-manager",
    "system:apiserver",
    "system:node:node-1",
    "system:node:node-2",
    "cluster-autoscaler",
    "kubelet",
]
SERVICE_ACCOUNTS = [
    ("kube-system", "generic-garbage-collector"),
    ("kube-system", "namespace-controller"),
    ("kube-system", "endpoint-controller"),
    ("monitoring", "prometheus"),
    ("default", "default"),
    ("payments", "builder"),
]
FREE_GROUPS = ["developers", "ops", "system:masters", "oidc:admins", "Группа", "*", ""]
GROUPS = [
    *FREE_GROUPS,
    AUTHENTICATED,
    "system:unauthenticated",
    "system:nodes",
    "system:serviceaccounts",
    "system:serviceaccounts:kube-system",
    "system:serviceaccounts:monitoring",
]
NAMESPACES = ["default", "kube-system", "kube-public", "payments", "monitoring", "foo", "a"]
ODD_NAMESPACES = ["", "*", "kube-*", "KUBE-SYSTEM"]
NAMES = ["db-password", "kube-root-ca.crt", "node-1", "ingress-uid", "a", "controller-leader", "foo", "web-0", "Web"]

NAMESPACED = {
    "": [
        "pods",
        "services",
        "endpoints",
        "secrets",
        "configmaps",
        "events",
        "serviceaccounts",
        "replicationcontrollers",
        "persistentvolumeclaims",
        "podtemplates",
        "bindings",
    ],
    "apps": ["deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"],
    "batch": ["jobs", "cronjobs"],
    "autoscaling": ["horizontalpodautoscalers"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
    "rbac.authorization.k8s.io": ["roles", "rolebindings"],
    "coordination.k8s.io": ["leases"],
    "events.k8s.io": ["events"],
    "authorization.k8s.io": ["localsubjectaccessreviews"],
    "metrics.k8s.io": ["pods"],
    "example.com": ["widgets", "vaultsecrets"],
    "cert-manager.io": ["certificates"],
    "extensions": ["ingresses", "deployments"],
}
CLUSTER_SCOPED = {
    "": ["nodes", "namespaces", "persistentvolumes", "componentstatuses"],
    "rbac.authorization.k8s.io": ["clusterroles", "clusterrolebindings"],
    "apiextensions.k8s.io": ["customresourcedefinitions"],
    "admissionregistration.k8s.io": ["mutatingwebhookconfigurations", "validatingadmissionpolicies"],
    "authentication.k8s.io": ["tokenreviews", "selfsubjectreviews"],
    "authorization.k8s.io": ["subjectaccessreviews", "selfsubjectaccessreviews"],
    "certificates.k8s.io": ["certificatesigningrequests"],
    "storage.k8s.io": ["storageclasses", "csinodes"],
    "metrics.k8s.io": ["nodes"],
    "example.com": ["tenants"],
}
API_GROUPS = sorted(set(NAMESPACED) | set(CLUSTER_SCOPED))
SUBRESOURCES = {
    "pods": ["log", "status", "exec", "attach", "portforward", "proxy", "binding", "eviction", "ephemeralcontainers"],
    "services": ["status", "proxy"],
    "nodes": ["status", "proxy"],
    "namespaces": ["status", "finalize"],
    "serviceaccounts": ["token"],
    "deployments": ["status", "scale"],
    "replicasets": ["status", "scale"],
    "statefulsets": ["status", "scale"],
    "certificatesigningrequests": ["approval", "status"],
    "tokenreviews": [],
    "widgets": ["status", "scale"],
}
CONNECTING = ["exec", "attach", "portforward"]
ODD_RESOURCES = ["*/*", "po*", "pods/", "/log", "/*", "", "Pods", "pod", "pods/*/log", "*/", "*/proxy/x"]

URLS = [
    "/",
    "/healthz",
    "/healthz/etcd",
    "/healthzfoo",
    "/livez",
    "/readyz",
    "/version",
    "/metrics",
    "/metrics/slis",
    "/api",
    "/api/",
    "/api/v1",
    "/apis",
    "/apis/apps",
    "/apis/apps/v1",
    "/apis/example.com/v1",
    "/openapi/v2",
    "/openapi/v3/apis/apps/v1",
    "/swaggerapi",
    "/swagger-2.0.0.pb-v1",
    "/logs",
    "/logs/kube-apiserver.log",
    "/.well-known/openid-configuration",
    "/openid/v1/jwks",
    "/debug/pprof/profile",
    "/ui/",
    "/Healthz",
    "/custom/api/v1/pods",
]
URL_PATTERNS = [
    "*",
    "/*",
    "/",
    "/healthz*",
    "/healthz/*",
    "/livez*",
    "/readyz*",
    "/version",
    "/version*",
    "/swagger*",
    "/metrics",
    "/metrics*",
    "/api",
    "/api*",
    "/api/*",
    "/apis",
    "/apis/*",
    "/openapi*",
    "/openapi/v2",
    "/logs*",
    "/debug/*",
    "/.well-known/*",
]


def some(rng: Random, pool: list[Any], most: int = 4) -> list[Any]:
    """One to `most` different members, in any order."""
    return rng.sample(pool, rng.randint(1, min(most, len(pool))))


def chance(rng: Random, probability: float) -> bool:
    """True that often."""
    return rng.random() < probability


# ---------------------------------------------------------------- policies


def random_policy(rng: Random) -> Policy:
    """A policy as a YAML or JSON document would hold it. Few are illegal; group `*` is legal from 1.36."""
    shape = rng.choices([_typical_rules, _random_rules, _crossed_rules], [5, 3, 2])[0]
    policy: Policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": shape(rng)}
    if chance(rng, 0.4):
        policy["omitStages"] = ["RequestReceived"] if chance(rng, 0.7) else some(rng, STAGES)
    if chance(rng, 0.2):
        policy["omitManagedFields"] = chance(rng, 0.7)
    if chance(rng, 0.02):
        _make_illegal(rng, policy)
    return policy


def _typical_rules(rng: Random) -> list[Rule]:
    """The layers of most policies: noise, sensitive things, reads, the rest; some left out, some swapped."""
    layers = [_noise_rule(rng) for _ in range(rng.randint(0, 8))]
    layers += [_sensitive_rule(rng) for _ in range(rng.randint(0, 3))]
    layers += [_interactive_rule(rng)] if chance(rng, 0.4) else []
    layers += [_broad_rule(rng, READ) for _ in range(rng.randint(0, 2))]
    layers += [_broad_rule(rng, WRITE) for _ in range(rng.randint(0, 2))]
    layers += [{"level": rng.choice(LEVELS)}] if chance(rng, 0.7) or not layers else []
    if chance(rng, 0.2):
        rng.shuffle(layers)
    for rule in layers:
        _decorate(rng, rule)
    return layers


def _noise_rule(rng: Random) -> Rule:
    makers = [_component_noise, _namespaced_noise, _url_noise, _event_noise, _group_noise]
    return {"level": "None", **rng.choice(makers)(rng)}


def _component_noise(rng: Random) -> Rule:
    return {
        "users": some(rng, _users(), 2),
        "verbs": some(rng, [*READ, "update", "patch"], 3),
        "resources": [_entry(rng, API_GROUPS)],
    }


def _namespaced_noise(rng: Random) -> Rule:
    return {
        "users": some(rng, _users(), 3),
        "verbs": ["get", "update"],
        "namespaces": some(rng, NAMESPACES, 2),
        "resources": [{"group": "", "resources": some(rng, ["endpoints", "configmaps", "services/status"], 2)}],
    }


def _url_noise(rng: Random) -> Rule:
    rule: Rule = {"nonResourceURLs": some(rng, URL_PATTERNS)}
    if chance(rng, 0.3):
        rule["userGroups"] = [rng.choice([AUTHENTICATED, "system:unauthenticated"])]
    return rule


def _event_noise(rng: Random) -> Rule:
    return {"resources": [{"group": group, "resources": ["events"]} for group in some(rng, ["", "events.k8s.io"], 2)]}


def _group_noise(rng: Random) -> Rule:
    return {"userGroups": some(rng, GROUPS, 2), "verbs": some(rng, READ, 3)}


def _sensitive_rule(rng: Random) -> Rule:
    core = some(rng, ["secrets", "configmaps", "serviceaccounts/token", "*/token"], 4)
    resources = [{"group": "", "resources": core}]
    if chance(rng, 0.5):
        resources.append({"group": "authentication.k8s.io", "resources": ["tokenreviews"]})
    return {"level": rng.choice(["Metadata", "Metadata", "Metadata", "Request"]), "resources": resources}


def _interactive_rule(rng: Random) -> Rule:
    resources = [
        {"group": "", "resources": some(rng, ["pods/exec", "pods/attach", "pods/portforward", "pods/*", "*/proxy"])}
    ]
    rule: Rule = {"level": rng.choice(LEVELS), "resources": resources}
    if chance(rng, 0.4):
        rule["verbs"] = some(rng, ["create", "get", "proxy"])
    return rule


def _broad_rule(rng: Random, verbs: list[str]) -> Rule:
    rule: Rule = {"level": rng.choice(LEVELS[1:])}
    if chance(rng, 0.8):
        rule["verbs"] = list(verbs)
    if chance(rng, 0.8):
        rule["resources"] = [{"group": group} for group in some(rng, API_GROUPS, 10)]
    return rule


def _decorate(rng: Random, rule: Rule) -> None:
    if chance(rng, 0.15):
        rule["omitStages"] = some(rng, STAGES)
    if chance(rng, 0.08):
        rule["omitManagedFields"] = chance(rng, 0.5)
    if chance(rng, 0.05):
        rule[rng.choice(["users", "userGroups", "verbs"])] = []


def _random_rules(rng: Random) -> list[Rule]:
    return [_random_rule(rng) for _ in range(rng.choice([1, 2, 3, 5, 8, 13, 30]))]


def _random_rule(rng: Random) -> Rule:
    rule: Rule = {"level": rng.choice(LEVELS)}
    for field, probability, pool in [
        ("users", 0.3, _users()),
        ("userGroups", 0.3, GROUPS),
        ("verbs", 0.4, [*READ, *WRITE, *ODD_VERBS]),
    ]:
        if chance(rng, probability):
            rule[field] = some(rng, pool, 6)
    rule.update(_random_target(rng))
    _decorate(rng, rule)
    return rule


def _random_target(rng: Random) -> Rule:
    kind = rng.random()
    if kind < 0.2:
        return {"nonResourceURLs": some(rng, [*URL_PATTERNS, *URLS], 5)}
    target: Rule = {}
    if kind < 0.8:
        target["resources"] = [_entry(rng, API_GROUPS) for _ in range(rng.randint(1, 4))]
    if chance(rng, 0.35):
        target["namespaces"] = some(rng, [*NAMESPACES, *ODD_NAMESPACES])
    return target


def _entry(rng: Random, groups: list[str]) -> Rule:
    """One member of a rule's resources."""
    group = "*" if chance(rng, 0.02) else rng.choice(["", *groups])
    entry: Rule = {"group": group}
    if chance(rng, 0.8):
        entry["resources"] = [_resource(rng, group) for _ in range(rng.randint(1, 4))]
        if chance(rng, 0.2):
            entry["resourceNames"] = some(rng, [*NAMES, "", "*"], 3)
    return entry


def _resource(rng: Random, group: str) -> str:
    known = NAMESPACED.get(group, []) + CLUSTER_SCOPED.get(group, [])
    plain = str(rng.choice(known or ["pods", "widgets"]))
    subresource = rng.choice(SUBRESOURCES.get(plain) or ["status"])
    forms = [plain, f"{plain}/{subresource}", f"{plain}/*", f"*/{subresource}", "*", rng.choice(ODD_RESOURCES)]
    return str(rng.choices(forms, [10, 4, 2, 2, 1, 1])[0])


def _crossed_rules(rng: Random) -> list[Rule]:
    """Rules over few values that overlap in every way: first match has most to decide here."""
    users, verbs, spaces = some(rng, _users(), 3), some(rng, READ + WRITE, 3), some(rng, [*NAMESPACES, ""], 3)
    resources = [_entry(rng, ["", "apps"]) for _ in range(3)]
    groups = some(rng, GROUPS, 3)
    rules = []
    for _ in range(rng.randint(3, 10)):
        rule: Rule = {"level": rng.choice(LEVELS)}
        for field, pool in [("users", users), ("userGroups", groups), ("verbs", verbs), ("namespaces", spaces)]:
            if chance(rng, 0.3):
                rule[field] = some(rng, pool, 2)
        if chance(rng, 0.4):
            rule["resources"] = some(rng, resources, 2)
        _decorate(rng, rule)
        rules.append(rule)
    return rules


def _make_illegal(rng: Random, policy: Policy) -> None:
    rule = rng.choice(policy["rules"])
    rule.update(
        rng.choice(
            [
                {"level": "metadata"},
                {"nonResourceURLs": ["healthz"]},
                {"nonResourceURLs": ["/a*b"]},
                {"nonResourceURLs": ["/a"], "namespaces": ["a"]},
                {"resources": [{"group": "Apps"}]},
                {"resources": [{"group": "", "resourceNames": ["a"]}]},
                {"omitStages": ["Received"]},
            ]
        )
    )


def _users() -> list[str]:
    accounts = [f"system:serviceaccount:{namespace}:{name}" for namespace, name in SERVICE_ACCOUNTS]
    return [*PEOPLE, *COMPONENTS, *accounts, "system:anonymous"]


# ---------------------------------------------------------------- requests


def random_requests(rng: Random, n: int) -> list[HttpRequest]:
    """HTTP requests: `method`, `url`, `user` (None where authentication failed) and `groups`."""
    return [_random_request(rng) for _ in range(n)]


def odd_requests(rng: Random) -> list[HttpRequest]:
    """Every odd URL and method once: chance may leave some out."""
    targets = [("GET", url) for url in ODD_URLS] + [(method, "/api/v1/pods") for method in ODD_METHODS]
    return [_by_somebody(rng, *target) for target in targets]


def _random_request(rng: Random) -> HttpRequest:
    shape = rng.choices([_object, _collection, _subresource, _url, _legacy, _odd], [8, 8, 6, 5, 1, 2])[0]
    return _by_somebody(rng, *shape(rng))


def _by_somebody(rng: Random, method: str, url: str) -> HttpRequest:
    user, groups = random_identity(rng)
    return {"method": method, "url": url, "user": user, "groups": groups}


def random_identity(rng: Random) -> tuple[str | None, list[str]]:
    """A user and its groups, mostly as an authenticator would give them."""
    kind = rng.random()
    if kind < 0.06:
        return None, []
    if kind < 0.12:
        return "system:anonymous", ["system:unauthenticated"]
    if kind < 0.3:
        namespace, name = rng.choice(SERVICE_ACCOUNTS)
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED]
        return f"system:serviceaccount:{namespace}:{name}", groups
    if kind < 0.55:
        return _component(rng)
    if kind < 0.6:
        return rng.choice(_users()), rng.sample(GROUPS, rng.randint(0, 3))
    return rng.choice(PEOPLE), [*rng.sample(FREE_GROUPS, rng.randint(0, 2)), AUTHENTICATED]


def _component(rng: Random) -> tuple[str, list[str]]:
    user = rng.choice(COMPONENTS)
    if user == "system:apiserver":
        return user, rng.choice([["system:masters"], ["system:masters", AUTHENTICATED]])
    return user, (["system:nodes", AUTHENTICATED] if user.startswith("system:node:") else [AUTHENTICATED])


def _base(group: str) -> str:
    return "/api/v1" if group == "" else f"/apis/{group}/{'v1beta1' if group == 'metrics.k8s.io' else 'v1'}"


def _place(rng: Random) -> tuple[str, str]:
    """A resource and the URL of its collection."""
    if chance(rng, 0.3):
        group = rng.choice(sorted(CLUSTER_SCOPED))
        resource = rng.choice(CLUSTER_SCOPED[group])
        return resource, f"{_base(group)}/{resource}"
    group = rng.choice(["", "", "", *sorted(NAMESPACED)])
    resource = rng.choice(NAMESPACED[group])
    return resource, f"{_base(group)}/namespaces/{rng.choice(NAMESPACES)}/{resource}"


def _object(rng: Random) -> tuple[str, str]:
    resource, url = _place(rng)
    name = rng.choice(NAMESPACES if resource == "namespaces" else NAMES)
    method = rng.choices(["GET", "PUT", "PATCH", "DELETE", "HEAD", "POST"], [6, 3, 3, 3, 1, 1])[0]
    return method, f"{url}/{name}"


def _collection(rng: Random) -> tuple[str, str]:
    resource, url = _place(rng)
    if "/namespaces/" in url and chance(rng, 0.25):
        url = f"{url.partition('/namespaces/')[0]}/{resource}"
    method = rng.choices(["GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS"], [12, 6, 2, 1, 1, 1])[0]
    return method, url + _query(rng)


def _query(rng: Random) -> str:
    if chance(rng, 0.4):
        return ""
    return "?" + "&".join(rng.choice(_parameters(rng)) for _ in range(rng.randint(1, 2)))


def _parameters(rng: Random) -> list[str]:
    name, watch = rng.choice(NAMES), rng.choice(["true", "1", "false", "0", "", "t", "TRUE", "yes", "True"])
    selectors = [f"metadata.name={name}", f"metadata.name%3D{name}", f"metadata.name=={name}", f"metadata.name!={name}"]
    selectors += [
        f"metadata.name={name},spec.nodeName=node-1",
        "spec.nodeName=node-1",
        "metadata.name=",
        "metadata.name=",
    ]
    selectors += [
        f"metadata.name={name},metadata.name=b",
        "metadata.name=..",
        "metadata.name=a%2Fb",
        "metadata.name",
        "a=b,,c",
    ]
    return [
        *(f"fieldSelector={selector}" for selector in selectors),
        *[f"watch={watch}"] * 10,
        "watch",
        "limit=500",
        "limit=many",
        "timeoutSeconds=5m",
        "resourceVersion=0&resourceVersionMatch=NotOlderThan",
        "labelSelector=app%3Dweb",
        "allowWatchBookmarks=perhaps",
        "pretty=true",
    ]


def _subresource(rng: Random) -> tuple[str, str]:
    resource, url = _place(rng)
    while resource not in SUBRESOURCES and chance(rng, 0.85):
        resource, url = _place(rng)
    subresource = rng.choice(SUBRESOURCES.get(resource) or ["status"])
    name = rng.choice(NAMESPACES if resource == "namespaces" else NAMES)
    methods = {"proxy": ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"], "log": ["GET"], "token": ["POST"]}
    method = rng.choice(
        methods.get(subresource, ["POST", "GET"] if subresource in CONNECTING else ["GET", "PUT", "PATCH"])
    )
    return method, f"{url}/{name}/{subresource}{_subresource_tail(rng, subresource)}"


def _subresource_tail(rng: Random, subresource: str) -> str:
    if subresource in CONNECTING:
        return rng.choice(["", "?command=ls&stdout=true", "?container=app&watch=true"])
    if subresource == "proxy":
        return rng.choice(["", "/", "/metrics", "/api/v1/pods?watch=true", "/a/b%2Fc"])
    return rng.choice(["", "", "?follow=true", "/extra"])


def _url(rng: Random) -> tuple[str, str]:
    method = rng.choices(["GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE"], [8, 1, 1, 1, 1, 1])[0]
    return method, rng.choice(URLS) + rng.choice(["", "", "?verbose", "?timeout=32s"])


def _legacy(rng: Random) -> tuple[str, str]:
    """Verbs in the path: /watch/ is still served, /proxy/ is still parsed."""
    resource, url = _place(rng)
    base, _, rest = url.partition("/namespaces/") if "/namespaces/" in url else url.rpartition("/")
    rest = f"namespaces/{rest}" if "/namespaces/" in url else resource
    tail = rng.choice(["", "/a", "/a/status", "/a/b/c", "?fieldSelector=metadata.name=a", "/a?watch=false"])
    return rng.choice(["GET", "POST", "DELETE"]), f"{base}/{rng.choice(['watch', 'proxy'])}/{rest}{tail}"


ODD_URLS = [
    "/api/v1/watch",
    "/api/v1/proxy",
    "/apis/apps/v1/watch/",
    "//api/v1/pods",
    "/api//v1/pods",
    "/api/v1//pods",
    "/api/v1/pods/",
    "/api/v1/pods//",
    "/api/v1/namespaces//pods",
    "/api/v1/namespaces//pods/a",
    "/api/v1/namespaces/foo/",
    "/api/v1/namespaces/foo//",
    "/api/v1/namespaces/foo/status",
    "/api/v1/namespaces/foo/finalize",
    "/api/v1/namespaces/foo/status/x",
    "/api/v1/namespaces/foo/pods/status",
    "/api/v1/namespaces/foo/namespaces/foo",
    "/api/v1/namespaces/foo/pods/a/log/b",
    "/api/v1/namespaces/a%2Fb/pods",
    "/api/v1/namespaces/kube%2Dsystem/secrets",
    "/api/v1/namespaces/default/secrets/%64b-password",
    "/api/v1/namespaces/default/configmaps/a%20b",
    "/api/v1/namespaces/default/configmaps/a+b",
    "/api/v1/namespaces/default/configmaps/%D0%B0",
    "/api/v1/namespaces/default/configmaps/%2e%2e/secrets",
    "/api/v1/namespaces/default/secrets/..%2fdb-password",
    "/api/v1/namespaces/default/secrets/../pods",
    "/api/v1/namespaces/default/secrets/%zz",
    "/api/v1/namespaces/default/secrets?%zz=1&watch=true",
    "/api/v1/namespaces/default/secrets?watch=true;fieldSelector=metadata.name=a",
    "/api/v1/namespaces/default/secrets?watch=true&watch=false",
    "/api/v1/namespaces/default/secrets?watch=false&watch=true",
    "/api/v1/namespaces/default/secrets?limit=x&watch=nonsense&fieldSelector=metadata.name=a",
    "/api/v1/namespaces/default/secrets?limit=x&watch=False",
    "/api/v1/namespaces/default/secrets?fieldSelector=metadata.name=a&fieldSelector=metadata.name=b",
    "/api/v1/namespaces/default/secrets?fieldSelector=",
    "/api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3Da%5C%2Cb",
    "/api/v1/namespaces/default/secrets?fieldSelector=metadata.name=%25",
    "/api/v1/namespaces/default/secrets?fieldSelector=%20metadata.name=a",
    "/api/v1/namespaces/default/secrets?FieldSelector=metadata.name=a",
    "/api/v1/namespaces/default/secrets?fieldselector=metadata.name=a&Watch=true",
    "/api/v1/namespaces/default/pods#fragment",
    "/API/v1/pods",
    "/api/V1/Pods",
    "/api/v1",
    "/api/v1/",
    "/api/v2/pods",
    "/apis/Example.com/v1/widgets",
    "/apis/example.com/v1/widgets/a/log",
    "/apis/a/b/c/d/e/f/g",
    "/apis//v1/pods",
    "/apis/apps/v1//deployments",
    "/api/v1/nodes/node-1:10250/proxy/logs",
    "/api/v1/namespaces/kube-system/services/https:web-0:443/proxy/",
    "/api/v1/pods/жа",
    "/api/v1/%70ods",
    "/%61pi/v1/pods",
    "/healthz/%2e%2e/metrics",
    "/healthz?a=b#c",
    "/healthz/ümlaut",
    "http://kubernetes/api/v1/pods",
    "healthz",
    "*",
    "/api/v1/pods with space",
    "?watch=true",
]
ODD_METHODS = ["get", "Get", "list", "LIST", "WATCH", "watch", "PROXY", "TRACE", "CONNECT", "QUERY", "post", "G,T"]


def _odd(rng: Random) -> tuple[str, str]:
    """What no client sends by mistake, but a server answers all the same."""
    if chance(rng, 0.25):
        return rng.choice(ODD_METHODS), rng.choice([_place(rng)[1], *URLS[:8]])
    return rng.choice(["GET", "GET", "POST", "DELETE", "PUT"]), rng.choice(ODD_URLS)
