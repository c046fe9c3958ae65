"""Handlers for AWS Lambda. Each handler is one file that needs only boto3, so deploy it as a zip of this file."""
