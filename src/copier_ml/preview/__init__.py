"""Show what an update would change, without changing anything."""
