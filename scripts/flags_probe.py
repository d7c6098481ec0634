"""A program that answers for the audit flags of every Kubernetes minor, built from kube-apiserver's source.

The modules k8s.io/apiserver (RELEASES in model/version.py: one for each minor) hold
pkg/server/options/audit.go, which declares, defaults and validates the flags. Old API servers no
longer compile whole, so the declarations that matter (KEPT) are cut out of that file and of the plug-ins it
draws its constants from, unchanged, and compiled side by side, a package a minor. Feature gates and klog are
replaced by stubs: AdvancedAuditing is on, DynamicAuditing is off, warnings are dropped.

Used by generate_flags.py and record_flag_vectors.py; needs `go` on the PATH.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kube_audit_lint.model.version import RELEASES

APIMACHINERY = "v0.36.6"
PFLAG = "v1.0.10"

MODULE = "k8s.io/apiserver/"
OPTIONS = "pkg/server/options"
# Package of k8s.io/apiserver: (file, the first lines of the declarations to keep).
KEPT = {
    OPTIONS: (
        "audit.go",
        r"const \(|var (AllowedModes|knownGroupVersions) |type Audit\w+ struct"
        r"|func (New\w*Options|validate\w+|known\w+|default\w+Config|advancedAuditingEnabled)\("
        r"|func \(o \*Audit\w+\) (Validate|AddFlags|enabled)\(",
    ),
    "plugin/pkg/audit/log": ("backend.go", r"const \(|var AllowedFormats "),
    "plugin/pkg/audit/webhook": ("webhook.go", r"const "),
    "plugin/pkg/audit/truncate": ("truncate.go", r"const \(|type Config struct"),
    "plugin/pkg/audit/buffered": ("buffered.go", r"const |type BatchConfig struct|func NewDefault"),
    "plugin/pkg/audit/dynamic": ("defaults.go", r"const \(|func NewDefault"),
    "pkg/apis/audit/v1": ("register.go", r"const GroupName|var SchemeGroupVersion"),
    "pkg/apis/audit/v1beta1": ("register.go", r"const GroupName|var SchemeGroupVersion"),
    "pkg/apis/audit/v1alpha1": ("register.go", r"const GroupName|var SchemeGroupVersion"),
}
IMPORT = re.compile(r'^\t(?:(\w+) )?"([\w./-]+)"$', re.MULTILINE)
STUBS = {
    "klog": "package klog\n\nfunc Warningf(string, ...any) {}\n",
    "features": 'package features\n\nconst (\n\tAdvancedAuditing = "AdvancedAuditing"\n'
    '\tDynamicAuditing = "DynamicAuditing"\n)\n',
    "feature": "package feature\n\ntype gate struct{}\n\nvar DefaultFeatureGate gate\n\n"
    'func (gate) Enabled(name string) bool { return name == "AdvancedAuditing" }\n',
}
STUBBED = {
    "k8s.io/klog": "probe/klog",
    "k8s.io/klog/v2": "probe/klog",
    "k8s.io/apiserver/pkg/features": "probe/features",
    "k8s.io/apiserver/pkg/util/feature": "probe/feature",
}
# Put into the package of each minor; VERSIONS is knownGroupVersions from 1.11 on.
BRIDGE = """
func Probe() (*AuditOptions, map[string]any) {
	return NewAuditOptions(), map[string]any{
		"mode": AllowedModes, "format": pluginlog.AllowedFormats, "version": VERSIONS,
	}
}
"""
MAIN = """package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
IMPORTS)

type options interface {
	AddFlags(*pflag.FlagSet)
	Validate() []error
}

type question struct {
	Minor int
	Args  []string
}

func ask(minor int) (options, map[string]any) {
	switch minor {
CASES	}
	panic("unknown minor")
}

func describe(fs *pflag.FlagSet) []map[string]string {
	var all []map[string]string
	fs.VisitAll(func(f *pflag.Flag) {
		all = append(all, map[string]string{
			"name": f.Name, "type": f.Value.Type(), "default": f.DefValue, "deprecated": f.Deprecated,
		})
	})
	return all
}

func answer(q question) map[string]any {
	opts, allowed := ask(q.Minor)
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	opts.AddFlags(fs)
	if q.Args == nil {
		return map[string]any{"flags": describe(fs), "allowed": allowed}
	}
	if err := fs.Parse(q.Args); err != nil {
		return map[string]any{"parse": err.Error(), "errors": []string{}}
	}
	errors := []string{}
	for _, err := range opts.Validate() {
		errors = append(errors, err.Error())
	}
	return map[string]any{"parse": nil, "errors": errors}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			panic(err)
		}
		if err := out.Encode(answer(q)); err != nil {
			panic(err)
		}
	}
}
"""


class Probe:
    """The built program, in a temporary directory that goes when the probe goes. pflag: the module's
    version."""

    def __init__(self, pflag: str = PFLAG) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="flags-probe-")
        self.directory = directory = Path(self._temporary.name)
        for name, source in STUBS.items():
            _write(directory / name / "stub.go", source)
        for minor, (version, _) in RELEASES.items():
            _cut_minor(directory, minor, _module(version))
        _write(directory / "main.go", _main_source())
        _write(directory / "go.mod", _go_mod(pflag))
        _go(directory, "mod", "tidy")
        _go(directory, "build", "-o", "probe", ".")

    def ask(self, questions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Answers to {"minor": N} (flags and allowed values) and {"minor": N, "args": [...]} (errors)."""
        text = "".join(json.dumps(question) + "\n" for question in questions)
        done = subprocess.run([self.directory / "probe"], input=text, text=True, check=True, stdout=-1)
        return [json.loads(line) for line in done.stdout.splitlines()]


def declarations(source: str) -> Iterator[str]:
    """The top-level const, var, type and func declarations of a gofmt'ed file, without their comments."""
    lines = iter(source.splitlines())
    for line in lines:
        if not re.match(r"(const|var|type|func)\b", line):
            continue
        taken = [line]
        closing = {"}"} if line.startswith("func") else {"}", ")"}
        while taken[-1] not in closing and (len(taken) > 1 or line.endswith(("{", "("))):
            taken.append(next(lines))
        yield "\n".join(taken)


def _cut_minor(directory: Path, minor: int, module: Path) -> None:
    """Write the packages of one minor: the options and every plug-in that they import."""
    wanted, done = [OPTIONS], set[str]()
    while wanted:
        package = wanted.pop()
        if package in done:
            continue
        done.add(package)
        file, kept = KEPT[package]
        original = (module / package / file).read_text(encoding="utf-8")
        body = "\n\n".join(text for text in declarations(original) if re.match(kept, text)) + "\n"
        if package == OPTIONS:
            versions = "knownGroupVersions" if "knownGroupVersions" in body else "[]string{}"
            body += BRIDGE.replace("VERSIONS", versions)
        imports = _imports(original, body)
        wanted += [path.removeprefix(MODULE) for path, _ in imports if path.removeprefix(MODULE) in KEPT]
        _write(directory / f"m{minor}" / package / file, _package(package, imports, body, minor))


def _imports(original: str, body: str) -> list[tuple[str, str]]:
    """(path, name) of each import of the original file that the cut-out body still uses."""
    header = original.split("\nimport (", 1)[-1].split("\n)", 1)[0] if "\nimport (" in original else ""
    found = []
    for alias, path in IMPORT.findall(header):
        name = alias or path.removesuffix("/v2").rsplit("/", 1)[-1]
        other = path.startswith(MODULE) and path not in STUBBED and path.removeprefix(MODULE) not in KEPT
        if re.search(rf"\b{name}\.\w", body) and not other:
            found.append((path, name))
    return found


def _package(package: str, imports: list[tuple[str, str]], body: str, minor: int) -> str:
    lines = []
    for path, name in imports:
        moved = STUBBED.get(path, path.replace(MODULE, f"probe/m{minor}/"))
        lines.append(f'\t{name} "{moved}"\n')
    return f"package {package.rsplit('/', 1)[-1]}\n\nimport (\n{''.join(lines)})\n\n{body}"


def _main_source() -> str:
    imports = "".join(f'\tm{minor} "probe/m{minor}/{OPTIONS}"\n' for minor in RELEASES)
    cases = "".join(f"\tcase {minor}:\n\t\treturn m{minor}.Probe()\n" for minor in RELEASES)
    return MAIN.replace("IMPORTS", imports).replace("CASES", cases)


def _go_mod(pflag: str) -> str:
    required = f"\tgithub.com/spf13/pflag {pflag}\n\tk8s.io/apimachinery {APIMACHINERY}\n"
    return f"module probe\n\ngo 1.26\n\nrequire (\n{required})\n"


def _module(version: str) -> Path:
    """Where the Go module cache has k8s.io/apiserver of that version; downloaded when it has not."""
    with tempfile.TemporaryDirectory() as elsewhere:
        answer = _go(Path(elsewhere), "mod", "download", "-json", f"k8s.io/apiserver@{version}")
    return Path(json.loads(answer)["Dir"])


def _go(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["go", *arguments], cwd=directory, text=True, check=True, stdout=-1)
    return done.stdout


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
