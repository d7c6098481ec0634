"""The checks for ACK registered clusters, and placeholders anywhere."""

from __future__ import annotations

import pytest
from server_pods import LOG, POLICY, brief, hits, pod, subject

PATH = "/var/log/kubernetes/audit.log"


def env(cluster: str = "c1", **values: str) -> list[str]:
    all_values = {"": PATH, "_tags": "audit=apiserver", "_product": "k8s-audit", "_jsonfile": '"true"', **values}
    return [f"name: aliyun_logs_audit-{cluster}{suffix}, value: {value}" for suffix, value in all_values.items()]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (env(), []),
        ([*env(), "name: aliyun_logs_audit-c1_ttl, value: '30'"], []),
        (env()[:3], ["aliyun_logs_audit-c1"]),
        (env()[1:], ["aliyun_logs_audit-c1_tags"]),
        (env(_tags="x"), ["x"]),
        (env(_product="x"), ["x"]),
        (env(_jsonfile='"True"'), ["True"]),
        (env(_jsonfile="true"), ["true"]),
        ([*env()[:3], *env("c2")[3:]], ["aliyun_logs_audit-c2_jsonfile"]),
        ([], []),
        (["name: aliyun_logs_stdout, value: stdout"], []),
    ],
)
def test_the_four_variables(variables: list[str], expected: list[str]) -> None:
    found = hits("ack_variables", subject(pod([POLICY, LOG], env=variables)))
    assert [hit.place.text for hit in found] == expected


def test_variables_are_required_where_asked_for() -> None:
    assert brief(hits("ack_variables", subject(pod([POLICY, LOG])), required=True)) == [("kube-apiserver", "")]
    assert hits("ack_variables", subject(pod([POLICY, LOG], env=env())), required=True) == []


def test_a_form_without_a_place_for_variables_misses_none() -> None:
    one = subject(pod([POLICY, LOG]))
    made_elsewhere = type(one)(one.server._replace(is_pod=False), one.versions)
    assert hits("ack_variables", made_elsewhere, required=True) == []


@pytest.mark.parametrize(
    ("log", "collected", "expected"),
    [
        (LOG, PATH, []),
        (LOG, "/var/log//kubernetes/audit.log", []),
        (LOG, "/var/log/other", ["/var/log/other"]),
        ("--v=2", PATH, [PATH]),
        ("--audit-log-path=-", "stdout", []),
        ("--audit-log-path=-", PATH, [PATH]),
    ],
)
def test_the_collected_path(log: str, collected: str, expected: list[str]) -> None:
    given = subject(pod([POLICY, log], env=[f"name: aliyun_logs_audit-c1, value: {collected}"]))
    assert [hit.place.text for hit in hits("ack_log_path", given)] == expected


@pytest.mark.parametrize(
    ("flag", "variables", "expected"),
    [
        ("--audit-log-path=/var/${NAME}/x", [], ["${NAME}"]),
        ("--audit-log-path=/var/$NAME/x", [], ["$NAME"]),
        ("--audit-log-path={path}", [], ["{path}"]),
        ("--audit-log-path=<path to log>", [], ["<path to log>"]),
        ("--audit-log-path=/__LOG_DIR__/x", [], ["__LOG_DIR__"]),
        ("--audit-log-path=$(DIR)/x", [], ["$(DIR)"]),
        ("--audit-log-path=$(DIR)/x", ["name: DIR, value: /var/log"], []),
        ("--audit-log-path=/var/log/my_app__x/a.log", [], []),
        ("--audit-log-path={{ path }}", [], []),
        ("--etcd-servers=<url>", [], []),
        ("--v=2", ["name: 'aliyun_logs_audit-${id}', value: x"], ["${id}"]),
        (
            "--v=2",
            ["name: 'aliyun_logs_audit-{id}', value: x", "name: 'aliyun_logs_audit-{id}_tags', value: x"],
            ["{id}"],
        ),
        ("--v=2", ["name: OTHER, value: <x>"], []),
    ],
)
def test_placeholders(flag: str, variables: list[str], expected: list[str]) -> None:
    found = hits("placeholder", subject(pod([flag], env=variables)))
    assert [hit.place.text for hit in found] == expected
