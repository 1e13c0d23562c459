"""Code that runs in the environment of a project, with its pandas."""
