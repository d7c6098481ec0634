"""The generated facts: their form, what they say, and how they stand to independent records."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.kubernetes import flags, go_values, resources
from kube_audit_lint.kubernetes.resource_table import GROUPS, MINORS
from kube_audit_lint.model.version import NEWEST

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared/facts"
VECTORS = json.loads((ROOT / "tests/data/pflag_values.json").read_text(encoding="utf-8"))
TYPES = {
    "int": "audit-log-maxage",
    "int64": "audit-log-truncate-max-batch-size",
    "bool": "audit-log-compress",
    "float32": "audit-log-batch-throttle-qps",
    "duration": "audit-webhook-batch-max-wait",
    "string": "audit-log-mode",
}


def in_minor(minor: int) -> tuple[resources.Resource, ...]:
    """Everything that one minor serves, by group and name."""
    every = (resources.served(group, name, minor) for group in resources.groups() for name in resources.names(group))
    return tuple(resource for resource in every if resource is not None)


independent = pytest.mark.skipif(not SHARED.is_dir(), reason="the independent record of facts is not here")


def value_vectors() -> Iterator[Any]:
    for kind, rows in VECTORS["values"].items():
        for text, error in rows:
            yield kind, text, error


def spec(name: str) -> flags.FlagSpec:
    found = flags.spec(name)
    assert found is not None
    return found


class TestResourceFile:
    def test_has_the_form_that_the_loader_expects(self) -> None:
        first, last = MINORS
        assert "apps" in GROUPS
        assert list(GROUPS) == sorted(GROUPS)
        for named in GROUPS.values():
            assert list(named) == sorted(named)
            for spans in named.values():
                ends = [end for span in spans for end in span[:2]]
                assert ends == sorted(ends)
                assert first <= ends[0] <= ends[-1] <= last
                assert all(set(span[3]) <= set(resources.VERBS) and span[2] in (0, 1) for span in spans)

    def test_spans_of_one_resource_follow_on_without_overlap_or_repetition(self) -> None:
        for group in resources.groups():
            for name in resources.names(group):
                spans = resources.find(group, name)
                for before, after in itertools.pairwise(spans):
                    assert before.last < after.first
                    same = (before.verbs, before.subresources, before.namespaced)
                    assert same != (after.verbs, after.subresources, after.namespaced)


class TestResources:
    def test_minors(self) -> None:
        assert resources.known_minors() == range(12, NEWEST + 1)
        assert (resources.clamp(9), resources.clamp(24), resources.clamp(99)) == (12, 24, NEWEST)

    def test_groups(self) -> None:
        assert resources.groups()[0] == ""
        assert resources.is_builtin_group("apps")
        assert resources.is_builtin_group("extensions")
        assert not resources.is_builtin_group("extensions", range(24, NEWEST + 1))
        assert resources.is_builtin_group("extensions", (21, 22))
        assert resources.is_builtin_group("apps", [99])

    @pytest.mark.parametrize("group", [*sorted(resources.WELL_KNOWN_OPEN_GROUPS), "example.com", "core", "v1"])
    def test_other_groups_are_open(self, group: str) -> None:
        assert not resources.is_builtin_group(group)
        assert resources.group_minors(group) is None
        assert resources.find(group, "pods") == ()
        assert resources.names(group) == ()

    def test_a_resource(self) -> None:
        pods = resources.served("", "pods", 30)
        assert pods is not None
        assert (pods.group, pods.name, pods.namespaced, pods.first, pods.last) == ("", "pods", True, 21, 31)
        assert pods.verbs == set(resources.VERBS.values()) - {""}
        assert repr(pods) == "<Resource pods.core 1.21-1.31>"

    @pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
    def test_connections_are_opened_by_get_and_by_create(self, subresource: str) -> None:
        for minor in resources.known_minors():
            pods = resources.served("", "pods", minor)
            assert pods is not None
            assert pods.subresources[subresource] == {"get", "create"}

    @pytest.mark.parametrize("resource", ["pods", "services", "nodes"])
    def test_proxies_take_every_method(self, resource: str) -> None:
        spans = resources.find("", resource)
        assert spans
        for span in spans:
            # OPTIONS has no verb: the default of NewRequestInfo's switch (apiserver/pkg/endpoints/request).
            assert span.subresources["proxy"] == {"get", "create", "update", "patch", "delete", ""}

    def test_reviews_are_only_created(self) -> None:
        reviews = [r for m in resources.known_minors() for r in in_minor(m) if "reviews" in r.name]
        assert {review.verbs for review in reviews} == {frozenset({"create"})}

    def test_gaps(self) -> None:
        assert "watch" not in resources.find("", "componentstatuses")[0].verbs
        assert "deletecollection" not in resources.find("", "namespaces")[0].verbs
        assert resources.find("extensions", "replicationcontrollers")[0].verbs == frozenset()
        for minor, name, there in [(20, "ephemeralcontainers", False), (21, "ephemeralcontainers", True)]:
            pods = resources.served("", "pods", minor)
            assert pods is not None
            assert (name in pods.subresources) == there
        assert [("resize" in span.subresources) for span in resources.find("", "pods")] == [False, False, True]

    def test_tokens_are_known_in_every_minor(self) -> None:
        (accounts,) = resources.find("", "serviceaccounts")
        assert accounts.subresources == {"token": frozenset({"create"})}

    def test_where_a_resource_belongs(self) -> None:
        assert resources.groups_serving("deployments") == (("apps", 12, NEWEST), ("extensions", 12, 17))
        assert resources.groups_serving("deployment") == ()
        assert resources.groups_serving("podsecuritypolicies")[0] == ("policy", 12, 24)

    def test_removed(self) -> None:
        assert resources.removed("policy", "podsecuritypolicies") == 25
        assert resources.removed("", "pods") is None
        assert resources.removed("", "nothing") is None

    def test_not_served(self) -> None:
        assert resources.served("", "deployments", 30) is None
        assert resources.served("policy", "podsecuritypolicies", 30) is None
        assert resources.served("policy", "podsecuritypolicies", 3) is not None


class TestFlagTable:
    @pytest.mark.parametrize("name", flags.all_names())
    def test_has_the_form_that_the_loader_expects(self, name: str) -> None:
        flag = spec(name)
        assert flag.type in {"int", "int64", "bool", "string", "path", "duration", "float32"}
        assert flag.backend in (None, "log", "webhook")
        assert flag.mode in (None, "batch")
        for steps in (flag.default_steps, flag.allowed_steps):
            firsts = [first for first, _ in steps]
            assert firsts == sorted(set(firsts))
            assert firsts[:1] in ([], [flag.since])
        assert (flag.deprecated is None) == (flag.replacement is None)
        assert flag.replacement is None or flags.spec(flag.replacement)

    @pytest.mark.parametrize("name", flags.all_names())
    def test_defaults_are_accepted(self, name: str) -> None:
        flag = spec(name)
        for first, value in flag.default_steps:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            assert flags.parse_value(flag, text, first) is None
            assert flags.allowed(name, first) is None or text in (flags.allowed(name, first) or ())

    def test_names_are_normalised_as_kube_apiserver_does(self) -> None:
        assert spec("audit_log_maxage").name == "audit-log-maxage"
        assert flags.spec("audit-log-max-age") is None
        assert repr(spec("audit-log-path")) == "<FlagSpec --audit-log-path>"

    def test_defaults(self) -> None:
        assert flags.default("audit-log-maxage", 35) == 0
        assert flags.default("audit-log-maxage", 36) == 366
        assert flags.default("audit-log-maxsize", 99) == 100
        assert flags.default("audit-webhook-initial-backoff", 30) == "10s"
        assert flags.default("audit-log-compress", 19) is None
        assert flags.default("audit-dynamic-configuration", 18) is False
        assert flags.default("audit-dynamic-configuration", 19) is None
        assert flags.default("audit-nonsense", 30) is None

    def test_allowed(self) -> None:
        assert flags.allowed("audit-log-mode", 12) == ("batch", "blocking")
        assert flags.allowed("audit-log-version", 24) == ("audit.k8s.io/v1",)
        assert flags.allowed("audit-log-version", 10) is None
        assert flags.allowed("audit-log-maxage", 24) is None


class TestValues:
    def test_parse_as_pflag_does(self) -> None:
        vectors = list(value_vectors())
        assert len(vectors) > 300
        found = [(kind, text, flags.parse_value(spec(TYPES[kind]), text, NEWEST)) for kind, text, _ in vectors]
        assert found == vectors

    @pytest.mark.parametrize("case", VECTORS["validate"], ids=lambda case: f"{case[0]}-{case[1]}")
    def test_validate_as_kube_apiserver_does(self, case: Any) -> None:
        (first, last), given, messages = case
        for minor in range(first, last + 1):
            found = flags.validate(given, minor)
            assert [message for _, message in found] == messages
            assert all(flags.default(flag, minor) is not None for flag, _ in found)

    def test_before_go_1_13_there_are_no_number_literals(self) -> None:
        for text in ("0o36", "0b11", "1_000"):
            assert flags.parse_value(spec("audit-log-maxage"), text, 17) is None
            assert "invalid syntax" in (flags.parse_value(spec("audit-log-maxage"), text, 16) or "")
        assert flags.parse_value(spec("audit-log-maxage"), "0x1e", 16) is None
        for text in ("0x1p3", "1_0.5"):
            assert flags.parse_value(spec(TYPES["float32"]), text, 17) is None
            assert "invalid syntax" in (flags.parse_value(spec(TYPES["float32"]), text, 16) or "")

    def test_before_go_1_15_durations_are_not_quoted(self) -> None:
        backoff = spec("audit-webhook-initial-backoff")
        assert (flags.parse_value(backoff, "5", 18) or "").endswith("time: missing unit in duration 5")
        assert (flags.parse_value(backoff, "5", 19) or "").endswith('time: missing unit in duration "5"')
        assert (flags.parse_value(backoff, "5d", 18) or "").endswith("time: unknown unit d in duration 5d")

    def test_values_that_do_not_parse_are_not_validated(self) -> None:
        assert flags.validate({"audit-log-path": "x", "audit-log-maxage": "-30d"}, 30) == []
        assert flags.validate({"audit-log-path": "x", "nonsense": "-1", "audit_log_maxage": "-1"}, 30) == [
            ("audit-log-maxage", "--audit-log-maxage -1 can't be a negative number")
        ]

    def test_the_flag_that_is_given_is_blamed(self) -> None:
        given = {"audit-log-path": "x", "audit-log-truncate-max-event-size": "20000000"}
        assert [flag for flag, _ in flags.validate(given, 30)] == ["audit-log-truncate-max-event-size"]
        given["audit-log-truncate-max-batch-size"] = "5"
        assert [flag for flag, _ in flags.validate(given, 30)] == ["audit-log-truncate-max-batch-size"]

    def test_dynamic_auditing_needs_its_gate(self) -> None:
        given = {"audit-dynamic-configuration": "true"}
        assert len(flags.validate(given, 18)) == 1
        assert flags.validate(given, 18, dynamic_auditing=True) == []
        assert flags.validate(given, 19) == []

    def test_minors_before_validation_by_backend(self) -> None:
        assert len(flags.validate({"audit-log-path": "x", "audit-log-maxage": "-1"}, 8)) == 1

    def test_limits_of_the_table_agree_with_validation(self) -> None:
        switched_on = {
            "audit-log-path": "x",
            "audit-webhook-config-file": "x",
            "audit-log-mode": "batch",
            "audit-webhook-mode": "batch",
            "audit-log-batch-throttle-enable": "true",
            "audit-log-batch-throttle-qps": "1",
            "audit-log-batch-throttle-burst": "1",
        }
        for name in flags.all_names():
            flag = spec(name)
            if flag.type in ("int", "int64", "float32") and "batch-size" not in name:
                lowest = flag.minimum if flag.minimum is not None else (flag.above or 0) + 1
                for number, count in ((lowest, 0), (lowest - 1, 1)):
                    assert len(flags.validate({**switched_on, name: str(number)}, 30)) == count, name

    def test_values_of_go(self) -> None:
        assert go_values.parse_duration("1h30m.5s") == 5_400_500_000_000
        assert go_values.parse_duration("-0.5ms") == -500_000
        assert go_values.parse_int("-0x1_0") == -16
        assert go_values.parse_float32("0.1") == pytest.approx(0.1)
        assert go_values.format_float32(float("nan")) == "NaN"
        assert go_values.format_float32(float("inf")) == "+Inf"


@independent
class TestAgainstIndependentRecord:
    """Held against facts that were collected by other means.

    Deliberate differences: the record's resources begin with 1.16, the catalogue with 1.12; it does not have the
    empty verb, which OPTIONS on proxies has; the record's
    types of flags carry a unit or a remark ("int (days)", "path or -"), the table's are what pflag parses;
    for a boolean the record lists true and false as allowed, the table lists nothing. Otherwise they are
    one.
    """

    def test_resources(self) -> None:
        recorded = json.loads((SHARED / "api_resources_ranges.json").read_text(encoding="utf-8"))
        for minor in range(16, NEWEST + 1):
            ours = {(r.group, r.name): described(r) for r in in_minor(minor)}
            assert ("", "pods") in ours
            assert ours == dict(recorded_resources(recorded, minor))

    @pytest.fixture
    def recorded_flags(self) -> dict[str, Any]:
        record = json.loads((SHARED / "audit_flags.json").read_text(encoding="utf-8"))
        found: dict[str, Any] = record["flags"]
        return found

    def test_flags(self, recorded_flags: dict[str, Any]) -> None:
        assert set(flags.all_names()) == set(recorded_flags)
        for name, theirs in recorded_flags.items():
            flag = spec(name)
            assert flag.type == theirs["type"].split(" ")[0]
            assert flag.since == (0 if theirs["since"].startswith("<=") else minor_of(theirs["since"]))
            assert flag.until == (theirs["until"] and minor_of(theirs["until"]))
            assert flag.deprecated == (minor_of(theirs["deprecated"]) if "deprecated" in theirs else None)
            assert flag.replacement == theirs.get("replacement")

    def test_defaults(self, recorded_flags: dict[str, Any]) -> None:
        for name, theirs in recorded_flags.items():
            for version, value in theirs["defaults"].items():
                assert flags.default(name, minor_of(version)) == value, (name, version)

    def test_allowed_values(self, recorded_flags: dict[str, Any]) -> None:
        for name, theirs in recorded_flags.items():
            listed = theirs.get("allowed")
            if listed is None or spec(name).type == "bool":
                assert flags.allowed(name, NEWEST) is None
                continue
            ranges = listed if isinstance(listed, dict) else {f"1.{spec(name).since}-": listed}
            for versions, values in ranges.items():
                first, _, last = versions.partition("-")
                for minor in range(minor_of(first), (minor_of(last) if last else NEWEST) + 1):
                    if "-" in versions or minor == minor_of(first):
                        known = flags.allowed(name, minor)
                        assert known is None or list(known) == values, (name, minor)


def minor_of(version: str) -> int:
    return int(version.removeprefix("1."))


def described(resource: resources.Resource) -> Any:
    return resource.namespaced, set(resource.verbs), {k: set(v) - {""} for k, v in resource.subresources.items()}


def recorded_resources(recorded: Any, minor: int) -> Iterator[tuple[tuple[str, str], Any]]:
    for group, named in recorded.items():
        for name, spans in named.items():
            for span in spans:
                if minor_of(span["minors"][0]) <= minor <= minor_of(span["minors"][1]):
                    subresources = {sub: set(verbs) for sub, verbs in span["subresources"].items()}
                    yield (group, name), (span["namespaced"], set(span["verbs"]), subresources)
