"""Kubeconfigs: what the configuration of an audit webhook is. kubernetes/kubeconfig.py knows what is wrong in one.

Source: k8s.io/client-go tools/clientcmd/loader.go (LoadFromFile takes a file without apiVersion and kind, too).
"""

from __future__ import annotations

import re

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.kubeconfig import Kubeconfig
from kube_audit_lint.syntax.nodes import Document

MARKS = ("current-context", "kind: Config")
LOOK = (("current-context", r"\"?:"), ("kind: config", r"\s"))

_NAME = re.compile(r"(?i)audit|webhook|\bwh\b")
_SECTIONS = ("clusters", "contexts", "current-context", "users")


def read(document: Document, context: Context) -> Found | None:
    """A kubeconfig, whatever it is for: what loads it is known when servers are linked."""
    root = document.mapping
    if root is None:
        return None
    known = root.string("kind") in ("Config", None) and root.string("apiVersion") in ("v1", None)
    if sum(name in root.entries for name in _SECTIONS) < (2 if known else 3):
        return None
    name = context.path.rpartition("/")[2]
    return Found(kubeconfigs=(Kubeconfig(root, first_place(root), _NAME.search(name) is not None),))
