"""Audit logs as kube-apiserver and shippers write them, and what a policy makes of their events."""
