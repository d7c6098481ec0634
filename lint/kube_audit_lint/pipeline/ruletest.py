"""The examples of the users' own rules, run as `check` runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kube_audit_lint.catalogue.examples import examples_of, files_of
from kube_audit_lint.catalogue.ownfile import read_own_file
from kube_audit_lint.catalogue.rule import Catalogue, Rule
from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.version import parse_versions
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.fixing import fixed
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.record import NamedTuple


class Failed(NamedTuple):
    """What of an example is not as it claims."""

    path: str
    line: int
    message: str


class Tried(NamedTuple):
    """A rule, how many examples it has, and what is not as they say."""

    rule: str
    examples: int
    failed: list[Failed]


def tried(folder: str) -> Iterator[Tried]:
    """Runs the examples of the rules in a folder. Raises OwnFileError for a rule, a profile or an example."""
    catalogue = catalogue_with((folder,))
    own = [rule for rule in catalogue.rules.values() if rule.folder == folder]
    if not own and not any(profile.folder == folder for profile in catalogue.profiles.values()):
        raise OwnFileError(
            folder, "holds no rules and no profiles: a rule is a file ID.yaml, a profile profiles/ID.yaml"
        )
    for rule in own:
        path = next(
            one for one in (os.path.join(folder, rule.id + end) for end in (".yaml", ".yml")) if os.path.exists(one)
        )
        try:
            examples = examples_of(path)
        except (KeyError, OSError) as error:  # a base that is not there, or a line that it does not have
            raise OwnFileError(path, f"examples: {error.args[-1]}") from error
        lines = [read_own_file(path).line(("examples", number)) for number in range(len(examples))]
        failed = [
            Failed(path, at, text)
            for at, example in zip(lines, examples, strict=True)
            for text in _failures(rule, example, catalogue)
        ]
        yield Tried(rule.id, len(examples), failed)


def _failures(rule: Rule, example: dict[str, Any], catalogue: Catalogue) -> Iterator[str]:
    files = files_of(rule.subject, example)
    main = next(iter(files))
    versions = parse_versions(example["kubernetes"]) if "kubernetes" in example else None
    if example.get("profile", "default") not in catalogue.profiles:
        yield f"there is no profile {example['profile']}"
        return
    options = Options((".", main), versions, example.get("profile", ""), (rule.id,), embedded=True)
    with _folder(files):
        report = run(options, load_config(), catalogue).report
        yield from (f"{one.path}: {one.message}" for one in report.errors)
        yield from _unlike(main, example.get("expect", ()), list(report.findings))
        if "fixed" in example:
            changes = fixed(options, load_config(), catalogue, lambda count: None, example.get("unsafe", False)).changes
            after = next((one.after for one in changes if one.path == main), example["bad"].encode())
            if after.decode("utf-8", "replace") != example["fixed"]:
                yield f"the fix makes something else of {main}"


def _unlike(main: str, expected: list[dict[str, Any]], findings: list[Finding]) -> Iterator[str]:
    """What is expected and not found, and the other way round."""
    left = list(findings)
    for wanted in expected:
        match = next((one for one in left if _fits(one, wanted, main)), None)
        if match is None:
            what = ", ".join(f"{key} {value}" for key, value in wanted.items())
            yield f"expects a finding ({what}), and there is none"
        else:
            left.remove(match)
    for one in left:
        number = one.place.source.position(one.place.start)[0]
        yield f"a finding that is not expected, at {one.place.source.path}:{number}: {one.severity}: {one.message}"


def _fits(finding: Finding, wanted: dict[str, Any], main: str) -> bool:
    place = finding.place
    path = os.path.join(os.path.dirname(main), wanted["file"]) if "file" in wanted else main
    seen = {"line": place.source.position(place.start)[0], "severity": finding.severity, "text": place.text}
    return place.source.path == path and all(wanted[key] == seen[key] for key in seen if key in wanted)


@contextmanager
def _folder(files: dict[str, str]) -> Iterator[None]:
    """A folder with files, which is the working directory meanwhile."""
    from tempfile import TemporaryDirectory

    before = os.getcwd()
    with TemporaryDirectory(prefix="kube-audit-lint-") as folder:
        for name, text in files.items():
            path = os.path.normpath(os.path.join(folder, name))
            if not path.startswith(folder + os.sep):
                raise OwnFileError(name, "a file of an example lies in its folder")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
