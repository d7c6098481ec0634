"""`python -m kube_audit_lint`."""

from kube_audit_lint.cli import entry

if __name__ == "__main__":
    entry()
