"""How a mistake is told: in one line."""


def describe(error: BaseException) -> str:
    """Tell in one line what a system call, a program such as Git, or Copier complains about."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    lines = (getattr(error, "stderr", None) or str(error)).splitlines()
    return " ".join(line.strip() for line in lines if not line.startswith("Cloning")).rstrip(".")
