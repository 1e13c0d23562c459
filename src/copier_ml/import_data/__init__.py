"""Import a table: find types and task, and write the schema and the settings of a project."""
