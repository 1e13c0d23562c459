"""Formats in which a repository says what it requires, a reader for each; nothing is executed."""
