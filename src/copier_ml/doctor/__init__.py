"""Diagnose a project, its template and this machine, without changing anything."""
