"""Check the locked packages of a project against the rules in its [tool.audit]."""
