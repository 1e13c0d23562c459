"""Add the template to an existing repository, on a branch."""
