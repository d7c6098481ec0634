"""Lints Kubernetes audit policies and kube-apiserver audit settings."""

__version__ = "0.1.0"
