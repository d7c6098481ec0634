"""A language server: what a run finds, shown and answered in an editor while a file is written.

Each feature is a module of functions from a checked buffer (`checked.py`) to an answer with places; `app.py` alone
knows the protocol.
"""
