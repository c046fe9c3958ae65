"""The jobs: one entrypoint a dataset, thin over the other rooms."""
