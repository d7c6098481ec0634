"""The catalogue of rules: one YAML file a rule, compiled into kube_audit_lint/catalogue/compiled.py."""
