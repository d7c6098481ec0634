"""Every example of every rule, run as a user would run it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import catalogue_files  # noqa: E402 (scripts are no package)

from kube_audit_lint.catalogue.rule import Catalogue, profile_of, rule_of  # noqa: E402
from kube_audit_lint.model.finding import Finding  # noqa: E402
from kube_audit_lint.model.version import parse_versions  # noqa: E402
from kube_audit_lint.pipeline.config import load_config  # noqa: E402
from kube_audit_lint.pipeline.options import Options  # noqa: E402
from kube_audit_lint.pipeline.run import run  # noqa: E402

# From the rule files, so that a stale index is one failure and not two hundred.
RULES = {data["id"]: data for data in catalogue_files.rules()}
CATALOGUE = Catalogue(
    {id: rule_of(data) for id, data in RULES.items()},
    {data["id"]: profile_of(data) for data in catalogue_files.profiles()},
)
EXAMPLES = [
    pytest.param(id, example, id=f"{id}-{'bad' if 'bad' in example else 'good'}-{number}")
    for id, data in RULES.items()
    for number, example in enumerate(data["examples"], 1)
]


def _main_file(rule: dict[str, Any], example: dict[str, Any], text: str) -> str:
    if "file" in example:
        return str(example["file"])
    policy = rule["subject"] == "policy" or (rule["subject"] == "file" and "kind: Policy" in text)
    return "audit-policy.yaml" if policy else "kube-apiserver.yaml"


def _findings(id: str, example: dict[str, Any], main: str) -> list[Finding]:
    """What the rule alone says in the working directory."""
    versions = parse_versions(example["kubernetes"]) if "kubernetes" in example else None
    # What comments suppress is only known when the other rules speak, too; and to select a rule turns it on.
    by_profile = RULES[id].get("opt-in") and any("profile" in one for one in RULES[id]["examples"])
    alone = RULES[id]["category"] != "meta" and not by_profile
    select = (id,) if alone else ()
    embedded = main.endswith((".sh", ".md", ".tf"))
    options = Options((".", main), versions, example.get("profile", ""), select, embedded=embedded)
    report = run(options, load_config(), CATALOGUE).report
    assert report.errors == ()
    assert [one.message for one in report.findings if one.rule == "internal-error"] == []
    return [one for one in report.findings if one.rule == id]


def _is_sentence(text: str) -> bool:
    """Whether it begins as a sentence and ends as one, or as the YAML that a sentence announced."""
    return not text[:1].islower() and (text.endswith(".") or "\n\n    " in text)


def _seen(finding: Finding, keys: dict[str, Any]) -> dict[str, Any]:
    place = finding.place
    seen = {
        "file": place.source.path,
        "line": place.source.position(place.start)[0],
        "severity": finding.severity,
        "text": place.text,
    }
    return {key: seen[key] for key in seen if key in keys}


@pytest.mark.parametrize(("id", "example"), EXAMPLES)
def test_example(id: str, example: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = example["bad"] if "bad" in example else example["good"]
    main = _main_file(RULES[id], example, text)
    folder = Path(main).parent
    beside = {str(folder / name): content for name, content in example.get("files", {}).items()}
    for name, content in {main: text, **beside}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    monkeypatch.chdir(tmp_path)
    findings = _findings(id, example, main)
    files = [str(folder / one["file"]) if "file" in one else main for one in example.get("expect", ())]
    expected = [{**one, "file": file} for one, file in zip(example.get("expect", ()), files, strict=True)]
    keys = expected[0] if expected else dict.fromkeys(("file", "line", "severity", "text"))
    assert [_seen(one, keys) for one in findings] == sorted(expected, key=lambda one: (one["file"], one["line"]))
    assert [one.help for one in findings if not _is_sentence(one.help)] == []
