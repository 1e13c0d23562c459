"""What several commands need: Git, projects, templates, rendering."""
