"""Handlers for AWS Lambda. Each handler is one file that needs only boto3. Deploy a zip of this file."""
