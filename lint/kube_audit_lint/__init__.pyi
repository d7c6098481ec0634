# What type checkers see of __init__.py, which imports these names at their first use.
from kube_audit_lint.library import *  # noqa: F403

__version__: str
