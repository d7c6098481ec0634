"""What a run needs of memory: bounded by the size of what it reads, in whatever wrapping."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from kube_audit_lint.pipeline.documents import collect

MOST = 100
"""Bytes of memory for a byte of a file, beyond what a run on a small one needs."""

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
RULE = """  # Rule number {0}: what somebody wrote about it.
  - level: Metadata
    users: ["system:serviceaccount:ns-{0}:name"]
    verbs: ["get", "list", "watch"]
    resources:
      - group: ""
        resources: ["secrets", "configmaps", "pods/log"]
    namespaces: ["kube-system-{0}"]
"""
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p\ndata:\n  audit-policy.yaml: "
CLOUD = "#cloud-config\nwrite_files:\n- path: /etc/kubernetes/audit-policy.yaml\n  encoding: {}\n  content: {}\n"


def policy(size: int, rule: str = RULE) -> str:
    count = size // len(rule.format(0))
    return HEAD + "".join(rule.format(number) for number in range(count))


def indented(text: str) -> str:
    return "".join(f"    {line}" for line in text.splitlines(keepends=True))


def packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


def as_json(size: int) -> str:
    rules = [
        {"level": "Metadata", "users": [f"user-{number}"], "verbs": ["get", "list"], "namespaces": [f"ns-{number}"]}
        for number in range(size // 100)
    ]
    return json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules})


SHAPES: dict[str, tuple[str, Callable[[int], str]]] = {
    "a policy": ("p.yaml", policy),
    "a policy of short rules": ("p.yaml", lambda size: policy(size, "- level: Metadata\n")),
    "a policy of 1.2 MB": ("p.yaml", lambda size: policy(2 * size, RULE.replace("somebody", "somebody " * 30))),
    "one rule for many users": (
        "p.yaml",
        lambda size: policy(size // 2, "  - user-{0}\n").replace("rules:\n", "rules:\n- level: None\n  users:\n"),
    ),
    "wrong levels": ("p.yaml", lambda size: policy(size, "- level: metadatum{0}\n")),
    "unknown fields": ("p.yaml", lambda size: policy(size, "- level: Metadata\n  key{0}: x\n")),
    "JSON": ("p.json", lambda size: as_json(size // 2)),
    "a ConfigMap": ("map.yaml", lambda size: f"{MAP}|\n{indented(policy(size))}"),
    "a ConfigMap in quotes": ("map.yaml", lambda size: f"{MAP}{json.dumps(policy(size))}\n"),
    "base64": ("cloud.yaml", lambda size: CLOUD.format("b64", packed(policy(size).encode()))),
    "gzip": ("cloud.yaml", lambda size: CLOUD.format("gz+b64", packed(gzip.compress(policy(8 * size).encode())))),
    "a template": ("templates/p.yaml", lambda size: policy(size, "- level: {{{{ .Values.level{0} }}}}\n")),
    "ignore comments": (
        "p.yaml",
        lambda size: policy(size, "- level: metadatum{0} # kube-audit-lint: ignore[invalid-level] an example\n"),
    ),
    "one ignore comment": (
        "p.yaml",
        lambda size: policy(size) + "# kube-audit-lint: ignore-file[blind-spot] an example\n",
    ),
    "unknown ids": (
        "p.yaml",
        lambda size: f"{policy(100)}# kube-audit-lint: ignore[{' '.join(f'x{n}' for n in range(size // 7))}] no\n",
    ),
}


def peak(folder: Path, name: str, text: str) -> int:
    """The most memory, in bytes, that a run on the one file had."""
    folder.mkdir()
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    command = [sys.executable, "-m", "kube_audit_lint", "check", "--output", "report.txt", name]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert b"Traceback" not in said
    assert process.returncode in (0, 1), said
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="measured as POSIX does")
@pytest.mark.parametrize("shape", SHAPES)
def test_memory_for_each_byte(shape: str, tmp_path: Path) -> None:
    name, make = SHAPES[shape]
    text = make(500_000)
    small = peak(tmp_path / "small", name, make(1_000))
    assert peak(tmp_path / "large", name, text) - small < MOST * len(text)


@pytest.mark.parametrize(
    "shape", ["a policy", "a policy of short rules", "JSON", "a ConfigMap", "a ConfigMap in quotes"]
)
def test_what_is_kept_of_a_text(shape: str) -> None:
    """The nodes of a policy, whatever is made of them: half of what a run may need."""
    name, make = SHAPES[shape]
    collect(name, make(1_000).encode())  # imports
    data = make(50_000).encode()
    tracemalloc.start()
    try:
        one = collect(name, data)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert one is not None
    assert one.found.policies
    assert kept < 50 * len(data)
    assert most < 75 * len(data)
