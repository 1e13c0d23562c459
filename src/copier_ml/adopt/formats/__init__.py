"""Readers of formats for requirements; no code is run."""
