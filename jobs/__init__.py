"""The Glue jobs. Each dataset has one short entrypoint that calls the other packages."""
