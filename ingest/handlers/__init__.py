"""Handlers for AWS Lambda. Each handler is one file that needs only boto3, so its zip holds only that file."""
