"""The environment of Glue 6.0's Spark has no packages for the documentation."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("mkdocs") and find_spec("typer") else ["test_generated_pages.py"]
