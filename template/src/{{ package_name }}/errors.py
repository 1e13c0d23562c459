"""The one error that ends a command with a line instead of a traceback."""


class UserError(Exception):
    """A user's mistake: what is wrong, where, and how to fix it, in one line."""
