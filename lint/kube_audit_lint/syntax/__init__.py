"""Bytes to documents with positions."""
