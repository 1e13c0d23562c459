"""Ask the running service of a project for one prediction."""
