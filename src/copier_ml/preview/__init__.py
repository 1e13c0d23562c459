"""Say what an update would bring to a project, without touching it."""
