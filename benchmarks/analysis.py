"""What the exact analysis of policies costs: in a run, with many rules, beside an SMT solver, and at its worst.

`groups` gives the measurements to run.py. Policies and the solver's encoding are those of tests/analysis.
"""

from __future__ import annotations

import gc
import importlib.util
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from measure import Case, Group, call, command

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "tests" / "analysis"
THIRTY = HERE / "thirty-rules.yaml"
ASKING = ("first-match", "recorded")
"""The categories of rules that ask the analysis."""

FOUND = (0, 1)
MINOR = 30


def groups(lint: str, folder: Path) -> Iterator[Group]:
    """lint: the installed command. folder: where policies can be written."""
    # Each in a folder of its own: a run also looks around a policy for the API server that loads it.
    thirty = _alone(folder, "thirty", THIRTY.read_text("utf-8"))
    yield _added(lint, "A policy of 30 rules: what the analysis adds to a run", thirty, 21)
    dense = _written(folder, "dense", _dense(1000))
    yield _reach(lint, "1,000 rules that overlap: which ever decide anything, and what is recorded", dense)
    yield _added(lint, "The same, and everything else that a run says of it, with proofs", dense, 5)
    tenants = _written(folder, "tenants", _tenants(300))
    yield _reach(lint, "300 tenants with rules of their own (a failure where anything is undecided)", tenants)
    hard = _written(folder, "hard", _entangled())
    yield _added(lint, "A policy of 300 rules, made so that no analysis can be exact in time", hard, 3)
    if importlib.util.find_spec("z3") is None:
        print("without the solver: install the extra `test`", file=sys.stderr)
        return
    yield _solver()


def _added(lint: str, title: str, policy: Path, repeats: int) -> Group:
    argv = [lint, "check", "--kubernetes-version", f"1.{MINOR}", str(policy)]
    without = [*argv, "--ignore", ",".join(ASKING)]
    return Group(
        title,
        [Case("without the rules that use it", command(without, FOUND)), Case("with them", command(argv, FOUND))],
        repeats,
        warm_ups=1,
    )


def _reach(lint: str, title: str, policy: Path) -> Group:
    argv = [str(Path(lint).with_name("python")), str(HERE / "reach.py"), str(policy)]
    return Group(
        title,
        [Case("the policy only read", command([*argv, "--only-read"])), Case("analysed", command(argv))],
        repeats=7,
        warm_ups=1,
    )


def _written(folder: Path, name: str, rules: Sequence[dict[str, Any]]) -> Path:
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": list(rules)}
    return _alone(folder, name, yaml.safe_dump(policy, sort_keys=False))


def _alone(folder: Path, name: str, text: str) -> Path:
    path = folder / name / "policy.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return path


def _dense(count: int) -> list[dict[str, Any]]:
    """Rules over the same few hundred resources and users, and none of them a catch-all but the last."""
    from kube_audit_lint.kubernetes import resources

    chosen = random.Random(11)
    served = [
        (group, name)
        for group in resources.groups()
        for name in resources.names(group)
        if resources.served(group, name, MINOR)
    ]
    verbs = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
    rules: list[dict[str, Any]] = []
    for _ in range(count - 1):
        rule: dict[str, Any] = {"level": chosen.choice(("None", "Metadata", "Request"))}
        if chosen.random() < 0.5:
            rule["users"] = [f"user-{number}" for number in chosen.sample(range(40), 4)]
        if chosen.random() < 0.3:
            rule["userGroups"] = [f"group-{number}" for number in chosen.sample(range(8), 2)]
        rule["verbs"] = chosen.sample(verbs, 4)
        if chosen.random() < 0.2:
            rule["namespaces"] = [f"namespace-{number}" for number in chosen.sample(range(20), 3)]
        taken = chosen.sample(served, 5)
        rule["resources"] = [{"group": group, "resources": [name]} for group, name in taken]
        rules.append(rule)
    return [*rules, {"level": "Metadata"}]


def _tenants(count: int) -> list[dict[str, Any]]:
    """Rules that have no user, namespace or group in common."""
    rules: list[dict[str, Any]] = [
        {
            "level": "Metadata",
            "users": [f"user-{number}"],
            "namespaces": [f"tenant-{number}"],
            "resources": [{"group": f"g{number}.example.com"}],
        }
        for number in range(count)
    ]
    secrets = [{"group": "", "resources": ["secrets"]}]
    return [*rules, {"level": "None", "users": ["jane"], "resources": secrets}, {"level": "Metadata"}]


def _entangled() -> list[dict[str, Any]]:
    """As a policy file has it, what tests/analysis/test_limits.py makes: every rule cuts every other in five ways."""
    chosen = random.Random(5)

    def some(what: str, size: int, most: int) -> list[str]:
        return [f"{what}{number}" for number in chosen.sample(range(size), most)]

    verbs = ("get", "list", "watch", "create", "update", "patch", "delete")
    kinds = ("pods", "secrets", "configmaps", "services", "nodes", "endpoints", "events")
    return [
        {
            "level": "None",
            "users": some("user", 60, 20),
            "userGroups": some("group", 60, 6),
            "verbs": chosen.sample(verbs, 4),
            "resources": [{"resources": chosen.sample(kinds, 4), "resourceNames": some("name", 30, 10)}],
            "namespaces": some("space", 30, 10),
        }
        for _ in range(300)
    ]


def _solver() -> Group:
    ours, theirs = _questions()
    return Group(
        "Which rules of 40 small policies are ever reached, and is anything unmatched (12 built-in resources)",
        [Case("this analysis", call(ours)), Case("z3, an SMT solver, with the same queries", call(theirs))],
        repeats=3,
        warm_ups=1,
    )


def _questions() -> tuple[Callable[[], object], Callable[[], object]]:
    """The same questions, for the analysis and for the solver; the first call compares the answers."""
    sys.path.insert(0, str(TESTS))
    import test_z3 as solver  # type: ignore[import-not-found,unused-ignore]
    from policies import random_policy  # type: ignore[import-not-found,unused-ignore]

    from kube_audit_lint.analysis import space
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.cli import COLLECTOR
    from kube_audit_lint.model.version import Versions

    gc.set_threshold(*COLLECTOR)  # as in a run of the command, for both
    versions = Versions(MINOR, MINOR)
    rows = [
        (resource, space.Profile(frozenset(verbs), spaced, resource[2] != "", resource[1] == "namespaces"), 1 << MINOR)
        for resource, (verbs, spaced) in solver.CATALOGUE.items()
    ]
    space._built_in_of = lambda versions, only: rows  # type: ignore[assignment,unused-ignore]
    policies = [random_policy(random.Random(seed), 6) for seed in range(40)]
    served = solver.Served()

    def ours() -> list[bool]:
        answers = []
        for policy in policies:
            analysis = Analysis(policy, versions)
            answers += [bool(analysis.reach(index)) for index in range(len(policy.rules))]
            answers.append(analysis.unmatched() is not None)
        return answers

    def theirs() -> list[bool]:
        return [answer for policy in policies for answer in _of_solver(solver.z3, served, policy)]

    if ours() != theirs():
        sys.exit("the analysis and the solver do not agree")
    return ours, theirs


def _of_solver(z3: Any, served: Any, policy: Any) -> Iterator[bool]:
    """Whether each rule of a policy is ever reached, and whether anything is left for no rule."""
    solver = z3.Solver()
    solver.add(served.formula)
    for rule in map(served.rule, policy.rules):
        solver.push()
        solver.add(rule)
        yield solver.check() == z3.sat
        solver.pop()
        solver.add(z3.Not(rule))
    yield solver.check() == z3.sat
