"""Record what RequestInfo makes of the witnesses: `python tests/conformance/record_witnesses.py`. Needs Go."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from go_oracle import VERSIONS, start
from vector_files import write_lines
from witness_samples import every

from kube_audit_lint.analysis.http import http_of_request

ANY_POLICY = json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]})


def main() -> int:
    """Write `vectors/witnesses.jsonl.gz`: the HTTP requests of all witnesses, and what every version sees of them."""
    with tempfile.TemporaryDirectory() as folder:
        sent = sorted({http_of_request(request) for request in every(Path(folder))})
    asked = [{"method": method, "url": url, "user": "jane", "groups": []} for method, url in sent]
    seen: list[list[dict[str, Any]]] = []
    for version in VERSIONS:
        with start(version) as oracle:
            decisions = oracle.decide(ANY_POLICY, asked)["decisions"]
            seen.append([{key: one[key] for key in ("attributes", "refused") if key in one} for one in decisions])
    if any(other != seen[0] for other in seen):
        raise ValueError("the versions differ: the format has to say so")
    lines = [{"method": method, "url": url, **one} for (method, url), one in zip(sent, seen[0], strict=True)]
    write_lines("witnesses", lines)
    print(f"{len(lines)} requests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
