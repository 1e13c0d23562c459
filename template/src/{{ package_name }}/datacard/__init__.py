"""Data card: the schema and the statistics of the rows, on one page."""

COMMANDS = {"card": "Write a data card: schema, statistics and classes of the labeled rows."}
