"""What `import kube_audit_lint` gives: stable, typed, described in docs/library.md. All else is private.

The package's `__init__.py` imports this at the first use of a name, so that the command line does not pay for it.
"""

from kube_audit_lint.errors import KubeAuditLintError, OwnFileError, PolicyError, UsageError
from kube_audit_lint.library.comparing import Change, Difference, diff
from kube_audit_lint.library.counting import LogCount, RuleCount
from kube_audit_lint.library.fixing import FileChange, Fix, fix
from kube_audit_lint.library.linting import Hidden, Options, Report, lint
from kube_audit_lint.library.policies import Decision, Policy
from kube_audit_lint.library.records import Finding, Place, Problem, Related
from kube_audit_lint.library.requests import Request

__all__ = [
    "Change",
    "Decision",
    "Difference",
    "FileChange",
    "Finding",
    "Fix",
    "Hidden",
    "KubeAuditLintError",
    "LogCount",
    "Options",
    "OwnFileError",
    "Place",
    "Policy",
    "PolicyError",
    "Problem",
    "Related",
    "Report",
    "Request",
    "RuleCount",
    "UsageError",
    "diff",
    "fix",
    "lint",
]
