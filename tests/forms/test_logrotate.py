"""logrotate's configuration of audit logs: what happens to a log that kube-apiserver keeps open."""

from __future__ import annotations

import pytest
from form_samples import found_in

PATH = "/var/log/kubernetes/audit/audit.log"


def told(text: str, path: str = "logrotate.d/audit") -> list[tuple[str, str]]:
    """The paths that are reported, and what of them."""
    kinds = {"empties": "emptied", "renames": "renamed"}
    found = found_in(text, path).misshapes
    return [(one.place.text, kinds[one.message.split()[1]] + " lost" * ("compressed" in one.message)) for one in found]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("rotate 7\n  copytruncate\n", "emptied"),
        ("rotate 7\n  create 0600 root root\n", "renamed"),
        ("rotate 7\n  compress\n", "renamed lost"),
        ("rotate 7\n  compress\n  delaycompress\n", "renamed"),
        ("rotate 7\n  copy\n", ""),
        ("rotate 7\n  postrotate\n    systemctl reload rsyslog\n  endscript\n", "renamed"),
        ("rotate 7\n  postrotate\n    systemctl restart kube-apiserver\n  endscript\n", ""),
        ("rotate 7\n  postrotate\n    }\n  endscript\n  copytruncate\n", "emptied"),
    ],
)
def test_what_happens(body: str, expected: str) -> None:
    wanted = [(PATH, expected)] if expected else []
    assert told(f"{PATH} {{\n  {body}}}\n") == wanted
    assert told(f"# rotate\nweekly\n\n/var/log/b.log\n{PATH}\n{{\n  {body}}}\n") == wanted
    assert told(f"/var/log/a.log {{\n  rotate 1\n}}\n{PATH} {{\n  {body}}}\n") == wanted


@pytest.mark.parametrize(
    ("path", "is_log"),
    [
        ("/var/log/kube-apiserver-audit.log", True),
        ("/var/lib/rancher/rke2/server/logs/audit.log", True),
        ('"/var/log/apiserver/audit.log"', True),
        ("/var/log/kubernetes/audit/*.log", True),
        ("/var/log/kube-apiserver/audit*.log", True),
        ("/var/log/kubernetes/audit/audit-*.log", False),
        ("/var/log/audit/audit.log", False),
        ("/var/log/kubernetes/*.log", False),
        ("/var/log/kube-audit-exporter.log", False),
        ("/var/log/kubelet.log", False),
    ],
)
def test_which_paths(path: str, is_log: bool) -> None:
    assert told(f"{path} {{\n  rotate 1\n}}\n") == [(path, "renamed")] * is_log


def test_in_templates_and_other_files() -> None:
    path = "{{ kube_apiserver_audit_log_path }}"
    assert told(f"{path} {{\n  rotate {{{{ count }}}}\n  copytruncate\n}}\n", "logrotate.j2") == [(path, "emptied")]
    folder = "{{ kube_log_dir }}/audit.log"
    assert told(f"{folder} {{\n  rotate 5\n}}\n", "logrotate.j2") == [(folder, "renamed")]
    task = f"- copy:\n    dest: /etc/logrotate.d/audit\n    content: |\n      {PATH} {{\n        rotate 5\n      }}\n"
    assert told(task, "tasks/main.yml") == [(PATH, "renamed")]


def test_defaults_in_front_of_the_blocks() -> None:
    assert told(f"copytruncate\nrotate 4\n{PATH} {{\n  daily\n}}\n") == [(PATH, "emptied")]
