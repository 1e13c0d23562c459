"""Build a container image of the project in this folder and print its tags."""
