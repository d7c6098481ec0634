"""Feeds the linter with broken input until the time is up: no crash, no slow input, no finding outside its file.

    python scripts/fuzz.py [--seconds 60] [--seed 1] [--keep FOLDER]

Seeds are the examples, the rules' own examples, the configuration, rule files, profiles and policy tests. With atheris
installed (`pip install -e '.[fuzz]'`) the mutations are guided by coverage; without it they are drawn from the seed
alone, so that a run with the same seed tries the same inputs in the same order.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import importlib
import io
import json
import os
import pkgutil
import random
import re
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import kube_audit_lint

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 2.0
"""Processor seconds that one input may take."""
LONGEST = 60_000
EVERY = 10
"""Seconds between two lines about the progress."""
CONFIG = b"severity:\n  no-catch-all: warning\nexclude: [vendor/]\nkubernetes: '1.30'\nrequire-reason: true\n"
EVENT = b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","stage":"ResponseComplete","verb":"get"}\n'
POLICY = b"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
TEST = b"""policy: p.yaml
kubernetes-version: "1.30"
tests:
- name: secrets are never above Metadata
  every: {resources: [secrets], who: [ordinary, control-plane, nobody]}
  expect: {at-most: Metadata}
- name: an exec leaves an event when it starts
  request: {user: jane, groups: [devs], verb: get, resource: pods/exec, namespace: payments, name: web-0}
  expect: {at-least: Metadata, stages: [ResponseStarted]}
- name: some requests
  requests:
  - {user: "system:kube-proxy", verb: watch, resource: endpointslices.discovery.k8s.io}
  - {url: /api}
  expect: {level: None, rule: 2}
"""
TOKENS = [
    *(b"{", b"[", b"- ", b"? ", b"'", b'"', b"&a ", b"*a", b"!a ", b"# ", b": ", b"\n", b"\r\n", b"\r", b"\t", b"|\n"),
    *(b"{{", b"}}", b"{%", b"%}", b"${", b"$(", b"`", b"<<EOF\n", b"EOF\n", b"```\n", b"\\", b"\\\r\n", b"<<: *a\n"),
    *(b"\xff", b"\xef\xbb\xbf", b"\0", b"\xe2\x80\xa8", b"\x1b[31m", b"::error::", b"---\n", b"...\n", b"%YAML 1.1\n"),
    *(b"audit.k8s.io/v1", b"kind: Policy\n", b"rules:\n", b"level: Metadata\n", b"--audit-log-path=", b"apiServer:\n"),
    *(b"# kube-audit-lint: ignore[no-catch-all]\n", b"#cloud-config\n", b"[Service]\nExecStart=", b"minikube start "),
]  # fmt: skip
NAMES = ["a.yaml", "audit-policy.yaml", "kube-apiserver.yaml", "a.json", "a.tpl", "a.sh", "a.md", "a.tf", "a.service"]
OWN = {
    ".kube-audit-lint.yaml": ("check", "."),
    "own-rule.yaml": ("check", "."),
    "own-profile.yaml": ("check", "--profile", "own-profile", "."),
    "events.log": ("explain", "p.yaml", "--requests", "events.log"),
    "a.test.yaml": ("test", "a.test.yaml"),
}
"""The linter's own files, and what reads them beside a policy p.yaml."""
PLACES = {"own-rule.yaml": "own", "own-profile.yaml": "own/profiles"}
"""Where a folder of rules has them."""
ALL_NAMES = [*NAMES, *OWN]


class FailedError(Exception):
    """What an input did that none may do."""


def seeds() -> list[tuple[str, bytes]]:
    """Name and bytes of every file to begin with."""
    found = [(path.name, path.read_bytes()) for path in sorted(ROOT.glob("examples/**/*")) if path.is_file()]
    for path in sorted(ROOT.glob("rules/*.yaml")):
        found += _examples(yaml.safe_load(path.read_bytes()))
        found.append(("own-rule.yaml", path.read_bytes()))
    profiles = [path.read_bytes() for path in sorted(ROOT.glob("rules/profiles/*.yaml"))]
    found += [("own-profile.yaml", re.sub(rb"(?m)^id: .*$", b"id: own-profile", data)) for data in profiles]
    few = [(".kube-audit-lint.yaml", CONFIG), ("events.log", EVENT * 3), ("a.test.yaml", TEST)]
    return [*found, *few * (len(found) // 20)]


def _examples(node: Any) -> Iterator[tuple[str, bytes]]:
    """The texts in a rule's examples."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and "\n" in value:
                yield (Path(key).name if "." in str(key) else "a.yaml"), value.encode()
            else:
                yield from _examples(value)
    elif isinstance(node, list):
        for value in node:
            yield from _examples(value)


def mutated(random: random.Random, data: bytes, other: bytes) -> bytes:
    """Bytes with a few changes of their characters, lines or wrapping."""
    for _ in range(random.randint(1, 6)):
        data = random.choice(MUTATIONS)(random, data, other)[:LONGEST]
    return data


def _insert(random: random.Random, data: bytes, other: bytes) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(TOKENS) * random.choice((1, 1, 1, 2, 500, 5000)) + data[at:]


def _byte(random: random.Random, data: bytes, other: bytes) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _cut(random: random.Random, data: bytes, other: bytes) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + data[at + random.randint(1, 40) :]


def _splice(random: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _lines(random: random.Random, data: bytes, other: bytes) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    if random.random() < 0.5:
        lines[to:to] = lines[at : at + random.randint(1, 9)] * random.choice((1, 2, 300))
    else:
        lines[at] = random.choice((b" ", b"  ", b"\t", b"- ")) + lines[at]
    return b"".join(lines)


def _ends(random: random.Random, data: bytes, other: bytes) -> bytes:
    return random.choice((b"\xef\xbb\xbf", b"")) + data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n")))


def _encoded(random: random.Random, data: bytes, other: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode(random.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig")))


def _wrapped(random: random.Random, data: bytes, other: bytes) -> bytes:
    """The bytes as a string in a ConfigMap, a Secret, a cloud-init file, a heredoc or a fence."""
    indented = b"".join(b"    " + line for line in data.splitlines(keepends=True))
    packed = base64.b64encode(gzip.compress(data, mtime=0))
    return random.choice(
        (
            b"apiVersion: v1\nkind: ConfigMap\ndata:\n  policy.yaml: |\n" + indented,
            b"apiVersion: v1\nkind: Secret\ndata:\n  policy.yaml: " + base64.b64encode(data) + b"\n",
            b"#cloud-config\nwrite_files:\n- path: /audit-policy.yaml\n  encoding: gz+b64\n  content: "
            + packed
            + b"\n",
            b"cat <<EOF > audit-policy.yaml\n" + data + b"\nEOF\n",
            b"# Title\n\n```yaml\n" + data + b"\n```\n",
        )
    )


def _json(random: random.Random, data: bytes, other: bytes) -> bytes:
    try:
        return json.dumps(yaml.safe_load(data), default=str).encode()
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return data


MUTATIONS = [_insert, _insert, _byte, _cut, _splice, _lines, _lines, _ends, _encoded, _wrapped, _json]


def check(name: str, data: bytes) -> None:
    """Runs the linter over one input; raises FailedError where it does what it must not."""
    Path(PLACES.get(name, "."), name).parent.mkdir(parents=True, exist_ok=True)
    Path(PLACES.get(name, "."), name).write_bytes(data)
    started = time.process_time()
    if name in OWN:
        Path("p.yaml").write_bytes(POLICY)
        if name in PLACES:
            Path(".kube-audit-lint.yaml").write_bytes(b"rule-directories: [own]\n")
        _run(*OWN[name])
    else:
        _report(_run("check", "--format", "json", "--embedded", "."), name, data)
        json.loads(_run("check", "--format", "sarif", "--embedded", ".") or "{}")
    if (seconds := time.process_time() - started) > 2 * LIMIT:
        raise FailedError(f"two runs took {seconds:.1f} s")


def _run(*arguments: str) -> str:
    """The output of a run, which may end with findings or an error but with nothing else."""
    from kube_audit_lint import cli  # after it is instrumented

    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            code = cli.main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 2
    if code not in (0, 1, 2) or "Traceback" in errors.getvalue() or "internal error" in errors.getvalue():
        raise FailedError(f"exit code {code}: {errors.getvalue()[-2000:]}")
    return output.getvalue()


def _report(output: str, name: str, data: bytes) -> None:
    """Holds a report in JSON against the file that it is about."""
    if not output:
        return
    lines = max(data.count(b"\n") + data.count(b"\r"), 0) + 1
    for finding in json.loads(output)["findings"]:
        if finding["rule"] == "internal-error":
            raise FailedError(finding["message"])
        if finding["path"] == name and not 1 <= finding["start"]["line"] <= lines:
            raise FailedError(f"{finding['rule']} in line {finding['start']['line']} of {lines}")


def _one(name: str, data: bytes, keep: Path) -> bool:
    """Checks one input in a folder of its own; keeps it and reports when it fails."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            check(name, data)
        except Exception as error:
            keep.mkdir(parents=True, exist_ok=True)
            kept = keep / f"{zlib.crc32(data):x}-{name.lstrip('.')}"
            kept.write_bytes(data)
            print(f"{kept}: {type(error).__name__}: {error}", file=sys.stderr)
            if not isinstance(error, FailedError):
                traceback.print_exc()
            return False
        finally:
            os.chdir(before)
    return True


class Progress:
    """How many inputs were tried and failed, and when the time is up."""

    def __init__(self, seconds: int) -> None:
        self.seconds, self.tried, self.failed = seconds, 0, 0
        self._started = self._told = time.monotonic()

    def tries(self, name: str, data: bytes, keep: Path) -> bool:
        """Checks one input, and prints a line now and then; whether there is time for another."""
        self.failed += not _one(name, data, keep)
        self.tried += 1
        now = time.monotonic()
        if now - self._told > EVERY:
            self._told = now
            print(f"{now - self._started:.0f} s: {self.tried:,} inputs, {self.failed} failed", flush=True)
        return now - self._started < self.seconds


def _plain(options: argparse.Namespace) -> int:
    """Mutations drawn from the seed; the number of inputs that failed."""
    drawn, corpus, progress = random.Random(options.seed), seeds(), Progress(options.seconds)
    more = True
    while more:
        name, data = drawn.choice(corpus)
        if drawn.random() < 0.3:
            name = drawn.choice(NAMES)
        more = progress.tries(name, mutated(drawn, data, drawn.choice(corpus)[1]), options.keep)
    _summary(options, progress, len(corpus))
    return progress.failed


def _summary(options: argparse.Namespace, progress: Progress, count: int) -> None:
    tried = f"{progress.tried:,} inputs from {count} seeds in {options.seconds} s"
    print(f"{tried}, {progress.failed} failed (seed {options.seed})", flush=True)


def _guided(options: argparse.Namespace) -> None:
    """Mutations guided by coverage, of the same kinds and atheris' own; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["kube_audit_lint"]):
        for module in pkgutil.walk_packages(kube_audit_lint.__path__, "kube_audit_lint."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    corpus, folder, progress = seeds(), Path(tempfile.mkdtemp()), Progress(options.seconds)
    first = random.Random(options.seed).sample(corpus, min(len(corpus), options.seconds // 2))  # as they are, at first
    for number, (name, data) in enumerate(first):
        index = ALL_NAMES.index(name) if name in ALL_NAMES else 0
        (folder / str(number)).write_bytes(bytes([index]) + data)

    def target(data: bytes) -> None:
        if data and not progress.tries(ALL_NAMES[data[0] % len(ALL_NAMES)], data[1:LONGEST], options.keep):
            _summary(options, progress, len(corpus))
            shutil.rmtree(folder)
            os._exit(1 if progress.failed else 0)  # libFuzzer looks at its own clock only between mutations

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        drawn = random.Random(seed)
        if not data or drawn.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return data[:1] + mutated(drawn, data[1:], drawn.choice(corpus)[1])[: most - 1]

    arguments = [f"-seed={options.seed}", f"-max_len={LONGEST}", "-verbosity=0", str(folder)]
    atheris.Setup([sys.argv[0], *arguments], target, custom_mutator=mutate)
    atheris.Fuzz()


def main() -> int:
    """Fuzzes; 1 when an input failed."""
    parser = argparse.ArgumentParser(description="Feeds the linter with broken input.")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "kube-audit-lint-fuzz")
    parser.add_argument("--plain", action="store_true", help="without atheris, also where it is installed")
    options = parser.parse_args()
    if not options.plain:
        with contextlib.suppress(ImportError):
            _guided(options)
    return 1 if _plain(options) else 0


if __name__ == "__main__":
    sys.exit(main())
