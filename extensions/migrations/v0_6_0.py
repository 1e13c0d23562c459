"""0.6.0: what stands around the service has the names of its field."""

from steps import MoveSetting, Rename

STEPS = [
    Rename("src/{package_name}/gate.py", "src/{package_name}/middleware.py"),
    MoveSetting("n_at_once", "max_concurrency"),
]
