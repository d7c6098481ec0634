"""Exact first-match analysis of audit policies."""
