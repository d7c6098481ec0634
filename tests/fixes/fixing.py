"""What the tests of fixes share: the rules' examples with what becomes of them, and a run that fixes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import catalogue_files  # noqa: E402 (scripts are no package)

from kube_audit_lint.catalogue.rule import Catalogue, profile_of, rule_of  # noqa: E402
from kube_audit_lint.model.version import parse_versions  # noqa: E402
from kube_audit_lint.pipeline.config import load_config  # noqa: E402
from kube_audit_lint.pipeline.fixing import Fixed, fixed  # noqa: E402
from kube_audit_lint.pipeline.options import Options  # noqa: E402

RULES = {data["id"]: data for data in catalogue_files.rules()}
CATALOGUE = Catalogue(
    {id: rule_of(data) for id, data in RULES.items()},
    {data["id"]: profile_of(data) for data in catalogue_files.profiles()},
)
FIXABLE = {id: data for id, data in RULES.items() if data.get("fix")}


class Case(NamedTuple):
    """An example of a rule with what `--fix` (or with `unsafe`, `--unsafe-fixes`) makes of it."""

    rule: str
    example: dict[str, Any]
    number: int

    @property
    def name(self) -> str:
        """The file that it is written to."""
        if "file" in self.example:
            return str(self.example["file"])
        subject = RULES[self.rule]["subject"]
        policy = subject == "policy" or (subject == "file" and "kind: Policy" in self.example["bad"])
        return "audit-policy.yaml" if policy else "kube-apiserver.yaml"

    @property
    def unsafe(self) -> bool:
        return bool(self.example.get("unsafe"))

    def __str__(self) -> str:
        return f"{self.rule}-{self.number}"


CASES = [
    Case(id, example, number)
    for id, data in FIXABLE.items()
    for number, example in enumerate(data["examples"], 1)
    if "fixed" in example
]


def write(case: Case, content: bytes, name: str = "") -> None:
    """The file of a case with some content, and those beside it."""
    main = Path(name or case.name)
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_bytes(content)
    for other, text in case.example.get("files", {}).items():
        path = main.parent / other
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def run(case: Case, name: str = "", unsafe: bool | None = None) -> Fixed:
    """Fixes what the rule of a case finds in the working directory, in memory."""
    versions = parse_versions(case.example["kubernetes"]) if "kubernetes" in case.example else None
    select = () if RULES[case.rule]["category"] == "meta" else (case.rule,)
    options = Options((name or case.name,), versions, case.example.get("profile", ""), select)
    return fixed(options, load_config(), CATALOGUE, lambda count: None, case.unsafe if unsafe is None else unsafe)


def after(case: Case, content: bytes, name: str = "") -> bytes:
    """What becomes of a file with some content."""
    write(case, content, name)
    found = {one.path: one.after for one in run(case, name).changes}
    return found.get(name or case.name, content)
