"""The commands of `citylake`. Each module has the commands of one help panel. Spark is imported when a command runs."""
