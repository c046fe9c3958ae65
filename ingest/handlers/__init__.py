"""Handlers for AWS Lambda. `make lambdas` builds a zip for each handler, with the modules that the handler imports."""
