"""Smoke-test the running service of a project with one prediction."""
