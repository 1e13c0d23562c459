"""Promote a version to champion, the version in use; train, evaluate and promote at once."""

COMMANDS = {
    "promote": "Promote a version that passed 'evaluate' to champion, or roll back.",
    "run": "Train, evaluate and promote; skip unchanged steps.",
}
