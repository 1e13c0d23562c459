"""Code that several commands share: Git, projects, templates, rendering."""
