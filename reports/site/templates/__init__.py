"""The templates, style sheet and script of the site."""
