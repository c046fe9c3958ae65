"""The jobs. Each dataset has one thin entrypoint that calls the other packages."""
