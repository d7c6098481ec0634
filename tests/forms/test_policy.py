"""Which documents are audit policies, and which only look like some."""

from __future__ import annotations

import pytest
from form_samples import found_in

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.policy import read
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.syntax.reader import read_file

RULES = "rules:\n- level: Metadata\n"
HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
WHOLE = HEAD + RULES
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\ndata: {}\n"


def policies(text: str, path: str = "some.yaml", hint: str = "") -> list[PolicyDocument]:
    """The policies in a file."""
    source, documents = read_file(path, text.encode())
    context = Context(source, tuple(documents), hint)
    found = (read(document, context) for document in documents)
    return [policy for one in found if one is not None for policy in one.policies]


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        "# why\n---\n" + WHOLE,
        "apiVersion: audit.k8s.io/v1\n" + RULES,
        "apiVersion: audit.k8s.io/v1\nkind: AuditPolicy\n" + RULES,
        "apiVersion: audit.k8s.io/v1\nkind: policy\n" + RULES,
        "apiVersion: audit.k8s.io/v1\nkind: PolicyList\nitems: []\n",
        "apiVersion: audit.k8s.io\nkind: Policy\n" + RULES,
        "apiVersion: audit.k8s.io/v1beta\nkind: Policy\nrules: []\n",
        "apiVersion: audit.k8s/v1\nkind: Policy\n" + RULES,
        "apiVersion: k8s.io/v1\nkind: Policy\n" + RULES,
        "apiVersion: v1\nkind: Policy\n" + RULES,
        "kind: Policy\n" + RULES,
        RULES,
        "rules:\n- level: None\n  users: [alice]\n",
        "apiversion: audit.k8s.io/v1\nKind: Policy\n" + RULES,
        '{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}',
        HEAD + "rules:\n- level: Metadata\n\tusers: [a]\n",
        '{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"},]}',
    ],
)
def test_content_says_policy(text: str) -> None:
    (policy,) = policies(text)
    assert policy.whole_file
    assert policy.form == "policy"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        CONFIG_MAP,
        "apiVersion: audit.k8s.io/v1\nkind: Event\nlevel: Metadata\n",
        "apiVersion: audit.k8s.io/v1\nkind: EventList\nitems: []\n",
        "apiVersion: auditregistration.k8s.io/v1alpha1\nkind: AuditSink\nspec: {policy: {level: Metadata}}\n",
        "apiVersion: kyverno.io/v1\nkind: Policy\nspec: {rules: [{name: a}]}\n",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {validationFailureAction: Audit}\n",
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nspec: {}\n",
        "rules:\n- level: none\n- level: warn\n",
        "rules:\n- name: a\n  level: error\n",
        "auditConfigs:\n- service: storage.googleapis.com\n",
        "level: Metadata\n",
        "cat <<EOF > audit-policy.yaml\n" + WHOLE + "EOF\n\tx\n",
        "- a\n- b\n",
    ],
)
def test_content_says_something_else(text: str) -> None:
    assert policies(text) == []


@pytest.mark.parametrize(
    "path", ["audit-policy.yaml", "etc/audit_policy.yml", "kube-audit-policy-prod.yaml", "auditpolicy.json"]
)
@pytest.mark.parametrize(
    "text", ["", "\n", "# to do\n", "---\n", "- level: Metadata\n", "rules:\n- level: Metadata\n\tusers: [a]\n"]
)
def test_the_name_counts_where_the_content_says_nothing(path: str, text: str) -> None:
    assert len(policies(text, path)) == 1


@pytest.mark.parametrize(
    "text",
    [
        CONFIG_MAP,
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n\tspec: {}\n",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {}\n",
        "auditConfigs: []\n",
        "rules:\n- rule: shells\n  priority: warning\n",
        "- name: write the policy\n  copy: {src: a\n",
        "../policies/prod.yaml\n",
        "prod.yaml\n",
    ],
)
def test_the_name_counts_nowhere_else(text: str) -> None:
    assert policies(text, "audit-policy.yaml") == []


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("apiVersion:", "apiVersion"),
        "<<<<<<< HEAD\n" + WHOLE,
        HEAD + "<<<<<<< HEAD\nomitStages: []\n=======\n>>>>>>> main\n" + RULES,
        "```yaml\n" + WHOLE + "```\n",
        "The policy of our clusters.\n" + WHOLE,
        "The policy of our clusters.\n",
        HEAD + "# not kind: Event\nrules:\n- level: Metadata\n\tusers: [a]\n",
        "how to write an audit policy: see\n\tbelow\n",
        HEAD.replace("Policy", "Event") + RULES,
        "kind: Policy\n",
        "todo\n",
        "rules:\n- level: Metdata\n",
        HEAD.replace(": ", ":\u00a0") + "rules:\n- level:\u00a0Metadata\n",
    ],
)
@pytest.mark.parametrize("path", ["audit-policy.yaml", "roles/a/templates/audit-policy.yaml.j2", "audit_policy.yml"])
def test_the_name_makes_a_policy_whatever_stands_in_it(text: str, path: str) -> None:
    (policy,) = policies(text, path)
    assert policy.whole_file


def test_an_event_in_a_comment_makes_no_event() -> None:
    assert policies(HEAD + "# kind: Event\nrules:\n- level: Metadata\n\tusers: [a]\n")


def test_what_is_known_to_be_loaded_is_a_policy_whatever_it_says() -> None:
    (policy,) = policies(CONFIG_MAP + "---\n" + CONFIG_MAP, hint="policy")
    assert policy.whole_file
    assert policy.place.text == "kind: ConfigMap"


def test_what_follows_a_policy_is_its_later_documents() -> None:
    (policy,) = policies(WHOLE + "---\n" + WHOLE + "---\n" + CONFIG_MAP)
    assert len(policy.later) == 2


def test_an_empty_first_document_hides_the_policy() -> None:
    first, second = policies("---\n# nothing\n---\n" + WHOLE)
    assert first.whole_file
    assert first.place.text == "---"
    assert not second.whole_file


def test_a_stray_line_hides_the_policy() -> None:
    first, second = policies("vi audit-policy.yaml\n---\n" + WHOLE)
    assert first.place.text == "vi audit-policy.yaml"
    assert second.place.text == "kind: Policy"


def test_a_policy_in_a_collection_stands_for_itself() -> None:
    (policy,) = policies(CONFIG_MAP + "---\n" + WHOLE, "audit-policy.yaml")
    assert not policy.whole_file
    assert policy.later == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (WHOLE, "kind: Policy"),
        ("apiVersion: audit.k8s.io/v1\n" + RULES, "apiVersion: audit.k8s.io/v1"),
        (RULES, "rules"),
    ],
)
def test_the_place_that_stands_for_the_whole(text: str, place: str) -> None:
    assert policies(text)[0].place.text == place


@pytest.mark.parametrize(
    "text", ["- ", "- " * 10, "[]", "- \n- \n", "&a ", "&a &a ", "&a\n&a\n", "---\n", "---\n---\n", ""]
)
def test_a_file_with_a_policys_name_that_says_nothing_is_one_that_does_not_load(text: str) -> None:
    """kube-apiserver reads the first document: nothing, or a list, of neither of which it makes a policy."""
    (policy,) = policies(text, "audit-policy.yaml")
    assert not policy.document.mapping


@pytest.mark.parametrize("text", ["- name: copy it\n  copy: {src: a}\n", "- a\n", "---\n---\na: 1\n"])
def test_a_file_with_a_policys_name_that_says_something_else_is_none(text: str) -> None:
    assert policies(text, "audit-policy.yaml") == []


@pytest.mark.parametrize("name", ["kcp.yaml", "audit-policy.yaml"])
@pytest.mark.parametrize(
    "head",
    [
        "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\n",
        "kind: ConfigMap\napiVersion: v1\n",
        '"apiVersion": "v1"\n"kind": "Secret"\n',
    ],
)
def test_a_broken_object_with_a_policy_in_it_is_none(head: str, name: str) -> None:
    inside = "spec:\n  files:\n  - path: /etc/p.yaml\n    content: |\n      apiVersion: audit.k8s.io/v1\n"
    broken = head + inside + "      kind: Policy\n      rules: []\n   args: {audit-policy-file: /etc/p.yaml}\n"
    found = found_in(broken, name)
    assert not found.policies
    assert [note.message.partition(":")[0] for note in found.notes] == ["audit settings in a file that cannot be read"]
    (policy,) = found_in(broken.replace(head, "kind: Policy\napiVersion: audit.k8s.io/v1\n"), name).policies
    assert policy.document.problem is not None
