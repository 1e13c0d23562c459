"""Compare and restore the environments that models were trained in."""

COMMANDS = {
    "environment diff": "Compare the environments of two models, runs or files.",
    "environment restore": "Write the lockfile that a model was trained with.",
}
