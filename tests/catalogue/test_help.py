"""Advice that is an edit is applied literally: the finding is gone, and nothing of warning or above is new.

Over every bad example of every rule, with the files beside it. What is no single edit (`Move …`, `Put a rule …`) is
followed by hand in followed.py, or by the example's own `fixed`.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(Path(__file__).parent)]

import catalogue_files  # noqa: E402 (scripts are no package)
from followed import BESIDE, END, FOLLOWED, NO_EDIT, Edits  # noqa: E402

from kube_audit_lint.catalogue.shipped import shipped  # noqa: E402
from kube_audit_lint.model.finding import Finding  # noqa: E402
from kube_audit_lint.model.version import parse_versions  # noqa: E402
from kube_audit_lint.pipeline.config import load_config  # noqa: E402
from kube_audit_lint.pipeline.options import Options  # noqa: E402
from kube_audit_lint.pipeline.run import run  # noqa: E402

REVEALED = {
    # With the right name the rule does what its author meant, and that is a finding of its own in these examples.
    "literal-wildcard": {"blind-spot"},
    "literal-wildcard-1": {
        *("configmaps-above-metadata", "secrets-above-metadata", "tokens-above-metadata", "unreachable-rule"),
    },
    "invalid-level": {"blind-spot"},
    "policy-unreadable": {"blind-spot"},
    "urls-with-resources": {"blind-spot"},
    "unknown-field": {"blind-spot"},
    "unknown-resource-2": {"blind-spot"},
    "typographic-quotes-2": {"log-maxage", "log-maxbackup", "log-directory-not-mounted", "policy-not-mounted"},
    "pod-refused-3": {"policy-host-path-type"},
    "unknown-verb": {"configmaps-above-metadata", "secrets-above-metadata"},
}
"""What only the mistake kept from being reported, by the rule that is put right, or by the example."""
CASES = [
    # Of each rule the first bad example is fast.
    pytest.param(data, example, id=f"{data['id']}-{number}", marks=[pytest.mark.slow] if others else [])
    for data in catalogue_files.rules()
    for others, (number, example) in enumerate(
        (number, one) for number, one in enumerate(data["examples"], 1) if "bad" in one
    )
]


OPT_IN = {data["id"]: bool(data.get("opt-in")) for data in catalogue_files.rules()}


def _name(rule: dict[str, Any], example: dict[str, Any]) -> str:
    """What the example's file is called."""
    policy = rule["subject"] == "policy" or (rule["subject"] == "file" and "kind: Policy" in example["bad"])
    return str(example.get("file", "audit-policy.yaml" if policy else "kube-apiserver.yaml"))


def _findings(
    id: str, example: dict[str, Any], text: str, name: str, beside: Mapping[str, str | None] = MappingProxyType({})
) -> list[Finding]:
    """What is found about an example with this text, and these files in place of those beside it; None is no file."""
    files = {str(Path(name).parent / one): content for one, content in example.get("files", {}).items()}
    for path, content in {name: text, **files, **beside}.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            Path(path).unlink()
        else:
            Path(path).write_bytes(content.encode("utf-8", "surrogateescape"))
    versions = parse_versions(example["kubernetes"]) if "kubernetes" in example else None
    select = () if "profile" in example or not OPT_IN[id] else (id,)
    paths = (".", name)
    found = run(Options(paths, versions, example.get("profile", ""), select, pedantic=True), load_config(), shipped())
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


def by_hand(example: dict[str, Any], id: str) -> str:
    """The text after following advice that is more than one edit."""
    if id in FOLLOWED:
        return with_edits(example["bad"], FOLLOWED[id])
    return str(example["bad"] if id in BESIDE else example["fixed"])


def with_edits(text: str, edits: Edits) -> str:
    """The text after some edits."""
    for old, new in edits:
        if old == END:
            text = f"{text.rstrip()}\n{new}"
        else:
            assert old in text
            text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_the_advice_of_an_example(
    rule: dict[str, Any],
    example: dict[str, Any],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    name = _name(rule, example)
    before = _findings(rule["id"], example, example["bad"], name)
    finding = next((one for one in before if one.rule == rule["id"]), None)
    if finding is None:
        return  # it yields to another finding, whose advice is followed there
    id = request.node.callspec.id
    folder = Path(name).parent
    texts = {str(folder / one): content for one, content in example.get("files", {}).items()}
    beside = {
        path: None if edits is None else with_edits(texts[path], edits) for path, edits in BESIDE.get(id, {}).items()
    }
    text = None if beside or finding.place.source.path != name else edited(example["bad"], finding)
    assert (id in FOLLOWED) <= (text is None)
    if id in NO_EDIT.split():
        assert text is None
        return
    if text is None:
        text = by_hand(example, id)
    after = _findings(rule["id"], example, text, name, beside)
    new = Counter(one.rule for one in after) - Counter(one.rule for one in before)
    left = [one for one in after if one.rule == rule["id"]]
    assert len(left) < len([one for one in before if one.rule == rule["id"]])
    assert set(new) <= REVEALED.get(rule["id"], set()) | REVEALED.get(id, set())
