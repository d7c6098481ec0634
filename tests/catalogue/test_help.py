"""Advice that is an edit is applied literally: the finding is gone, and nothing of warning or above is new.

Over every bad example of the rules about policies and flags. What is no single edit (`Move …`, `Put a rule …`) is left
to its reader: NOT_ONE_EDIT lists those examples, so that advice which stops being an edit is seen.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import catalogue_files  # noqa: E402 (scripts are no package)

from kube_audit_lint.catalogue.shipped import shipped  # noqa: E402
from kube_audit_lint.model.finding import Finding  # noqa: E402
from kube_audit_lint.model.version import parse_versions  # noqa: E402
from kube_audit_lint.pipeline.config import load_config  # noqa: E402
from kube_audit_lint.pipeline.options import Options  # noqa: E402
from kube_audit_lint.pipeline.run import run  # noqa: E402

NOT_ONE_EDIT = """
    invalid-group-2 invalid-level-2 invalid-level-4 invalid-stage-2 invalid-url-2 names-without-resources-1
    no-rules-1 no-rules-2 no-rules-4 no-rules-5 policy-unreadable-1 policy-unreadable-2 policy-unreadable-3
    unsupported-api-version-3 unsupported-api-version-5 urls-with-resources-1 urls-with-resources-2
    wrong-type-2 wrong-type-3 wrong-type-4 wrong-type-5 wrong-type-6 duplicate-key-1 duplicate-key-2
    duplicate-key-3 duplicate-key-4 field-not-in-version-1 ignored-document-1 literal-wildcard-1
    literal-wildcard-3 literal-wildcard-4 literal-wildcard-5 name-never-sent-1 redundant-omit-stages-1
    removed-user-1 unknown-field-3 unknown-field-6 unknown-resource-1 unknown-resource-4 unknown-verb-1
    unknown-verb-4 unknown-verb-5 user-is-a-group-2 redundant-rule-1 unreachable-entry-1 unreachable-entry-2
    unreachable-rule-1 unreachable-rule-2 unreachable-rule-3 unreachable-rule-4 blind-spot-1 blind-spot-2
    blind-spot-3 configmaps-above-metadata-2 failed-authentication-unlogged-1 noisy-bodies-1
    nothing-recorded-1 nothing-recorded-2 stage-omitted-1 stage-omitted-2 stig-everything-requestresponse-1
    stig-everything-requestresponse-2 blocking-strict-1 flag-not-in-version-1 flag-not-in-version-2
    flag-not-in-version-3 invalid-flag-value-1 invalid-flag-value-2 invalid-flag-value-3 invalid-flag-value-4
    invalid-flag-value-6 invalid-flag-value-7 log-format-legacy-1 no-audit-backend-1 no-audit-backend-2
    no-audit-policy-1 no-audit-policy-2 no-audit-policy-3 no-log-path-1 relative-path-1 relative-path-2
    repeated-flag-1 repeated-flag-2 unknown-audit-flag-2 unknown-audit-flag-4 log-directory-not-mounted-1
    log-directory-not-mounted-2 log-file-mounted-1 log-file-mounted-2 log-mount-read-only-1
    log-mount-read-only-2 log-on-ephemeral-volume-1 log-on-ephemeral-volume-2 mount-path-twice-1
    policy-host-path-type-3 policy-mount-writable-1 policy-mount-writable-2 policy-not-mounted-1
    policy-not-mounted-2 policy-not-mounted-3 volume-missing-1 webhook-config-not-mounted-1
    ack-log-variables-1 ack-log-variables-5 placeholder-1 placeholder-2 placeholder-3 placeholder-4
"""
"""Examples whose advice is for a reader: several edits, a choice, or what only its author knows."""
REVEALED = {
    # With the right name the rule does what its author meant, and that is a finding of its own in these examples.
    "literal-wildcard": {"blind-spot"},
    "unknown-field": {"blind-spot"},
    "unknown-resource": {"blind-spot"},
    "user-is-a-group": {"blind-spot"},
    "unknown-verb": {"configmaps-above-metadata", "secrets-above-metadata"},
}
"""What only the mistake kept from being reported, by the rule that is put right."""
CASES = [
    pytest.param(data, example, id=f"{data['id']}-{number}")
    for data in catalogue_files.rules()
    for number, example in enumerate(data["examples"], 1)
    if "bad" in example and "file" not in example and "files" not in example and data["subject"] in ("policy", "server")
]


def _findings(id: str, example: dict[str, Any], text: str, name: str) -> list[Finding]:
    Path(name).write_bytes(text.encode("utf-8", "surrogateescape"))
    versions = parse_versions(example["kubernetes"]) if "kubernetes" in example else None
    found = run(Options((name,), versions, example.get("profile", ""), pedantic=True), load_config(), shipped())
    return [one for one in found.report.findings if one.severity != "info" or one.rule == id]


def edited(text: str, finding: Finding) -> str | None:
    """The text with the advice applied; None where it is no single edit."""
    start, end = finding.place.start, finding.place.end
    if end_with := re.match(r"End the rules with one .*?: `(- level: Metadata)`\.", finding.help):
        return f"{text.rstrip()}\n{end_with[1]}\n"
    if beside := re.match(r"Write `([^`]+)` beside `rules`\.", finding.help):
        return text.replace("\nrules:", f"\n{beside[1]}\nrules:")
    if instead := re.match(r"Write `([^`]+)` in place of `users`\.", finding.help):
        return re.sub(r"users: [^\n]*", lambda _: instead[1], text, count=1)
    if rule := re.match(
        r"Put a rule with `(level: \w+)` for (`[^(]*`) \((?:core group|group `([^`]+)`)\) in front", finding.help
    ):
        names = ", ".join(re.findall("`([^`]+)`", rule[2]))
        new = f'- {rule[1]}\n  resources: [{{group: "{rule[3] or ""}", resources: [{names}]}}]\n'
        at = text.rfind("\n- ", 0, start) + 1
        return text[:at] + new + text[at:]
    advice = re.match(r"(Write|Add) `([^`]+)`(?=[.;]| or more\.)", finding.help)
    if advice is None:
        return None
    verb, new = advice.groups()
    if new.startswith("--"):
        return _with_flag(text, verb, new, start, end)
    return _with_value(text, new, start, end) if verb == "Write" else None


def _with_value(text: str, new: str, start: int, end: int) -> str | None:
    """A value, or a key with its value, written in place of what stands there."""
    key, colon, value = new.partition(": ")
    old = text[start:end]
    line = text[text.rfind("\n", 0, start) + 1 : start]
    if colon and old != key and re.search(rf"{re.escape(key)}:\s*\Z", line):
        return text[:start] + value + text[end:]
    if colon and re.match(rf"{re.escape(key)}:", old):
        return text[:start] + new + text[end:]
    return None if colon else text[:start] + new + text[end:]


def _with_flag(text: str, verb: str, new: str, start: int, end: int) -> str | None:
    """A flag written in place of the one that stands there, or behind the program's name."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    line = text[first:last]
    item = re.match(r"(\s*- )(.*)", line)
    if item is None:
        return None
    if verb == "Add":
        return f"{text[: last + 1]}{item[1]}{new}\n{text[last + 1 :]}"
    if "=" not in new:
        return text[:start] + new + text[end:]
    return f"{text[:first]}{item[1]}{new}{text[last:]}"


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_the_advice_of_an_example(
    rule: dict[str, Any],
    example: dict[str, Any],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "audit-policy.yaml" if rule["subject"] == "policy" else "kube-apiserver.yaml"
    before = _findings(rule["id"], example, example["bad"], name)
    finding = next((one for one in before if one.rule == rule["id"]), None)
    if finding is None:
        return  # it yields to another finding, whose advice is followed there
    text = edited(example["bad"], finding)
    assert (text is None) == (request.node.callspec.id in NOT_ONE_EDIT.split())
    if text is None:
        return
    after = _findings(rule["id"], example, text, name)
    new = Counter(one.rule for one in after) - Counter(one.rule for one in before)
    left = [one for one in after if one.rule == rule["id"]]
    assert len(left) < len([one for one in before if one.rule == rule["id"]])
    assert set(new) <= REVEALED.get(rule["id"], set())
