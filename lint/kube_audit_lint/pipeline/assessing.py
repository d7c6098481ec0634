"""`report`: a run's servers and policies held against the controls of a standard.

What decides a control is in its data (catalogue/standards.py). Settings of the configuration that change rules count
for nothing here, and what is ignored fails a control all the same, with the reason that was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.selection import Applied, Choice, applied
from kube_audit_lint.catalogue.standards import Control, Standard
from kube_audit_lint.checks._subject import PolicySubject, ServerSubject
from kube_audit_lint.model.assessment import STATUSES, Assessed, Assessment, Result, Status, Subject
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.pipeline.applying import Rules, findings_about
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.controls import UNCHECKED, Decided, of_policy, of_server
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import Outcome, run

_NO_SUBJECT = {
    "server": "No file of this run configures an API server: look at the running one.",
    "policy": "No file of this run holds an audit policy: look at the one that the API server loads.",
    "cluster": "No file of this run leaves the audit log off: look at what the provider delivers.",
}


def assess(
    standard: Standard, version: str, options: Options, config: Config, catalogue: Catalogue, date: str
) -> Assessment:
    """Reads the files of a run, and gives every control of a standard's version with its results."""
    controls = standard.controls_in(version)
    needed = {rule for _, control in controls for rule in (*control.rules, *control.remarks)}
    options = options._replace(profile=standard.profile)
    outcome = run(options._replace(select=tuple(sorted(needed))), config, catalogue)
    rules = Rules(catalogue, options, Config(), partial(_only, needed.union(UNCHECKED)))
    of_clusters = {rule for _, one in controls if one.subject == "cluster" for rule in one.rules}
    evidence = _Evidence(outcome, rules, of_clusters)
    report = outcome.report
    return Assessment(
        standard.id,
        standard.title,
        version,
        str(standard.versions[version] or ""),
        date,
        (*options.paths, *(options.stdin or ())[:1]),
        (*(_shown(one, standard, version) for one in evidence.subjects), *map(_cluster, evidence.clusters)),
        tuple(_assessed(id, one, standard.scored_in(one, version), evidence) for id, one in controls),
        tuple(report.errors),
        outcome.notes,
        report.hidden.excluded,
        tuple(sorted(outcome.paths())),
    )


def _only(needed: set[str], catalogue: Catalogue, choice: Choice) -> dict[str, Applied]:
    return {id: one for id, one in applied(catalogue, choice).items() if id in needed}


class _Evidence:
    """The servers and policies of a run, servers first, each with the findings about it; made once for all controls.

    clusters: the findings about what providers deliver, which are all that files tell of those.
    """

    def __init__(self, outcome: Outcome, rules: Rules, of_clusters: set[str]) -> None:
        reported = {one.source.path for one in outcome.files if one.reported}
        servers = [one for one in outcome.subjects.servers if one.server.source.path in reported]
        policies = [one for one in outcome.subjects.policies if not reported.isdisjoint(_paths(one))]
        self.subjects: tuple[ServerSubject | PolicySubject, ...] = (*servers, *policies)
        linked = (one.policy for one in servers if one.policy is not None)
        self._findings = {id(one): findings_about(one, rules) for one in {*self.subjects, *linked}}
        ignored = (one.finding for one in outcome.report.hidden.suppressed)
        self.clusters = [one for one in (*outcome.report.findings, *ignored) if one.rule in of_clusters]
        self._waivers = {
            (one.finding.rule, one.finding.place): one.reason or "no reason is given"
            for one in outcome.report.hidden.suppressed
        }

    def results(self, control: Control) -> Iterator[Result]:
        """What each subject that a control is about shows of it."""
        if control.subject == "cluster":
            for number, finding in enumerate(self.clusters, len(self.subjects)):
                if not finding.message.startswith(control.when):
                    continue  # another provider's
                failed = Decided("failed", finding.place, (), "The provider delivers no audit log of this cluster.")
                yield self._result(number, control, failed, [finding])
            return
        for number, one in enumerate(self.subjects):
            if isinstance(one, ServerSubject):
                about = [*self._findings[id(one)], *(self._findings[id(one.policy)] if one.policy is not None else ())]
                decided = of_server(control, one, about)
            elif control.subject == "policy":
                about = self._findings[id(one)]
                decided = of_policy(control, one, about)
            else:
                continue
            if decided is not None:
                yield self._result(number, control, decided, about)

    def _result(self, number: int, control: Control, decided: Decided, about: list[Finding]) -> Result:
        applies = decided.status != "not-applicable"
        failing = tuple(one for one in about if applies and one.rule in control.rules)
        remarks = tuple(one for one in about if applies and one.rule in control.remarks)
        reasons = (self._waivers.get((one.rule, one.place)) for one in failing)
        waiver = "; ".join(dict.fromkeys(filter(None, reasons)))
        status, place, values, proof, requests = decided
        return Result(number, status, place, values, proof, failing, remarks, requests, waiver)


def _cluster(finding: Finding) -> Subject:
    return Subject("cluster", "", finding.place, "")


def _paths(policy: PolicySubject) -> tuple[str, ...]:
    return policy.document.source.path, *(server.source.path for server in policy.servers)


def _shown(subject: ServerSubject | PolicySubject, standard: Standard, version: str) -> Subject:
    if isinstance(subject, PolicySubject):
        names = ", ".join(subject.document.names)
        return Subject("policy", names, subject.document.place, str(subject.versions))
    server, meant = subject.server, standard.versions[version]
    name = "/".join(filter(None, (server.namespace, server.name)))
    notes = []
    if meant is not None and server.versions is not None and meant.overlap(server.versions) is None:
        notes.append(f"It runs Kubernetes {server.versions}; this version of the standard is for {meant}.")
    return Subject("server", name, server.place, str(subject.versions), tuple(notes))


def _assessed(id: str, control: Control, scored: bool, evidence: _Evidence) -> Assessed:
    results = tuple(evidence.results(control))
    status: Status = max((one.status for one in results), key=STATUSES.index, default="manual")
    look = control.look if results else _NO_SUBJECT[control.subject]
    expected = ", ".join(_expected(control))
    return Assessed(id, control.title, status, scored, expected, control.rules, look, control.hint, results)


def _expected(control: Control) -> Iterator[str]:
    least = f"={control.at_least} or more" if control.at_least is not None else ""
    yield from (" or ".join(f"--{name}{least}" for name in names) for names in control.flags)
    if control.loads:
        yield "a policy that loads"
    if control.rules:
        yield f"no finding of {', '.join(control.rules)}"
