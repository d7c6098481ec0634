"""How advice names a flag in the words of a form."""

from __future__ import annotations

import pytest

from kube_audit_lint.forms import kubeone
from kube_audit_lint.forms.common.extra_args import spelling


@pytest.mark.parametrize("written", [spelling(None, "v1beta3"), spelling(None, "v1beta4"), kubeone._spelling])
def test_a_flag_without_a_value_is_its_name(written: object) -> None:
    assert callable(written)
    assert written("audit-webhook-mode", "") == "audit-webhook-mode"
