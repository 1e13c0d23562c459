"""Write an evaluation as an HTML page, whenever ``evaluate`` runs."""

COMMANDS: dict[str, str] = {}
