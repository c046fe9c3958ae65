"""Make a small sample of a dataset from real files, without their sensitive values and with typical errors."""
