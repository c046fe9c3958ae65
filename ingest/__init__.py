"""Get data to landing, and from landing to raw."""
