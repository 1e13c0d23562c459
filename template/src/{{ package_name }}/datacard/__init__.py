"""Data card: schema and statistics of the rows, on one page."""

COMMANDS = {"card": "Write a data card: schema, statistics and classes of the labeled rows."}
