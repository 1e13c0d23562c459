"""Choose the champion, the version in use; train, evaluate and promote in one command."""

COMMANDS = {
    "promote": "Make a version that passed 'evaluate' the champion, or return to the one before.",
    "run": "Train, evaluate and promote; skip unchanged steps.",
}
