"""Handlers for AWS Lambda. Each handler is one file that needs only boto3. Zip and deploy this file alone."""
