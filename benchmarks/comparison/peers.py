"""The tools that are compared: how each is installed, run, and understood."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TEN_MINUTES = 600


_STRICT = "v1.30.0-local-strict"


class UnavailableError(Exception):
    """A tool could not be installed."""


class Said(NamedTuple):
    """What a tool said, each finding once and without line numbers; `crashed` is how it ended, if not as it should."""

    texts: frozenset[str]
    crashed: str = ""


class Tool:
    """One tool. `only_auditing`: whether all it finds in the good folders would be about auditing, or about syntax."""

    name = ""
    shown = ""
    accepted: tuple[int, ...] = (0, 1)
    only_auditing = False

    def __init__(self) -> None:
        self.program = ""

    def install(self, folder: Path) -> None:
        """Installs it below the folder, unless it is there."""
        raise NotImplementedError

    def version(self) -> str:
        """The installed version."""
        raise NotImplementedError

    def argv(self) -> list[str]:
        """The command."""
        return [self.program, *self.shown.split()[1:]]

    def texts(self, output: str) -> Iterator[str]:
        """The findings in what it printed on standard output."""
        raise NotImplementedError

    def errors(self, said: str) -> Iterator[str]:
        """The findings in what it printed on standard error."""
        yield from ()

    def run(self, folder: Path) -> Said:
        """What it says of a folder."""
        environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
        process = subprocess.run(
            self.argv(), cwd=folder, capture_output=True, text=True, env=environment, timeout=TEN_MINUTES
        )
        if process.returncode not in self.accepted:
            last = (process.stderr.strip() or process.stdout.strip()).splitlines()[-1:]
            return Said(frozenset(), f"exit {process.returncode}: {''.join(last)}")
        return Said(frozenset((*self.texts(process.stdout), *self.errors(process.stderr))))


class _Pip(Tool):
    package = ""
    command = ""

    def install(self, folder: Path) -> None:
        home = folder / self.package
        if not home.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            self._pip(home, "install", *self.wanted())
        self.home = home
        self.program = str(home / "bin" / (self.command or self.package))

    def wanted(self) -> list[str]:
        """What to ask pip for."""
        return [self.package]

    def version(self) -> str:
        asked = f"from importlib.metadata import version; print(version({self.package!r}))"
        return subprocess.run(
            [str(self.home / "bin" / "python"), "-c", asked], capture_output=True, text=True
        ).stdout.strip()

    def _pip(self, home: Path, *arguments: str) -> str:
        pip = [str(home / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
        process = subprocess.run(pip, capture_output=True, text=True, timeout=TEN_MINUTES)
        if process.returncode:
            raise UnavailableError(f"pip: {process.stderr.strip().splitlines()[-1]}")
        return process.stdout


class Ours(_Pip):
    """This linter, from this checkout."""

    name = "kube-audit-lint"
    shown = "kube-audit-lint check --format json ."
    package = "kube-audit-lint"
    only_auditing = True

    def wanted(self) -> list[str]:
        return [str(ROOT)]

    def install(self, folder: Path) -> None:
        # What was installed the last time is of yesterday; setuptools keeps files of yesterday below build/, too.
        shutil.rmtree(folder / self.package, ignore_errors=True)
        home = folder / self.package
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        self._pip(home, "install", "--editable", str(ROOT))
        super().install(folder)

    def texts(self, output: str) -> Iterator[str]:
        for finding in json.loads(output)["findings"]:
            if finding["severity"] != "info":
                yield f"{finding['rule']}: {finding['message']}"


class Checkov(_Pip):
    """Checks of everything that infrastructure is written in; four are about audit flags."""

    name = "Checkov"
    shown = "checkov --skip-download --quiet --compact --framework kubernetes --output json --directory ."
    package = "checkov"

    def texts(self, output: str) -> Iterator[str]:
        data = json.loads(output)
        for one in data if isinstance(data, list) else [data]:
            for check in one.get("results", {}).get("failed_checks", ()):
                yield f"{check['check_id']}: {check['check_name']}"
            for path in one.get("results", {}).get("parsing_errors", ()):
                yield f"parsing error: {path}"


class Yamllint(_Pip):
    """YAML as such. Judged by its errors; warnings are about style."""

    name = "yamllint"
    shown = "yamllint --format parsable ."
    package = "yamllint"
    only_auditing = True

    def texts(self, output: str) -> Iterator[str]:
        for line in output.splitlines():
            if "[error]" in line:
                yield re.sub(r":\d+:\d+:", ":", line)


class KubernetesValidate(_Pip):
    """Manifests against the schemas of a Kubernetes version, which it brings along."""

    name = "kubernetes-validate"
    shown = "kubernetes-validate --kubernetes-version 1.30 audit-policy.yaml kube-apiserver.yaml"
    package = "kubernetes-validate"

    def texts(self, output: str) -> Iterator[str]:
        for line in output.splitlines():
            # That it has no schema for audit policies is a warning, and no finding.
            if line.startswith(("ERROR", "Couldn't")):
                yield line

    errors = texts


class Kubeconform(Tool):
    """Manifests against schemas, here those of kubernetes-validate, for its own are downloaded at every run."""

    name = "kubeconform"
    module = "github.com/yannh/kubeconform/cmd/kubeconform"
    shown = "kubeconform -strict -ignore-missing-schemas -kubernetes-version 1.30.0 -schema-location DIR -output json ."

    def install(self, folder: Path) -> None:
        program = folder / "go" / "bin" / "kubeconform"
        if not program.exists():
            _go_install(self.module, folder / "go")
        found = sorted((folder / "kubernetes-validate").glob(f"lib/*/site-packages/kubernetes_validate/*/{_STRICT}"))
        if not found:
            raise UnavailableError("kubeconform: there are no schemas without kubernetes-validate")
        self.program, self.schemas = str(program), folder / "schemas"
        self.schemas.mkdir(exist_ok=True)
        # It reads a schema only when that stands alone.
        schema = json.loads((found[0] / "pod-v1.json").read_text("utf-8"))
        schema["$defs"] = json.loads((found[0] / "_definitions.json").read_text("utf-8"))["$defs"]
        text = json.dumps({key: value for key, value in schema.items() if key != "$id"})
        (self.schemas / "pod-v1.json").write_text(re.sub(r"/api/(_definitions\.json)?#/", "#/", text), "utf-8")

    def version(self) -> str:
        return _go_version(self.program)

    def argv(self) -> list[str]:
        place = f"{self.schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
        return [place if word == "DIR" else word for word in super().argv()]

    def texts(self, output: str) -> Iterator[str]:
        for resource in json.loads(output)["resources"]:
            message = re.sub(r"^.*failed with '[^']*' *", "", resource["msg"])  # which schema: a temporary path
            yield f"{resource['status']}: {_without_numbers(message)}"


class KubeScore(Tool):
    """Manifests against recommendations."""

    name = "kube-score"
    module = "github.com/zegl/kube-score/cmd/kube-score"
    shown = "kube-score score --output-format json audit-policy.yaml kube-apiserver.yaml"

    def install(self, folder: Path) -> None:
        program = folder / "go" / "bin" / "kube-score"
        if not program.exists():
            _go_install(self.module, folder / "go")
        self.program = str(program)

    def version(self) -> str:
        return _go_version(self.program)

    def texts(self, output: str) -> Iterator[str]:
        for thing in json.loads(output or "[]"):
            for check in thing["checks"]:
                for comment in check["comments"] or ():
                    yield f"{check['check']['id']}: {comment['summary']}"

    def errors(self, said: str) -> Iterator[str]:
        if said.startswith("Failed"):
            yield said.strip()


class Kics(Tool):
    """Queries about everything that infrastructure is written in; six are about auditing."""

    name = "KICS"
    module = "github.com/Checkmarx/kics/v2"
    shown = "kics scan --path . --queries-path QUERIES --type Kubernetes --report-formats json --output-path OUT"

    def install(self, folder: Path) -> None:
        program = folder / "go" / "bin" / "console"
        if not program.exists():
            _go_install(f"{self.module}/cmd/console", folder / "go")
        found = sorted((folder / "go" / "pkg" / "mod").glob("github.com/*heckmarx/kics/v2@*/assets"))
        if not found:
            raise UnavailableError("KICS: its queries are not in its module")
        self.program, self.assets, self.out = str(program), found[0], folder / "kics-report"

    def version(self) -> str:
        return self.assets.parent.name.partition("@")[2]

    def argv(self) -> list[str]:
        values = {"QUERIES": f"{self.assets}/queries/k8s", "OUT": str(self.out)}
        words = [values.get(word, word) for word in super().argv()]
        return [*words, "--libraries-path", f"{self.assets}/libraries", "--no-progress", "--silent"]

    # 20 to 60 say how severe what it found is.
    accepted = (0, 20, 30, 40, 50, 60)

    def run(self, folder: Path) -> Said:
        shutil.rmtree(self.out, ignore_errors=True)
        return super().run(folder)

    def texts(self, output: str) -> Iterator[str]:
        data: Any = json.loads((self.out / "results.json").read_text("utf-8"))
        for query in data["queries"]:
            for file in query["files"]:
                yield f"{query['query_name']}: {file['actual_value']}"


def _go_install(module: str, home: Path) -> None:
    if shutil.which("go") is None:
        raise UnavailableError(f"{module}: there is no go")
    environment = {**os.environ, "GOPATH": str(home), "GOBIN": str(home / "bin"), "GOFLAGS": "-modcacherw"}
    process = subprocess.run(
        ["go", "install", f"{module}@latest"], capture_output=True, text=True, env=environment, timeout=TEN_MINUTES
    )
    if process.returncode:
        raise UnavailableError(f"{module}: {process.stderr.strip().splitlines()[-1]}")


def _go_version(program: str) -> str:
    output = subprocess.run(["go", "version", "-m", program], capture_output=True, text=True).stdout
    return next(line.split()[2] for line in output.splitlines() if line.split()[:1] == ["mod"])


def _without_numbers(text: str) -> str:
    return re.sub(r"\b(line|column) \d+", r"\1", text)


class _GoProgram(Tool):
    """One that would be compared if it could be installed."""

    def __init__(self, name: str, module: str) -> None:
        super().__init__()
        self.name, self.module = name, module

    def install(self, folder: Path) -> None:
        _go_install(self.module, folder / "go")
        raise UnavailableError(f"{self.name}: can be installed now; tell peers.py how it is run")


TOOLS: tuple[Tool, ...] = (
    Ours(),
    Checkov(),
    Yamllint(),
    KubernetesValidate(),
    Kubeconform(),
    KubeScore(),
    Kics(),
    _GoProgram("kube-linter", "golang.stackrox.io/kube-linter/cmd/kube-linter"),
    _GoProgram("Trivy", "github.com/aquasecurity/trivy/cmd/trivy"),
    _GoProgram("kube-bench", "github.com/aquasecurity/kube-bench"),
    _GoProgram("Kubescape", "github.com/kubescape/kubescape/v3"),
)
"""Every tool, in the order of the columns; kubeconform uses what comes with kubernetes-validate."""
