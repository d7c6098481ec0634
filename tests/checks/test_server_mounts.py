"""The checks of mounts: what a container sees at the paths of its audit flags."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from server_pods import LOG, POLICY, brief, hits, pod, said, subject

from kube_audit_lint.model.advice import in_words

AT_FILE = "name: p, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true"
AT_LOG = "name: l, mountPath: /var/log/kubernetes"
HOST_FILE = "name: p, hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}"
HOST_LOG = "name: l, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}"


def run(
    check: str,
    mounts: Sequence[str],
    volumes: Sequence[str] = (),
    log: str = LOG,
    versions: str = "1.30",
    **params: str,
) -> list[tuple[str, str]]:
    return brief(hits(check, subject(pod([POLICY, log], mounts, volumes), versions), **params))


POLICY_PARAMS = {"flag": "audit-policy-file", "consequence": "{path}"}
LOG_PARAMS = {"flag": "audit-log-path", "consequence": ""}
TYPE = {"flag": "audit-policy-file"}
NOWHERE = [("/etc/kubernetes/audit-policy.yaml", "")]


@pytest.mark.parametrize(
    ("mounts", "volumes", "expected"),
    [
        ([AT_FILE], [HOST_FILE], []),
        (["name: p, mountPath: /etc/kubernetes/, readOnly: true"], ["name: p, hostPath: {path: /x}"], []),
        (["name: p, mountPath: /etc"], ["name: p, hostPath: {path: /etc}"], []),
        (["name: p, mountPath: /"], ["name: p, hostPath: {path: /}"], []),
        (["name: p, mountPath: /etc/kubernetes"], ["name: p, secret: {secretName: x}"], []),
        (["name: p, mountPath: /etc/kube"], ["name: p, hostPath: {path: /etc/kube}"], NOWHERE),
        (["name: p, mountPath: /etc/kubernetes/audit-policy.yaml.d"], [], NOWHERE),
        ([], [], NOWHERE),
        (["name: p, mountPath: /etc/kubernetes/audit-policy.yaml"], ["name: p, configMap: {name: x}"], NOWHERE),
        (
            ["name: p, mountPath: /etc/kubernetes/audit-policy.yaml, subPath: a"],
            ["name: p, configMap: {name: x}"],
            [],
        ),
    ],
)
def test_the_policy_is_mounted(mounts: list[str], volumes: list[str], expected: list[tuple[str, str]]) -> None:
    assert run("not_mounted", mounts, volumes, **POLICY_PARAMS) == expected


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (LOG, [("/var/log/kubernetes/audit.log", "")]),
        ("--audit-log-path=-", []),
        ("--audit-log-path=/dev/stdout", []),
        ("--audit-log-path=/proc/self/fd/1", []),
        ("--audit-log-path=audit.log", []),
        ("--audit-log-path=/var/log/${NAME}/audit.log", []),
    ],
)
def test_the_log_is_mounted(log: str, expected: list[tuple[str, str]]) -> None:
    assert run("not_mounted", [AT_FILE], [HOST_FILE], log, **LOG_PARAMS) == expected


def test_servers_without_mounts_are_on_the_host() -> None:
    given = subject(pod([POLICY, LOG]))
    given.server = given.server._replace(mounts=None)
    assert hits("not_mounted", given, **POLICY_PARAMS) == []
    given.server = given.server._replace(mounts=(), partial=True)
    assert hits("not_mounted", given, **POLICY_PARAMS) == []


def test_a_near_mount_is_shown() -> None:
    mounts = ["name: p, mountPath: /etc/kubernetes/policies/audit-policy.yaml", "name: k, mountPath: /etc/ssl"]
    (hit,) = hits("not_mounted", subject(pod([POLICY], mounts)), **POLICY_PARAMS)
    assert [one.place.text for one in hit.related] == ["/etc/kubernetes/policies/audit-policy.yaml"]


def test_a_volume_that_is_not_mounted_is_shown() -> None:
    (hit,) = hits("not_mounted", subject(pod([POLICY], (), [HOST_FILE])), **POLICY_PARAMS)
    assert hit.related[0].place.text == "p"
    assert "name: p, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true" in hit.help


@pytest.mark.parametrize(
    ("mount", "volume", "expected"),
    [
        (f"{AT_LOG}, readOnly: true", HOST_LOG, [("true", "")]),
        (f"{AT_LOG}, readOnly: false", HOST_LOG, []),
        (AT_LOG, HOST_LOG, []),
        (AT_LOG, "name: l, configMap: {name: x}", [("/var/log/kubernetes", "")]),
    ],
)
def test_the_log_can_be_written(mount: str, volume: str, expected: list[tuple[str, str]]) -> None:
    assert run("log_read_only", [mount], [volume]) == expected


def test_the_longest_mount_decides() -> None:
    mounts = ["name: v, mountPath: /var, readOnly: true", AT_LOG, "name: x, mountPath: /var/log, readOnly: true"]
    assert run("log_read_only", mounts, [HOST_LOG]) == []


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ("1.30", "does not start: ensureLogFile: open"),
        ("1.20", "every event is lost"),
        ("1.20-1.30", "from 1.22 on"),
    ],
)
def test_what_a_read_only_log_does(versions: str, message: str) -> None:
    given = subject(pod([LOG], [f"{AT_LOG}, readOnly: true"], [HOST_LOG]), versions)
    assert message in said(hits("log_read_only", given))


@pytest.mark.parametrize(
    ("mount", "volume", "log", "expected"),
    [
        ("name: l, mountPath: /var/log/kubernetes/audit.log", "name: l, hostPath: {path: /x, type: File}", LOG, 1),
        ("name: l, mountPath: /var/log/kubernetes/audit.log, subPath: a", HOST_LOG, LOG, 1),
        (AT_LOG, HOST_LOG, LOG, 0),
        (AT_LOG, "name: l, hostPath: {path: /x, type: File}", LOG, 1),
        (AT_LOG, "name: l, hostPath: {path: /x, type: BlockDevice}", LOG, 1),
        (AT_LOG, "name: l, hostPath: {path: /x}", LOG, 0),
        (f"{AT_LOG}, subPath: a", "name: l, hostPath: {path: /x, type: File}", LOG, 0),
        (AT_LOG, HOST_LOG, "--audit-log-path=/var/log/kubernetes", 1),
        ("name: l, mountPath: /dev/stdout", HOST_LOG, "--audit-log-path=/dev/stdout", 0),
    ],
)
def test_the_log_file_itself(mount: str, volume: str, log: str, expected: int) -> None:
    assert len(run("log_file_mounted", [mount], [volume], log)) == expected


@pytest.mark.parametrize(
    ("mount", "volume", "expected"),
    [
        (AT_FILE, HOST_FILE, []),
        ("name: p, mountPath: /etc/kubernetes", HOST_FILE, [("/etc/kubernetes", "")]),
        ("name: p, mountPath: /etc/kubernetes, readOnly: false", HOST_FILE, [("false", "")]),
        ("name: p, mountPath: /etc/kubernetes", "name: p, configMap: {name: x}", []),
        ("name: p, mountPath: /etc/kubernetes", "name: p, projected: {sources: []}", []),
        ("name: p, mountPath: /etc/kubernetes", "name: p, persistentVolumeClaim: {claimName: x}", ["any"]),
        ("name: p, mountPath: /etc/kubernetes", "name: other, hostPath: {path: /}", []),
    ],
)
def test_the_policy_is_read_only(mount: str, volume: str, expected: list[object]) -> None:
    found = run("policy_writable", [mount], [volume])
    assert found == expected or (len(found) == 1 and expected == ["any"])


@pytest.mark.parametrize(
    ("mount", "kind", "expected"),
    [
        (AT_FILE, "File", []),
        (AT_FILE, "FileOrCreate", [("FileOrCreate", "")]),
        (AT_FILE, "Directory", [("Directory", "error")]),
        (AT_FILE, "DirectoryOrCreate", [("DirectoryOrCreate", "error")]),
        (AT_FILE, "", [("/x", "info")]),
        (AT_FILE, "Socket", [("Socket", "error")]),
        ("name: p, mountPath: /etc/kubernetes", "CharDevice", [("CharDevice", "error")]),
        (f"{AT_FILE}, subPath: a.yaml", "Directory", []),
        ("name: p, mountPath: /etc/kubernetes", "DirectoryOrCreate", []),
        ("name: p, mountPath: /etc/kubernetes", "", []),
        ("name: p, mountPath: /etc/kubernetes", "File", [("File", "error")]),
        ("name: p, mountPath: /etc/kubernetes", "FileOrCreate", [("FileOrCreate", "error")]),
    ],
)
def test_host_path_types(mount: str, kind: str, expected: list[tuple[str, str]]) -> None:
    volume = "name: p, hostPath: {path: /x" + (f", type: {kind}" if kind else "") + "}"
    assert run("host_path_type", [mount], [volume], **TYPE) == expected


def test_the_type_of_a_volume_that_is_not_mounted() -> None:
    volume = "name: p, hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: FileOrCreate}"
    assert run("host_path_type", [], [volume], **TYPE) == [("FileOrCreate", "")]


def test_volumes_that_are_missing() -> None:
    mounts = ["name: l, mountPath: /x", "name: pki, mountPath: /y"]
    (hit,) = hits("volume_missing", subject(pod([LOG], mounts, [HOST_LOG, "name: pkis, emptyDir: {}"])))
    assert (hit.place.text, in_words(hit.help)[0]) == ("pki", "Write `name: pkis`.")


@pytest.mark.parametrize(
    ("volume", "count"),
    [
        (HOST_LOG, 0),
        ("name: l, emptyDir: {}", 1),
        ("name: l, emptyDir: {medium: Memory}", 1),
        ("name: l, ephemeral: {}", 1),
        ("name: l, hostPath: {path: /run/audit}", 1),
        ("name: l, hostPath: {path: /running}", 0),
        ("name: l, persistentVolumeClaim: {claimName: x}", 0),
    ],
)
def test_logs_that_do_not_last(volume: str, count: int) -> None:
    assert len(run("ephemeral_log", [AT_LOG], [volume])) == count


def test_nobody_is_advised_to_mount_the_root() -> None:
    """A mount at / would hide all that is in the container."""
    (hit,) = hits("not_mounted", subject(pod([POLICY, "--audit-log-path=/audit.log"]), "1.30"), **LOG_PARAMS)
    assert "`--audit-log-path=/var/log/kubernetes/audit.log`" in hit.help
