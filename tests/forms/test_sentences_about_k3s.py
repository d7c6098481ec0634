"""Sentences of benchmarks and guides that quote an argument of K3s, and are no command."""

from __future__ import annotations

from kube_audit_lint.pipeline.documents import collect

BENCHMARK = """checks:
- remediation: |
    K3s server needs to be run with the following argument, --kube-apiserver-arg='audit-log-path=/path/to/log/file'
"""


def test_a_sentence_shows_no_whole_server() -> None:
    one = collect("master.yaml", BENCHMARK.encode(), embedded=True)
    assert one is None or all(server.partial for server in one.found.servers)
