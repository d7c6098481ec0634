"""What reports say of rules, from the catalogue."""

from __future__ import annotations

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.report import RuleInfo
from kube_audit_lint.report.pages import page_of


def rule_infos(catalogue: Catalogue) -> dict[str, RuleInfo]:
    """All rules, the shipped ones with their pages."""
    own = shipped().rules
    return {
        rule.id: RuleInfo(
            rule.id,
            rule.title,
            rule.severity,
            rule.why,
            rule.help,
            rule.standards,
            rule.search,
            page_of(rule.id) if rule.id in own else "",
        )
        for rule in catalogue.rules.values()
    }
