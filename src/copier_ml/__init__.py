"""Create and maintain machine-learning projects from a Copier template."""
