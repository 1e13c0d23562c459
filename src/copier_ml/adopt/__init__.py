"""Bring an existing repository under the template, on a branch."""
