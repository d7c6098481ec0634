"""`kube-audit-lint server` where its extra is not installed; tests/server/test_protocol.py talks to it where it is."""

from __future__ import annotations

import subprocess
import sys


def test_without_the_extra_the_command_tells_what_is_missing() -> None:
    code = "import sys; sys.modules['pygls'] = None; from kube_audit_lint.cli import main; sys.exit(main(['server']))"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ran.returncode == 2
    assert "pip install 'kube-audit-lint[lsp]'" in ran.stderr
    assert "Traceback" not in ran.stderr
