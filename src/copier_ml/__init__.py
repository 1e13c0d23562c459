"""Start machine-learning projects from the Copier template that this package was installed from."""
