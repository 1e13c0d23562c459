"""Show, compare and restore the environments that models were trained in."""

COMMANDS = {
    "environment": "Print the packages, Python and system that a training here would record.",
    "environment diff": "Compare the environments of two models, runs or files.",
    "environment restore": "Write the lockfile that a model was trained with.",
}
