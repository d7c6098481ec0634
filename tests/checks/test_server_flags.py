"""The checks of audit flags."""

from __future__ import annotations

from typing import Any

import pytest
from server_pods import LOG, POLICY, ROTATION, brief, hits, pod, said, subject

from kube_audit_lint.model.advice import in_words
from kube_audit_lint.model.version import NEWEST, Versions

AGE = {"flag": "audit-log-maxage", "at_least": 30}
BACKUP = {"flag": "audit-log-maxbackup", "at_least": 10}
SIZE = {"flag": "audit-log-maxsize", "at_least": 100}
REQUIRED = {"any_of": ["audit-policy-file"], "consequence": "Nothing."}


def rotation(params: dict[str, Any], *flags: str, versions: str = "1.30", log: str = LOG) -> list[tuple[str, str]]:
    return brief(hits("rotation", subject(pod([POLICY, log, *flags]), versions), **params))


@pytest.mark.parametrize(
    ("params", "flag", "versions", "expected"),
    [
        (AGE, "--audit-log-maxage=30", "1.30", []),
        (AGE, "--audit-log-maxage=0x1e", "1.30", []),
        (AGE, "--audit_log_maxage=30", "1.30", []),
        (AGE, "--audit-log-maxage=29", "1.30", [("29", "warning")]),
        (AGE, "--audit-log-maxage=0", "1.36", [("0", "warning")]),
        (AGE, "--audit-log-maxage=30d", "1.30", []),
        (AGE, "--audit-log-maxage=-1", "1.30", []),
        (AGE, "--audit-log-maxage-typo=99", "1.30", [("kube-apiserver", "warning")]),
        (AGE, "--v=1", "1.35", [("kube-apiserver", "warning")]),
        (AGE, "--v=1", "1.36", [("kube-apiserver", "info")]),
        (AGE, "--v=1", f"1.24-1.{NEWEST}", [("kube-apiserver", "warning")]),
        ({**AGE, "explicit": True}, "--v=1", "1.36", [("kube-apiserver", "warning")]),
        ({**AGE, "at_least": 400}, "--v=1", "1.36", [("kube-apiserver", "warning")]),
        (BACKUP, "--audit-log-maxbackup=9", "1.30", [("9", "warning")]),
        (BACKUP, "--audit-log-maxbackup=0", "1.30", [("0", "warning")]),
        (BACKUP, "--v=1", "1.30", [("kube-apiserver", "warning")]),
        (SIZE, "--audit-log-maxsize=99", "1.30", [("99", "warning")]),
        (SIZE, "--audit-log-maxsize=0", "1.35", [("0", "info")]),
        (SIZE, "--audit-log-maxsize=0", "1.36", [("0", "error")]),
        (SIZE, "--audit-log-maxsize=0", f"1.24-1.{NEWEST}", [("0", "error")]),
        (SIZE, "--v=1", "1.35", [("kube-apiserver", "info")]),
        (SIZE, "--v=1", "1.36", [("kube-apiserver", "info")]),
        ({**SIZE, "at_least": 200}, "--v=1", "1.35", [("kube-apiserver", "warning")]),
    ],
)
def test_rotation(params: dict[str, Any], flag: str, versions: str, expected: list[tuple[str, str]]) -> None:
    assert rotation(params, flag, versions=versions) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/audit.log", 1), ("/logs/audit-\ue000.json", 1), ("", 0), ("/stdout", 0), ("audit.log", 0)],
)
def test_a_log_whose_directory_a_template_decides(path: str, expected: int) -> None:
    assert len(rotation(AGE, "--audit-log-maxage=1", log=f"--audit-log-path=\ue000{path}")) == expected


@pytest.mark.parametrize("log", ["--audit-log-path=-", "--audit-log-path=/dev/stdout", "--audit-log-path=", "--v=2"])
def test_rotation_says_nothing_without_a_log_file(log: str) -> None:
    assert rotation(AGE, "--audit-log-maxage=1", log=log) == []


@pytest.mark.parametrize(
    ("word", "versions", "message", "help"),
    [
        # What kube-apiserver 1.19 and later say of a word that is no flag, with Go's %q.
        ("\u2013audit-log-path=/a", "1.30", 'got ["\u2013audit-log-path=/a"]', "U+2013, en dash"),
        ("\u2014audit-log-path=/a", "1.30", 'got ["\u2014audit-log-path=/a"]', "U+2014, em dash"),
        ("\u2212\u2212audit-log-path=/a", "1.30", 'got ["\u2212\u2212audit-log-path=/a"]', "U+2212, minus sign"),
        ("\u00a0--audit-log-path=/a", "1.30", r'got ["\u00a0--audit-log-path=/a"]', "U+00A0, no-break space"),
        ("\ufeff--audit-log-path=/a", "1.30", r'got ["\ufeff--audit-log-path=/a"]', "zero width no-break space"),
        ("audit-log-path=/a", "1.30", 'got ["audit-log-path=/a"]', "Write `--audit-log-path`."),
        (
            "\u201c--audit-log-path=/a\u201d",
            "1.30",
            'got ["\u201c--audit-log-path=/a\u201d"]',
            "left double quotation mark",
        ),
        ("\u2013audit-log-path=/a", "1.18", "kube-apiserver passes over it, and the flag is not set", "en dash"),
        # pflag.
        ("-\u2013audit-log-path=/a", "1.30", "unknown shorthand flag: 'â' in -\u2013audit-log-path=/a", "en dash"),
        ("--audit\u2011log-path=/a", "1.30", "unknown flag: --audit\u2011log-path", "U+2011, non-breaking hyphen"),
        ("--audit-log-path =/a", "1.30", "unknown flag: --audit-log-path ", "`--audit-log-path`, without the space."),
    ],
)
def test_what_only_looks_like_a_flag(word: str, versions: str, message: str, help: str) -> None:
    (hit,) = hits("unknown_flag", subject(pod([POLICY, word]), versions))
    assert message in hit.message
    assert "Write `--audit-log-path`" in hit.help
    assert help in in_words(hit.help)[0]
    assert not hits("required_flag", subject(pod([POLICY, word]), versions), any_of=["audit-log-path"], consequence="")


def test_a_flag_that_another_takes_as_its_value() -> None:
    given = subject(pod([POLICY, "--audit-log-path", "--audit-log-maxage=30"]), "1.30")
    assert "`--audit-log-maxage` is lost" in said(hits("relative_path", given))
    assert not hits("rotation", given, **AGE)
    given = subject(pod([LOG, "--audit-policy-file", "--v=2"]), "1.30")
    assert "does not start" in said(hits("relative_path", given))


@pytest.mark.parametrize("value", ["true", "false", "0"])
def test_a_value_behind_a_flag_that_takes_none(value: str) -> None:
    (hit,) = hits("unknown_flag", subject(pod([POLICY, "--audit-log-compress", f'"{value}"', "--v=2"]), "1.30"))
    assert f'does not take any arguments, got ["{value}"]' in hit.message
    assert (hit.place.text, in_words(hit.help)[0]) == (value, f"Write `--audit-log-compress={value}`.")
    assert not hits("unknown_flag", subject(pod([POLICY, "--audit-log-compress=true", "--profiling", "false"]), "1.30"))


@pytest.mark.parametrize(
    "word", ["audit-policy.yaml", "/etc/audit-log-path=x", "x=audit-log-path", "audit", "\u2013audit"]
)
def test_other_words_are_not_taken_for_flags(word: str) -> None:
    assert not hits("unknown_flag", subject(pod([POLICY, "--v=2", word]), "1.30"))


def test_the_last_one_counts() -> None:
    assert rotation(AGE, "--audit-log-maxage=30", "--audit-log-maxage=1") == [("1", "warning")]
    assert rotation(AGE, "--audit-log-maxage=1", "--audit-log-maxage=30") == []


def test_age_says_nothing_of_a_log_that_is_never_rotated() -> None:
    assert rotation(AGE, "--audit-log-maxage=1", "--audit-log-maxsize=0", versions="1.36") == []
    assert rotation(AGE, "--audit-log-maxage=1", "--audit-log-maxsize=0", versions="1.35") == [("1", "warning")]


def test_a_range_says_for_which_versions() -> None:
    (missing,) = hits("rotation", subject(pod([POLICY, LOG]), f"1.30-1.{NEWEST}"), **AGE)
    assert missing.versions == Versions(30, 35)
    assert "up to 1.35" in missing.message
    assert "From 1.36 on the default is 366 days." in missing.message
    (never,) = hits("rotation", subject(pod([POLICY, LOG, "--audit-log-maxsize=0"]), f"1.30-1.{NEWEST}"), **SIZE)
    assert never.versions == Versions(36, NEWEST)
    assert "1.36 and later" in never.message
    (single,) = hits("rotation", subject(pod([POLICY, LOG]), "1.30"), **AGE)
    assert single.versions is None


def test_what_the_distribution_sets_counts() -> None:
    given = subject(pod([POLICY, LOG]), "1.30")
    given.server = given.server._replace(defaults={"audit-log-maxage": "30"})
    assert hits("rotation", given, **AGE) == []
    given.server = given.server._replace(defaults={"audit-log-maxage": "7"})
    assert "set by the distribution" in said(hits("rotation", given, **AGE))


def test_a_part_is_not_blamed_for_what_it_does_not_show() -> None:
    part = subject("spec: {containers: [{command: [kube-apiserver, --audit-log-maxage=7]}]}", "1.30")
    assert brief(hits("rotation", part, **AGE)) == [("7", "warning")]
    assert hits("rotation", part, **BACKUP) == []
    assert hits("required_flag", part, **REQUIRED) == []


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([LOG], [("kube-apiserver", "")]),
        ([LOG, "--audit-policy-file="], [("--audit-policy-file=", "")]),
        ([LOG, POLICY], []),
        ([LOG, "--audit_policy_file", "/x"], []),
        ([LOG, "--audit-policy-file"], []),
        ([LOG, "--x=--audit-policy-file=/x"], [("kube-apiserver", "")]),
        ([LOG, "-audit-policy-file=/x"], []),  # unknown-audit-flag reports it
        ([LOG, "--audit-policy=/x"], []),
        ([LOG, "--policy-file=/x"], []),
        ([LOG, "--authorization-policy-file=/x"], [("kube-apiserver", "")]),
    ],
)
def test_required_flag(flags: list[str], expected: list[tuple[str, str]]) -> None:
    assert brief(hits("required_flag", subject(pod(flags)), **REQUIRED)) == expected


def test_required_flag_depends_on_others() -> None:
    backend = {"any_of": ["audit-log-path", "audit-webhook-config-file"], "consequence": ""}
    assert hits("required_flag", subject(pod([LOG])), **backend, when=["audit-policy-file"]) == []
    assert hits("required_flag", subject(pod(["--audit-webhook-config-file=/x"])), **backend) == []
    assert hits("required_flag", subject(pod([POLICY])), **backend, unless=["audit-policy-file"]) == []
    (hit,) = hits("required_flag", subject(pod([POLICY])), **backend, idle=["audit-policy-file"])
    assert hit.related[0].place.text == POLICY


@pytest.mark.parametrize(
    ("flags", "versions", "expected"),
    [
        (["--audit-log-maxage=30d"], "1.30", ["30d"]),
        (["--audit-log-maxage="], "1.30", [""]),
        (["--audit-log-maxage"], "1.30", ["--audit-log-maxage"]),
        (["--audit-log-maxage=30d", "--audit-log-maxage=30"], "1.30", ["30d"]),
        (["--audit-log-maxage=-1"], "1.30", ["-1"]),
        (["--audit-log-maxage", "--audit-log-maxsize=1"], "1.30", ["--audit-log-maxsize=1"]),
        (["--audit-log-mode=Batch"], "1.30", ["Batch"]),
        (["--audit-log-mode=blocking-strict"], "1.12", ["blocking-strict"]),
        (["--audit-log-format=text"], "1.30", ["text"]),
        (["--audit-log-compress=yes"], "1.30", ["yes"]),
        (["--audit-webhook-batch-max-wait=5"], "1.30", ["5"]),
        (["--audit-webhook-mode=async"], "1.30", []),
        (["--audit-webhook-config-file=/x", "--audit-webhook-mode=async"], "1.30", ["async"]),
        (["--audit-log-version=audit.k8s.io/v1beta1"], "1.23", []),
        (["--audit-log-version=audit.k8s.io/v1beta1"], "1.23-1.24", ["audit.k8s.io/v1beta1"]),
        (["--audit-log-maxage=__DAYS__"], "1.30", []),
        (["--audit-log-maxage=30", "--audit-log-mode=batch", "--audit-log-compress"], "1.30", []),
        (["--v=x", "--audit-log-maxagex=30d"], "1.30", []),
    ],
)
def test_invalid_values(flags: list[str], versions: str, expected: list[str]) -> None:
    found = hits("flag_values", subject(pod([POLICY, LOG, *flags]), versions))
    assert [hit.place.text for hit in found] == expected


def test_the_message_is_kube_apiservers() -> None:
    message = said(hits("flag_values", subject(pod([POLICY, LOG, "--audit-log-maxage=30d"]), "1.30")))
    assert message == (
        'kube-apiserver 1.30 does not start: invalid argument "30d" for "--audit-log-maxage" flag: '
        'strconv.ParseInt: parsing "30d": invalid syntax'
    )


@pytest.mark.parametrize(
    ("flag", "help"),
    [
        ("--audit-log-maxage=30d", "Write the number alone: `--audit-log-maxage=30`."),
        ("--audit-log-maxsize=100MB", "Write the number alone: `--audit-log-maxsize=100`."),
        ("--audit-log-maxage=month", "Write a whole number, such as `--audit-log-maxage=30`."),
        ("--audit-webhook-initial-backoff=5", "Write the unit: `--audit-webhook-initial-backoff=5s`."),
        ("--audit-log-compress=yes", "Write `--audit-log-compress=true` or `--audit-log-compress=false`."),
        ("--audit-log-mode=Batch", "Write `--audit-log-mode=batch`."),
        ("--audit-log-format=text", "Write one of `legacy`, `json`."),
    ],
)
def test_mends_of_values(flag: str, help: str) -> None:
    (hit,) = hits("flag_values", subject(pod([POLICY, LOG, flag]), "1.30"))
    assert in_words(hit.help)[0] == help


@pytest.mark.parametrize(
    ("flag", "underlined", "error", "help"),
    [
        ("--audit-log-max-age=30", "--audit-log-max-age", "unknown flag: --audit-log-max-age", "--audit-log-maxage"),
        ("--audit-log-maxage 30", "--audit-log-maxage 30", "unknown flag: --audit-log-maxage 30", "maxage=30"),
        ("--audit-log-maxage-typo=99", "--audit-log-maxage-typo", "unknown flag: --audit-log-maxage-typo", "Remove"),
        (
            "-audit-log-maxage=1",
            "-audit-log-maxage",
            "shorthand flag: 'a' in -audit-log-maxage=1",
            "--audit-log-maxage",
        ),
        (
            "---audit-log-maxage=1",
            "---audit-log-maxage",
            "bad flag syntax: ---audit-log-maxage=1",
            "--audit-log-maxage",
        ),
        ("--adit-log-path=/x", "--adit-log-path", "unknown flag: --adit-log-path", "--audit-log-path"),
        ("--AUDIT-LOG-PATH=/x", "--AUDIT-LOG-PATH", "unknown flag: --AUDIT-LOG-PATH", "--audit-log-path"),
        ("--audit-logpath=/x", "--audit-logpath", "unknown flag: --audit-logpath", "--audit-log-path"),
    ],
)
def test_unknown_flags(flag: str, underlined: str, error: str, help: str) -> None:
    (hit,) = hits("unknown_flag", subject(pod([flag])))
    assert hit.place.text == underlined
    assert hit.message.endswith(error)
    assert help in in_words(hit.help)[0]


@pytest.mark.parametrize(
    "flag",
    [POLICY, "--audit_log_path=/x", "--authorization-webhook-config-file=/x", "--log-file=/x", "--log-dir=/x", "-v=2"],
)
def test_flags_that_are_known(flag: str) -> None:
    assert hits("unknown_flag", subject(pod([flag]))) == []


@pytest.mark.parametrize(
    ("flag", "versions", "underlined", "part"),
    [
        ("--audit-dynamic-configuration", "1.30", "--audit-dynamic-configuration", None),
        ("--audit-dynamic-configuration", "1.17-1.20", "--audit-dynamic-configuration", Versions(19, 20)),
        ("--audit-log-compress", "1.19", "--audit-log-compress", None),
        (
            "--feature-gates=A=true,AdvancedAuditing=true",
            f"1.24-1.{NEWEST}",
            "AdvancedAuditing=true",
            Versions(28, NEWEST),
        ),
        ("--feature-gates=DynamicAuditing=true", "1.19", "DynamicAuditing=true", None),
    ],
)
def test_flags_that_a_version_lacks(flag: str, versions: str, underlined: str, part: Versions | None) -> None:
    (hit,) = hits("flag_version", subject(pod([flag]), versions))
    assert (hit.place.text, hit.versions) == (underlined, part)


@pytest.mark.parametrize(("flag", "versions"), [(POLICY, "1.10"), ("--feature-gates=AdvancedAuditing=true", "1.20")])
def test_flags_that_a_version_has(flag: str, versions: str) -> None:
    assert hits("flag_version", subject(pod([flag]), versions)) == []


def test_repeated_flags() -> None:
    given = subject(pod([*ROTATION, "--audit-log-maxage=1", "--v=1", "--v=2", "--audit_log_maxsize=100"]))
    assert brief(hits("repeated_flag", given)) == [("--audit-log-maxage=30", ""), ("--audit-log-maxsize=100", "info")]


def test_settings() -> None:
    params = {"settings": {"audit-log-format": ["legacy"]}, "when": {"audit-log-format": "audit-log-path"}}
    for flags, expected in (
        ([LOG, "--audit-log-format=legacy"], [("legacy", "")]),
        ([LOG, "--audit-log-format=json"], []),
        (["--audit-log-format=legacy"], []),
    ):
        assert brief(hits("flag_setting", subject(pod(flags)), **params, consequence="x")) == expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--audit-policy-file=policy.yaml"], ["policy.yaml"]),
        (["--audit-log-path=log/audit.log"], ["log/audit.log"]),
        (["--audit-log-path=-", "--audit-policy-file=/x", "--audit-webhook-config-file=$(DIR)/x"], []),
        (["--audit-log-path=-x"], ["-x"]),
        (["--audit-log-path", "--audit-log-maxage=30"], ["--audit-log-maxage=30"]),
    ],
)
def test_relative_paths(flags: list[str], expected: list[str]) -> None:
    assert [hit.place.text for hit in hits("relative_path", subject(pod(flags)))] == expected


@pytest.mark.parametrize(
    ("flags", "rate", "expected"),
    [
        (ROTATION, 1000, "that is 1.1 days, not 30 days"),
        (ROTATION, 24000, "that is one hour, not 30 days"),
        (ROTATION, 36, None),
        (("--audit-log-maxage=30", "--audit-log-maxbackup=100", "--audit-log-maxsize=500"), 1000, None),
        (("--audit-log-maxage=30", "--audit-log-maxbackup=0", "--audit-log-maxsize=100"), 1000, None),
        (("--audit-log-maxage=30", "--audit-log-maxbackup=9"), 1000, "that is one day, not 30 days"),
        (("--audit-log-maxbackup=9", "--audit-log-maxsize=100"), 1000, None),
    ],
)
def test_retention(flags: tuple[str, ...], rate: int, expected: str | None) -> None:
    found = hits("retention", subject(pod([LOG, *flags]), "1.30"), log_rate=rate / 1000)
    assert bool(found) == (expected is not None)
    assert expected is None or expected in said(found)
