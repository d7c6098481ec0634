"""Templates of policies, made at random, against all that they may become: each way to fill one is checked by itself.

What is reported of the template holds in every filling that has what it is about; what is found in all fillings is
reported of the template. Findings are compared before one of a place yields to another: which yields depends on the
filling.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from kube_audit_lint import Options, Report, lint
from kube_audit_lint.model.finding import SEVERITIES
from kube_audit_lint.pipeline import folding

VALUES = {
    "level": ("None", "Metadata", "Request", "RequestResponse"),
    "users": ("jane", "system:kube-proxy", "kube-admin", "system:apiserver"),
    "userGroups": ("system:authenticated", "system:nodes", "devs"),
    "verbs": ("get", "create", "watch", "patch"),
    "resources": ("secrets", "pods", "'*'", "configmaps"),
    "group": ("''", "apps"),
    "namespaces": ("kube-system", "shop"),
    "nonResourceURLs": ("/healthz*", "'*'", "/version"),
    "omitStages": ("RequestReceived", "Panic"),
}
"""What stands in the policies, and what unknown values are filled with."""
STYLES = {
    "policy.yaml.tpl": ("{{- if .c }}", "{{- else if .d }}", "{{- else }}", "{{- end }}", "{{ .x }}"),
    "policy.yaml.j2": ("{% if c %}", "{% elif d %}", "{% else %}", "{% endif %}", "{{ x }}"),
    "policy.yaml.erb": ("<% if c %>", "<% elsif d %>", "<% else %>", "<% end %>", "<%= x %>"),
    "policy.yaml": ("#@ if c:", "#@ elif d:", "#@ else:", "#@ end", "#@ x"),
}
MARK = re.compile(r"<(\w+)>")


class Branch(NamedTuple):
    """A block of a template, of which one arm is there, or none when it is optional."""

    arms: list[Nodes]
    optional: bool


Nodes = list["str | Branch"]
Line = tuple[int, str]


class Maker:
    """Makes policies with branches and, as `<level>`, values that are not known."""

    def __init__(self, seed: int, unknown: float) -> None:
        self.random = random.Random(seed)
        self.unknown = unknown
        self.left = (3, 2)
        """How many branches and unknown values there may still be."""

    def policy(self) -> Nodes:
        stages: Nodes = ["omitStages: [RequestReceived]"]
        chance = self.random.random()
        beside = stages if chance < 0.3 else [self.branch([stages], True)] if chance < 0.4 else []
        return [
            "apiVersion: audit.k8s.io/v1",
            "kind: Policy",
            *beside,
            "rules:",
            *self.rules(self.random.choice((2, 3, 4))),
        ]

    def branch(self, arms: list[Nodes], optional: bool) -> Branch:
        self.left = (self.left[0] - 1, self.left[1])
        return Branch(arms, optional)

    def rules(self, count: int, depth: int = 2) -> Nodes:
        found: Nodes = []
        for _ in range(count):
            if depth and self.left[0] > 0 and self.random.random() < 0.35:
                arms = self.random.choice((1, 1, 2, 2, 3))
                inner = [self.rules(self.random.choice((1, 1, 2)), depth - 1) for _ in range(arms)]
                found.append(self.branch(inner, arms == 1 or self.random.random() < 0.6))
            else:
                found += self.rule()
        return found

    def rule(self) -> Nodes:
        level = f"- level: {self.value('level')}"
        if self.random.random() < 0.3:
            return [level]
        keys = self.random.sample(sorted(set(VALUES) - {"level", "group"}), self.random.choice((1, 1, 2)))
        if {"resources", "namespaces"}.intersection(keys):
            keys = [key for key in keys if key != "nonResourceURLs"]
        lines = [line for key in keys for line in self.condition(key)]
        if self.left[0] > 0 and self.random.random() < 0.15:
            return [level, self.branch([[*lines]], True)]
        return [level, *lines]

    def condition(self, key: str) -> list[str]:
        values = [self.value(key)]
        if self.random.random() < 0.3:
            values.append(self.random.choice([one for one in VALUES[key] if one not in values]))
        if key == "resources":
            if self.random.random() < 0.2:
                return ["  resources:", f"  - group: {self.value('group')}"]
            return ["  resources:", "  - group: ''", "    resources:", *(f"    - {one}" for one in values)]
        return [f"  {key}:", *(f"  - {one}" for one in values)]

    def value(self, key: str) -> str:
        if self.left[1] > 0 and self.random.random() < self.unknown:
            self.left = (self.left[0], self.left[1] - 1)
            return f"<{key}>"
        return self.random.choice(VALUES[key])


def template(nodes: Nodes, style: tuple[str, ...]) -> Iterator[str]:
    """The lines of the template."""
    opens, elif_, else_, ends, value = style
    for one in nodes:
        if isinstance(one, str):
            yield MARK.sub(value, one)
            continue
        for at, arm in enumerate(one.arms):
            last = at == len(one.arms) - 1 and not one.optional
            yield opens if at == 0 else else_ if last else elif_
            yield from template(arm, style)
        yield ends


def numbered(nodes: Nodes, at: int = 1) -> Iterator[tuple[int, str | Branch]]:
    """The nodes with the line of the template at which each begins."""
    for one in nodes:
        yield at, one
        at += 1 if isinstance(one, str) else height(one)


def height(node: str | Branch) -> int:
    """The lines of a node in the template."""
    return (
        1 if isinstance(node, str) else len(node.arms) + 1 + sum(map(height, (one for arm in node.arms for one in arm)))
    )


def chosen(nodes: Nodes, at: int = 1) -> Iterator[list[Line]]:
    """The lines that are there, for each choice of the arms, with their numbers in the template."""
    each: list[list[list[Line]]] = []
    for line, one in numbered(nodes, at):
        if isinstance(one, str):
            each.append([[(line, one)]])
            continue
        ways: list[list[Line]] = [[]] if one.optional else []
        start = line + 1
        for arm in one.arms:
            ways += chosen(arm, start)
            start += sum(map(height, arm)) + 1
        each.append(ways)
    for parts in product(*each):
        yield [line for part in parts for line in part]


def filled(nodes: Nodes) -> Iterator[list[Line]]:
    """The lines of all policies that the template may become."""
    for lines in chosen(nodes):
        keys = [found[1] for _, text in lines for found in MARK.finditer(text)]
        for values in product(*(VALUES[key] for key in keys)):
            left = iter(values)
            yield [(line, MARK.sub(lambda found: next(left), text)) for line, text in lines]  # noqa: B023


class Found(NamedTuple):
    """What is reported of one text: severities by rule and line of the template; of a rule that is never reached, by
    its line alone, whichever rule is in front of it; and of the whole policy, without a line."""

    findings: dict[tuple[str, int], int]
    unreached: dict[int, int]


def found_in(name: str, text: str, lines: list[int]) -> Found:
    Path(name).write_text(text)
    report: Report = lint(name, Options(config=None))
    findings: dict[tuple[str, int], int] = {}
    unreached: dict[int, int] = {}
    for one in report.findings:
        severity = SEVERITIES.index(one.severity)
        line = 0 if one.rule == "nothing-recorded" else lines[one.place.line - 1]
        if one.rule == "unreachable-rule" and severity:
            behind = [lines[place.place.line - 1] for place in one.related if place.message == "never reached"]
            unreached.update(dict.fromkeys(behind or [line], severity))
        elif severity:
            findings[one.rule, line] = severity
    return Found(findings, unreached)


class Case(NamedTuple):
    text: str
    of_template: Found
    fillings: list[tuple[set[int], str, Found]]


def case_of(seed: int, unknown: float) -> Case | None:
    """A template with what is found in it and in all its fillings; None where it has too many."""
    maker = Maker(seed, unknown)
    nodes = maker.policy()
    every = [one for one in filled(nodes) if one[-1][1] != "rules:"]
    if not 1 < len(every) <= 24:
        return None
    name = maker.random.choice(list(STYLES))
    lines = list(template(nodes, STYLES[name]))
    text = "\n".join(lines) + "\n"
    of_template = found_in(name, text, list(range(1, len(lines) + 2)))
    texts = [([line for line, _ in one], "\n".join(line for _, line in one) + "\n") for one in every]
    return Case(text, of_template, [(set(kept), one, found_in("policy.yaml", one, kept)) for kept, one in texts])


def rule_of(line: int, text: str) -> int:
    """The line at which the rule begins that a line is in."""
    lines = text.splitlines()
    return max((at for at in range(1, line + 1) if lines[at - 1].startswith("- level")), default=0)


def assert_sound(case: Case) -> None:
    """What is reported of the template holds in each filling that has its line, at least as severely."""
    in_template = case.text.splitlines()
    for (rule, line), severity in case.of_template.findings.items():
        for kept, text, found in case.fillings:
            absent = line not in kept and line != 0 and not in_template[line - 1].startswith("rules")
            # In a rule that is never reached, no entry is.
            unreached = rule == "unreachable-entry" and rule_of(line, case.text) in found.unreached
            if not absent and not unreached:
                assert found.findings.get((rule, line), -1) >= severity, (rule, line, case.text, text)
    for line, severity in case.of_template.unreached.items():
        for kept, text, found in case.fillings:
            if line in kept:
                assert found.unreached.get(line, -1) >= severity, (line, case.text, text)


def assert_complete(case: Case) -> None:
    """What is found in all fillings that have its line is reported of the template, at least as severely.

    Of rules that are never reached, those that are in all fillings: one finding names all that stand behind a rule, and
    some of them may be reached.
    """
    for key in {key for *_, found in case.fillings for key in found.findings}:
        having = [found for kept, _, found in case.fillings if key[1] in kept or key[1] == 0]
        least = min(one.findings.get(key, -1) for one in having)
        assert case.of_template.findings.get(key, -1) >= least, (key, case.text)
    for line in {line for *_, found in case.fillings for line in found.unreached}:
        least = min(found.unreached.get(line, -1) for *_, found in case.fillings)
        assert case.of_template.unreached.get(line, -1) >= least, (line, case.text)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folding, "folded", lambda findings, rules: list(findings))


MANY = [range(8), pytest.param(range(8, 80), marks=pytest.mark.slow)]


@pytest.mark.parametrize("seeds", MANY)
def test_of_branches_exactly_what_holds_in_all_fillings(seeds: range) -> None:
    cases = [case for seed in seeds if (case := case_of(seed, 0)) is not None]
    assert sum(bool(case.of_template.findings) for case in cases) > len(cases) / 2
    for case in cases:
        assert_sound(case)
        assert_complete(case)


@pytest.mark.parametrize("seeds", MANY)
def test_of_unknown_values_nothing_that_one_of_them_makes_untrue(seeds: range) -> None:
    cases = [case for seed in seeds if (case := case_of(seed, 0.15)) is not None]
    assert sum(bool(case.of_template.findings) for case in cases) > len(cases) / 4
    for case in cases:
        assert_sound(case)
