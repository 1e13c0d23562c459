"""Check a project against its template and its machine, and change nothing."""
