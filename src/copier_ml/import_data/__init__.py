"""Import a table: infer types and task, and write a project's schema and settings."""
