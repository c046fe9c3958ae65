"""Handlers for AWS Lambda. Each handler is one file that needs only boto3. To deploy a handler, zip its file."""
