"""The Glue jobs. `jobs.dataset` is the entrypoint of every dataset."""
