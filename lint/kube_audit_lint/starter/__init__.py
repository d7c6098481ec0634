"""What `kube-audit-lint init` writes: a policy, and for each form the settings that load it.

The rules of the policy, what detections need of it and the text of each form's files are data (`data/`).
"""
