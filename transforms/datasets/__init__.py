"""One module a dataset: it composes the general transforms into that dataset's tables and answers."""
