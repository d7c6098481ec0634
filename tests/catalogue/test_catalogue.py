"""The catalogue: every rule file is whole, its check takes its parameters, and what is generated is fresh."""

from __future__ import annotations

import json
import os
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import build_catalogue  # noqa: E402 (scripts are no package)
import build_docs  # noqa: E402
import catalogue_files  # noqa: E402

from kube_audit_lint.catalogue import rule as rule_module  # noqa: E402
from kube_audit_lint.catalogue import shipped as shipped_module  # noqa: E402
from kube_audit_lint.model.version import parse_versions  # noqa: E402

PACKAGE = ROOT / "lint" / "kube_audit_lint"
RULES = {data["id"]: data for data in catalogue_files.rules()}
PROFILES = {data["id"]: data for data in catalogue_files.profiles()}
FILES = sorted((ROOT / "rules").glob("*.yaml"))
# No short policy is undecidable (tests/analysis/test_limits.py), and no rule is known to fail (tests/test_engine.py).
# Only `diff` knows what a change weakens (tests/commands/test_weakened.py).
NO_BAD_EXAMPLE = {"undecided", "internal-error", "configuration-weakened"}
CHECKS = sorted(path.stem for path in (PACKAGE / "checks").glob("*.py") if not path.stem.startswith("_"))


def _schema(name: str) -> Any:
    return json.loads((PACKAGE / "schemas" / name).read_text("utf-8"))


@cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(_schema(name))
    return jsonschema.Draft202012Validator(_schema(name))


def _template(check: str) -> Any:
    return import_module(f"kube_audit_lint.checks.{check.replace('-', '_')}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestRule:
    def test_fits_the_schema(self, path: Path) -> None:
        _validator("rule.schema.json").validate(RULES[path.stem])

    def test_is_whole(self, path: Path) -> None:
        rule = RULES[path.stem]
        assert rule["category"] in catalogue_files.CATEGORIES
        assert rule["why"]
        assert rule["help"]
        assert path.stem in NO_BAD_EXAMPLE or any("bad" in example for example in rule["examples"])
        assert any("good" in example for example in rule["examples"])
        assert not any("bad" in example and "good" in example for example in rule["examples"])

    def test_its_check_takes_its_parameters(self, path: Path) -> None:
        rule = RULES[path.stem]
        if rule["subject"] == "file":  # the engine itself speaks for these
            assert not rule.get("params")
            return
        template = _template(rule["check"])
        assert rule["subject"] == template.SUBJECT
        jsonschema.validate(rule.get("params") or {}, template.PARAMS, jsonschema.Draft202012Validator)

    def test_its_examples_name_what_exists(self, path: Path) -> None:
        for example in RULES[path.stem]["examples"]:
            assert example.get("profile", "default") in PROFILES
            assert "kubernetes" not in example or parse_versions(example["kubernetes"])
            names = {expected["file"] for expected in example.get("expect", ()) if "file" in expected}
            assert names <= example.get("files", {}).keys()

    def test_its_versions_are_read_as_they_are_meant(self, path: Path) -> None:
        text = RULES[path.stem].get("kubernetes", "")
        versions = rule_module.rule_of(RULES[path.stem]).versions
        if text:
            first, dash, last = text.partition("-")
            assert versions.first == (int(first[2:]) if first else rule_module.ALL.first)
            assert versions.last == (int(last[2:]) if last else rule_module.ALL.last if dash else versions.first)


def test_titles_are_unique() -> None:
    titles = [rule["title"] for rule in RULES.values()]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_a_rule_and_a_schema_that_is_understood(check: str) -> None:
    assert any(rule["check"].replace("-", "_") == check for rule in RULES.values())
    schema = _template(check).PARAMS
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("id", PROFILES)
def test_profiles_set_what_exists(id: str) -> None:
    profile = PROFILES[id]
    assert (ROOT / "rules" / "profiles" / f"{id}.yaml").exists()
    jsonschema.validate(profile, _schema("profile.schema.json"), jsonschema.Draft202012Validator)
    for rule_id, setting in profile["rules"].items():
        rule = RULES[rule_id]
        if isinstance(setting, dict):
            params = {**(rule.get("params") or {}), **{key: one for key, one in setting.items() if key != "severity"}}
            jsonschema.validate(params, _template(rule["check"]).PARAMS, jsonschema.Draft202012Validator)


class TestGenerated:
    def test_the_index_is_fresh(self) -> None:
        wanted = build_catalogue.wanted()
        assert build_catalogue.COMPILED in wanted
        for path, text in wanted.items():
            assert path.read_text("utf-8") == text, "run python scripts/build_catalogue.py"

    @pytest.mark.slow
    def test_the_pages_are_fresh(self) -> None:
        wanted = build_docs.wanted()
        assert {
            ROOT / "docs" / "rules" / "README.md",
            *(ROOT / "docs" / "rules" / f"{id}.md" for id in RULES),
        } <= wanted.keys()
        for path, text in wanted.items():
            assert path.exists(), "run python scripts/build_docs.py"
            assert path.read_text("utf-8") == text, f"{path.name}: run python scripts/build_docs.py"
        assert build_docs.gone() == []

    def test_a_run_reads_the_whole_index(self) -> None:
        shipped_module.shipped.cache_clear()
        catalogue = shipped_module.shipped()
        assert list(catalogue.rules) == list(RULES)
        assert catalogue.rules == {id: rule_module.rule_of(data) for id, data in RULES.items()}
        assert catalogue.profiles.keys() == PROFILES.keys()

    def test_links_of_the_pages_lead_somewhere(self) -> None:
        pages = list((ROOT / "docs" / "rules").glob("*.md"))
        assert len(pages) > len(RULES)
        for page in pages:
            text = re.sub(r"^(`{3,}).*?^\1", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
            for target in re.findall(r"\]\(([^)#:]+)\)", text):
                assert (page.parent / target).exists(), f"{page.name}: {target}"

    @pytest.mark.parametrize("script", [build_catalogue, build_docs])
    def test_check_tells_what_is_stale(
        self, script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(catalogue_files, "ROOT", tmp_path)
        wanted = {tmp_path / "a" / "page.md": "text\n"}
        assert catalogue_files.bring_up_to_date(wanted, "x.py", check=True) == 1
        assert "page.md is stale: run python scripts/x.py" in capsys.readouterr().err
        assert catalogue_files.bring_up_to_date(wanted, "x.py", check=False) == 0
        assert catalogue_files.bring_up_to_date(wanted, "x.py", check=True) == 0


def test_the_packages_listed_are_those_on_the_disk() -> None:
    tomllib = pytest.importorskip("tomllib")
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    found = ["kube_audit_lint.rules"]
    for folder, _, names in os.walk(PACKAGE):
        if "__init__.py" in names:
            found.append(os.path.relpath(folder, PACKAGE.parent).replace(os.sep, "."))
    assert sorted(listed) == sorted(found)
