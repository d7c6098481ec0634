"""Large bundles: only documents that may be ours are parsed, and they are found where they are."""

from __future__ import annotations

import pytest

from kube_audit_lint.pipeline import large
from kube_audit_lint.pipeline.documents import LARGE, collect

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata:\n  text: |\n" + "    words and words\n" * 40


def _bundle(*documents: str) -> bytes:
    return "---\n".join(documents).encode()


def test_a_policy_deep_in_a_bundle_has_its_own_place() -> None:
    data = _bundle(*[OTHER] * 600, POLICY, *[OTHER] * 3)
    assert len(data) > LARGE
    one = collect("bundle.yaml", data)
    assert one is not None
    (policy,) = one.found.policies
    place = policy.at("rules", 0, "level")
    assert place.text == "Metadata"
    assert place.source.text[: place.start].endswith("- level: ")
    assert place.start == data.index(b"Metadata")


def test_the_first_document_is_the_policy_whatever_follows() -> None:
    one = collect("audit-policy.yaml", _bundle(POLICY, *[OTHER] * 600, "{{ broken: [\n"))
    assert one is not None
    (policy,) = one.found.policies
    assert policy.document.problem is None


def test_what_cannot_be_ours_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(large, "read_documents", lambda source, piece, offsets: parsed.append(piece) or [])
    assert collect("bundle.yaml", _bundle(*[OTHER] * 600, POLICY, *[OTHER] * 3)) is None
    assert [piece.removeprefix("---\n") for piece in parsed] == [POLICY]


@pytest.mark.parametrize("start", ["", "---\n", "# A bundle.\n---\n", "\n\n---\n"])
def test_where_a_bundle_begins(start: str) -> None:
    one = collect("bundle.yaml", start.encode() + _bundle(*[OTHER] * 600, POLICY, OTHER))
    assert one is not None
    (policy,) = one.found.policies
    assert policy.at("rules", 0, "level").text == "Metadata"


def test_nothing_behind_a_broken_document_is_read() -> None:
    """As the YAML reader of Kubernetes, which ends at the first error."""
    broken = POLICY.replace("level: Metadata", "level: [Metadata")
    one = collect("bundle.yaml", _bundle(POLICY, *[OTHER] * 600, broken, POLICY))
    assert one is not None
    assert [document.problem is None for document in one.documents if document.problem or document.start == 0] == [
        True,
        False,
    ]
    assert len(one.documents) == 602
