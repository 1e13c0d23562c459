"""Audit the locked dependencies of a project by the rules in its [tool.audit]."""
