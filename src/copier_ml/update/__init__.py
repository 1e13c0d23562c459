"""Bring a later version of the template into a project."""
