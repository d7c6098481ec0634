"""Ask kube-apiserver's own code: the Go programs in `go/`, built once into a cache outside the project."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parent / "go"
VERSIONS = {path.name[1:].replace("_", "."): path.name for path in sorted(SOURCES.glob("v*"))}
"""Kubernetes versions and the folders of their programs."""

BUILD_SECONDS = 1800

Answer = dict[str, Any]


class OracleUnavailableError(Exception):
    """There is no Go here, or its modules cannot be had: a test skips then, it does not fail."""


class Oracle:
    """A running oracle."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, question: dict[str, Any]) -> Answer:
        """The answer to one question. One at a time: two full pipes would wait for each other for ever."""
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None
        assert answers is not None
        to.write(json.dumps(question) + "\n")
        to.flush()
        line = answers.readline()
        if not line:
            raise RuntimeError(f"the oracle ended when it was asked {str(question)[:500]}")
        answer: Answer = json.loads(line)
        return answer

    def load(self, text: bytes) -> Answer:
        """What the loader makes of a file's bytes, whatever they are."""
        return self.ask({"op": "load", "policy_base64": b64encode(text).decode("ascii")})

    def decide(self, policy: str, requests: list[dict[str, Any]]) -> Answer:
        """What the evaluator decides on requests, by the policy in a file's text."""
        return self.ask({"op": "decide", "policy": policy, "requests": requests})


@contextmanager
def start(version: str) -> Iterator[Oracle]:
    """A running oracle of a Kubernetes version, built when it has to be; or OracleUnavailableError."""
    process = subprocess.Popen(
        [str(build(version))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    with process:
        yield Oracle(process)


def build(version: str) -> Path:
    """The program of a version. What `go build` wrote is kept until the sources change."""
    go = shutil.which("go")
    if go is None:
        raise OracleUnavailableError("Go is not installed")
    folder = SOURCES / VERSIONS[version]
    program = _cache() / f"{VERSIONS[version]}-{_digest(folder)}"
    if not program.exists():
        _compile(go, folder, program)
    return program


def _compile(go: str, folder: Path, program: Path) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(f".{os.getpid()}")  # two test runs may build at once
    command = [go, "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", str(unfinished), "."]
    try:
        built = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OracleUnavailableError(f"go build: {error}") from error
    if built.returncode:
        _tell(built.stderr)
    unfinished.replace(program)


def _tell(message: str) -> None:
    """Modules out of reach excuse a test, code that does not compile must not."""
    if "dial tcp" in message or "module lookup disabled" in message or "toolchain not available" in message:
        raise OracleUnavailableError(message[-500:])
    raise RuntimeError(f"go build: {message}")


def _cache() -> Path:
    chosen = os.environ.get("KUBE_AUDIT_LINT_ORACLES")
    return Path(chosen) if chosen else Path(tempfile.gettempdir()) / "kube-audit-lint-oracles"


def _digest(folder: Path) -> str:
    state = hashlib.sha256()
    for path in sorted([*(SOURCES / "oracle").iterdir(), *folder.iterdir()]):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]
