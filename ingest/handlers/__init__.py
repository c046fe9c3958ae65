"""Handlers of AWS Lambda. Each is one file that needs boto3 and nothing else, so that its zip is the file alone."""
